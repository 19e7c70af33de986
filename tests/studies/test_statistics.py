"""Comparisons agree with the classical tests where there are any, and with their own symmetries."""

from itertools import product
from math import comb
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from medgan.common.errors import BadInput
from medgan.studies.crossed import analyse
from medgan.studies.paired import PairedMeans, PairedMetric
from medgan.studies.statistics import auroc, bca, compare, holm, mcnemar, sign_flip

Floats = NDArray[np.float64]


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(7)


def right(generator: np.random.Generator, chance: float, seeds: int = 4, items: int = 80) -> Floats:
    return (generator.random((seeds, items)) < chance).astype(np.float64)


def test_differences_are_of_the_arm_to_the_real_one(generator: np.random.Generator) -> None:
    arm, real = right(generator, 0.9), right(generator, 0.7)
    found, turned = compare(arm, real), compare(real, arm)
    assert found.arm == pytest.approx(arm.mean())
    assert found.real == pytest.approx(real.mean())
    assert found.difference == pytest.approx((arm - real).mean())
    assert found.low < found.difference < found.high
    assert turned.difference == pytest.approx(-found.difference)
    assert turned.p_value == pytest.approx(found.p_value, abs=0.01)
    assert (found.seeds, found.items, found.patients) == (4, 80, 80)
    assert compare(arm, real) == found


def test_bca_of_one_seed_is_scipys(generator: np.random.Generator) -> None:
    skewed = generator.lognormal(size=(1, 60))
    ours = bca(PairedMeans(skewed, np.zeros_like(skewed), np.arange(60)), 20_000, seed=1)
    scipys = stats.bootstrap((skewed[0],), np.mean, n_resamples=20_000, method="BCa", rng=2).confidence_interval
    width = scipys.high - scipys.low
    assert ours == pytest.approx((scipys.low, scipys.high), abs=0.03 * width)
    assert ours[1] - skewed.mean() > 1.3 * (skewed.mean() - ours[0])  # the longer side is that of the tail


def test_bca_of_many_seeds_is_efrons_formula(generator: np.random.Generator) -> None:
    values = generator.lognormal(size=(4, 40)) + 0.3 * generator.standard_normal((4, 1))
    ours = bca(PairedMeans(values, np.zeros_like(values), np.arange(40)), 20_000, seed=1)
    seeds, patients = generator.integers(4, size=(20_000, 4, 1)), generator.integers(40, size=(20_000, 1, 40))
    resamples = values[seeds, patients].mean(axis=(1, 2))
    pulls = [
        (values.mean() - np.array([np.delete(values, place, axis).mean() for place in range(count)])) * (count - 1)
        for axis, count in enumerate(values.shape)
    ]
    cubes = sum((pull - pull.mean()) ** 3 @ np.ones(len(pull)) / len(pull) ** 3 for pull in pulls)
    squares = sum((pull - pull.mean()) ** 2 @ np.ones(len(pull)) / len(pull) ** 2 for pull in pulls)
    acceleration, bias = cubes / squares**1.5 / 6, stats.norm.ppf((resamples < values.mean()).mean())
    quantiles = [
        stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z))) for z in stats.norm.ppf([0.025, 0.975])
    ]
    assert ours == pytest.approx(np.quantile(resamples, quantiles), abs=0.03 * (ours[1] - ours[0]))


def test_the_interval_is_as_wide_as_the_design_says_and_longer_on_the_side_of_the_tail(
    generator: np.random.Generator,
) -> None:
    values = generator.lognormal(size=(3, 40)) + np.array([[-0.5], [0.2], [0.4]])
    paired = PairedMeans(values, np.zeros_like(values), np.arange(40))
    low, high = bca(paired, 1999, seed=0)
    found = compare(values, np.zeros_like(values))
    design, _ = analyse(values)
    factor = 2 * design.half_width() / (high - low)
    assert factor > 1  # three seeds resampled promise too much
    assert found.difference - found.low == pytest.approx(factor * (found.difference - low))
    assert found.difference - found.low > 1.1 * design.half_width()  # the tail is that of the seed that is far off
    assert found.high - found.difference == pytest.approx(design.half_width())


def test_three_right_answers_more_are_not_told_from_chance() -> None:
    """BCa's interval of them leaves out 0, though the next three may be lost as well as won."""
    real = np.concatenate([np.zeros(6), np.ones(73)])
    arm = np.concatenate([np.ones(3), np.zeros(3), np.ones(73)])
    assert bca(PairedMeans(arm[None], real[None], np.arange(79)), 1999, seed=0)[0] > 0
    found = compare(arm, real)
    assert found.low < 0 < found.difference < found.high
    assert found.p_value == 0.25


def test_seeds_that_differ_alike_by_accident_are_no_certainty() -> None:
    """Each of three seeds gets one answer more right, each another one: the mean is the same for all."""
    real, arm = np.zeros((3, 100)), np.zeros((3, 100))
    arm[[0, 1, 2], [10, 20, 30]] = 1
    found = compare(arm, real)
    assert found.standard_error > 0
    assert found.low < 0 < found.high
    assert found.p_crossed > 0.05


def test_one_patient_that_differs_is_no_error() -> None:
    real = np.ones((2, 9))
    arm = real.copy()
    arm[:, 4] = 0
    found = compare(arm, real)
    assert found.p_sign_flip == 1.0
    assert found.low < 0 < found.high


def test_many_arms_leave_small_p_values_possible(generator: np.random.Generator) -> None:
    arm, real = right(generator, 0.95), right(generator, 0.3)
    assert 60 * compare(arm, real, arms=60, resamples=99).p_sign_flip < 0.05


def test_what_holds_for_these_models_need_not_hold_for_the_method(generator: np.random.Generator) -> None:
    real = right(generator, 0.8, seeds=3, items=400)
    arm = np.stack([right(generator, chance, 1, 400)[0] for chance in (0.7, 0.85, 0.98)])
    found = compare(arm, real)
    assert found.p_sign_flip < 0.05 < found.p_crossed
    assert found.p_value == found.p_crossed
    alone = compare(arm[2], real[2])
    assert alone.seeds == 1
    assert alone.p_value == alone.p_sign_flip < 0.05
    assert alone.needs.seeds is None
    assert alone.components.seed is None


def test_films_of_one_patient_count_once(generator: np.random.Generator) -> None:
    arm, real = 0.2 * generator.random((2, 4, 50)) + generator.random((2, 1, 50)) + np.array([0.1, 0.0])[:, None, None]
    once = compare(arm, real)
    patients = [f"p{number:02}" for number in range(50)]
    thrice = compare(np.repeat(arm, 3, axis=1), np.repeat(real, 3, axis=1), np.repeat(patients, 3))
    as_if_apart = compare(np.repeat(arm, 3, axis=1), np.repeat(real, 3, axis=1))
    assert (thrice.items, thrice.patients) == (150, 50)
    for name in ("difference", "standard_error", "p_crossed", "p_sign_flip", "low", "high"):
        assert getattr(thrice, name) == pytest.approx(getattr(once, name))
    assert as_if_apart.standard_error < 0.8 * once.standard_error


def test_a_mean_of_patients_with_several_films_has_the_error_of_a_ratio(generator: np.random.Generator) -> None:
    def simulated() -> PairedMeans:
        patient = np.repeat(np.arange(60), generator.integers(1, 6, 60))
        values = (generator.standard_normal(60)[patient] + generator.standard_normal(len(patient)))[None]
        return PairedMeans(values, np.zeros_like(values), patient)

    found = [simulated() for _ in range(2000)]
    spread = np.std([paired.by_seed[0] for paired in found])
    errors = [analyse(paired.pseudovalues())[0].standard_error for paired in found]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, rel=0.06)


def test_auroc_counts_pairs(generator: np.random.Generator) -> None:
    labels = np.array([0, 1, 1, 0, 1, 0, 0])
    predictions = generator.integers(0, 4, (3, 7)).astype(np.float64)
    for row, found in zip(predictions, auroc(predictions, labels), strict=True):
        pairs = [(x > y) + 0.5 * (x == y) for x, y in product(row[labels == 1], row[labels == 0])]
        assert found == pytest.approx(np.mean(pairs))
    assert np.isnan(auroc(predictions, np.ones(7))).all()


def test_the_error_of_an_auroc_difference_is_delongs(generator: np.random.Generator) -> None:
    labels = np.arange(150) % 3 == 0
    shared = generator.standard_normal(150) + labels
    arm, real = (shared + sd * generator.standard_normal(150) for sd in (0.4, 0.9))
    found = compare(arm, real, metric=auroc, labels=labels, resamples=99)
    placed = [np.greater.outer(scores[labels], scores[~labels]) for scores in (arm, real)]
    by_positive, by_negative = (placed[0].mean(axis) - placed[1].mean(axis) for axis in (1, 0))
    delong = np.sqrt(by_positive.var(ddof=1) / labels.sum() + by_negative.var(ddof=1) / (~labels).sum())
    assert found.standard_error == pytest.approx(delong, rel=0.02)
    assert found.difference == pytest.approx(placed[0].mean() - placed[1].mean())
    assert found.low < found.difference < found.high


def test_a_mean_given_as_a_metric_is_the_mean(generator: np.random.Generator) -> None:
    labels, patient = generator.integers(0, 2, 60), np.repeat(np.arange(20), 3)
    predictions = generator.integers(0, 2, (2, 3, 60))

    def accuracy(predictions: Floats, labels: NDArray[Any]) -> Any:
        return (predictions == labels).mean(axis=-1)

    by_metric = compare(*predictions, patient, accuracy, labels, resamples=999)
    by_mean = compare(*(predictions == labels), patient, resamples=999)
    for name in ("difference", "standard_error", "p_crossed", "detectable"):
        assert getattr(by_metric, name) == pytest.approx(getattr(by_mean, name))
    assert by_metric.p_sign_flip == pytest.approx(by_mean.p_sign_flip, abs=0.08)
    width = by_mean.high - by_mean.low
    assert (by_metric.low, by_metric.high) == pytest.approx((by_mean.low, by_mean.high), abs=0.08 * width)


def test_patients_are_resampled_within_their_class() -> None:
    labels, patient = np.array([0, 0, 0, 1, 0, 1]), np.array([0, 0, 1, 2, 3, 3])
    arms = np.arange(12.0).reshape(2, 1, 6)
    groups = PairedMetric(*arms, patient, auroc, labels).strata()
    assert [group.tolist() for group in groups] == [[0, 1], [2, 3]]


def test_sign_flips_are_exact_on_few_patients() -> None:
    values = np.array([0.3, -0.1, 0.4, 0.2, 0.6, 0.0])
    flipped = [abs(np.dot(signs, values)) for signs in product((-1, 1), repeat=6)]
    assert sign_flip(values) == pytest.approx(np.mean(np.array(flipped) >= values.sum() - 1e-12))
    assert sign_flip(np.zeros(5)) == 1.0


def test_mcnemar_is_the_binomial_test_of_the_items_that_differ() -> None:
    arm, real = np.repeat([1, 0, 1, 0], [9, 2, 40, 5]), np.repeat([0, 1, 1, 0], [9, 2, 40, 5])
    found = mcnemar(arm, real)
    assert (found.only_arm, found.only_real) == (9, 2)
    assert found.p_value == pytest.approx(2 * sum(comb(11, count) for count in range(3)) / 2**11)
    assert compare(np.stack([arm, real]), np.stack([real, real])).mcnemar == (found, mcnemar(real, real))
    assert mcnemar(real, real).p_value == 1.0
    assert compare(arm, real, np.arange(56) // 2).mcnemar == ()
    assert compare(arm / 2, real).mcnemar == ()


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])


def test_arms_that_answer_alike_differ_by_nothing(generator: np.random.Generator) -> None:
    real = right(generator, 0.8)
    found = compare(real, real)
    assert (found.difference, found.low, found.high, found.p_value, found.standard_error) == (0, 0, 0, 1, 0)


def test_more_arms_need_a_larger_difference(generator: np.random.Generator) -> None:
    arm, real = right(generator, 0.85), right(generator, 0.8)
    assert compare(arm, real, arms=5).detectable > compare(arm, real).detectable


ONES = np.ones((2, 6))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ONES, np.ones((3, 6))), "same seeds and items"),
        ((np.ones((2, 2, 2)), np.ones((2, 2, 2))), "same seeds and items"),
        ((ONES * np.nan, ONES), "NaN"),
        ((ONES, ONES, np.arange(5)), "clusters has shape"),
        ((ONES, ONES, None, auroc, np.arange(5)), "labels has shape"),
        ((ONES, ONES, None, auroc), "metric and labels together"),
        ((ONES, ONES, np.zeros(6)), "fewer than two patients"),
        ((np.ones((2, 0)), np.ones((2, 0))), "fewer than two patients"),
        ((ONES, ONES, None, auroc, np.ones(6)), "every class"),
        ((ONES, ONES, None, auroc, np.arange(6) == 0), "two or more of a class"),
        ((ONES, ONES, None, lambda predictions, labels: 1.0, np.arange(6)), "one number a row"),
    ],
)
def test_bad_input_is_named(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        compare(*arguments)
