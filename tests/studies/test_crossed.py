"""The crossed analysis gives the tests known for its special cases, and keeps its level between them."""

from math import inf

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from medgan.studies.crossed import Components, Design, Needs, analyse, needs


def differences(
    generator: np.random.Generator, shape: tuple[int, int], patient: float, seed: float, rest: float
) -> NDArray[np.float64]:
    """Normal differences (seeds, patients) with these standard deviations, of mean 0."""
    seeds, patients = shape
    drawn: NDArray[np.float64] = (
        patient * generator.standard_normal((1, patients))
        + seed * generator.standard_normal((seeds, 1))
        + rest * generator.standard_normal(shape)
    )
    return drawn


def test_one_seed_is_students_test_over_patients() -> None:
    values = differences(np.random.default_rng(1), (1, 40), 1.0, 0.0, 0.0) + 0.3
    design, components = analyse(values)
    expected = stats.ttest_1samp(values[0], 0)
    assert design.p_value(values.mean()) == pytest.approx(expected.pvalue, rel=1e-6)
    interval = expected.confidence_interval(0.95)
    assert 2 * design.half_width() == pytest.approx(interval.high - interval.low)
    assert components.seed is None


def test_differences_that_patients_share_are_students_test_over_seeds() -> None:
    by_seed = np.array([0.1, 0.3, 0.2, 0.35])
    design, _ = analyse(np.repeat(by_seed[:, None], 30, axis=1))
    assert design.p_value(by_seed.mean()) == pytest.approx(stats.ttest_1samp(by_seed, 0).pvalue, rel=1e-6)


def test_components_are_found() -> None:
    generator = np.random.default_rng(2)
    found = [analyse(differences(generator, (6, 300), 1.0, 0.2, 0.5))[1] for _ in range(200)]
    assert np.mean([each.patient for each in found]) == pytest.approx(1.0, rel=0.05)
    assert np.mean([each.seed or 0.0 for each in found]) == pytest.approx(0.04, rel=0.15)
    assert np.mean([each.rest for each in found]) == pytest.approx(0.25, rel=0.02)


def test_standard_error_is_the_spread_of_the_mean() -> None:
    generator = np.random.default_rng(3)
    drawn = [differences(generator, (5, 60), 0.5, 0.1, 1.0) for _ in range(2000)]
    spread = np.std([values.mean() for values in drawn])
    assert np.sqrt(np.mean([analyse(values)[0].standard_error ** 2 for values in drawn])) == pytest.approx(
        spread, rel=0.06
    )


@pytest.mark.parametrize("alpha", [1e-6, 0.003, 0.05, 0.6])
def test_p_value_is_the_alpha_whose_interval_ends_at_zero(alpha: float) -> None:
    design = Design(3, 80, 0.0004, 0.0009)
    assert design.p_value(-design.half_width(alpha)) == pytest.approx(alpha, rel=1e-6)


def test_p_value_ends() -> None:
    assert Design(3, 80, 0.0004, 0.0009).p_value(0.0) == 1.0
    assert Design(3, 80, 0.0, 0.0).p_value(0.2) < 1e-9


@pytest.mark.parametrize("seed", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_the_level_is_kept_however_chance_is_shared(seeds: int, seed: float) -> None:
    generator = np.random.default_rng(4)
    studies = [differences(generator, (seeds, 50), 1.0, seed, 1.0) for _ in range(800)]
    wrong = sum(abs(values.mean()) > analyse(values)[0].half_width() for values in studies)
    assert wrong <= stats.binom.isf(1e-4, len(studies), 0.05)


def test_a_detectable_difference_is_detected_with_the_stated_power() -> None:
    generator = np.random.default_rng(5)
    components = Components(patient=1.0, seed=0.02, rest=1.0)
    difference = components.design(5, 100).detectable()
    told = [
        abs(values.mean()) > analyse(values)[0].half_width()
        for values in (differences(generator, (5, 100), 1.0, 0.02**0.5, 1.0) + difference for _ in range(1000))
    ]
    assert 0.75 < np.mean(told) < 0.92


def test_equal_seeds_leave_what_is_particular_to_a_seed_on_a_patient() -> None:
    values = np.zeros((3, 100))
    values[[0, 1, 2], [10, 20, 30]] = 1
    design, components = analyse(values)
    assert design.seed_part == design.patient_part == 0
    assert design.half_width() == pytest.approx(stats.t.isf(0.025, 2 * 99) * np.sqrt(components.rest / 300))
    assert design.standard_error == pytest.approx(np.sqrt(components.rest / 300))


def test_needs_are_the_least_that_is_enough() -> None:
    components = Components(patient=0.02, seed=0.0004, rest=0.2)
    found = needs(0.045, components, components.design(5, 200))
    assert found.patients is not None
    assert found.seeds is not None
    for seeds, patients in ((5, 200 + found.patients), (5 + found.seeds, 200)):
        assert components.design(seeds, patients).detectable() <= 0.045
    for seeds, patients in ((5, 199 + found.patients), (4 + found.seeds, 200)):
        assert components.design(seeds, patients).detectable() > 0.045
    assert found.times is None


def test_needs_know_what_is_out_of_reach() -> None:
    components = Components(patient=0.1, seed=0.0004, rest=0.2)
    design = components.design(5, 200)
    both = needs(0.02, components, design)
    assert both.patients is None  # seeds alone leave more uncertainty
    assert both.seeds is None  # and so do patients
    assert both.times is not None
    assert components.design(5 * both.times, 200 * both.times).detectable() <= 0.02
    assert components.design(5 * (both.times - 1), 200 * (both.times - 1)).detectable() > 0.02
    assert needs(1e-9, components, design) == Needs(None, None, None)
    assert needs(0.0, components, design) == Needs(None, None, None)
    one_seed = Components(patient=0.1, seed=None, rest=0.0)
    assert needs(0.02, one_seed, one_seed.design(1, 200)).seeds is None
    assert 0 < (needs(0.02, one_seed, one_seed.design(1, 200)).patients or inf) < inf
