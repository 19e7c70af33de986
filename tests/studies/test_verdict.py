"""Verdicts say what the study can tell; on simulated studies they are wrong as seldom as promised."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.verdicts import DIFFERENCE, NULL_ARMS, Setting, study
from medgan.common.errors import BadInput
from medgan.studies.crossed import Components, Needs
from medgan.studies.statistics import Comparison
from medgan.studies.verdict import p_words, verdict, verdicts

TOLD = Comparison(
    arm=0.85,
    real=0.81,
    difference=0.04,
    low=0.015,
    high=0.062,
    standard_error=0.01,
    p_value=0.002,
    p_crossed=0.002,
    p_sign_flip=0.001,
    mcnemar=(),
    detectable=0.034,
    needs=Needs(None, None, None),
    components=Components(0.1, 0.001, 0.1),
    seeds=5,
    items=300,
    patients=200,
)
UNTOLD = replace(TOLD, difference=-0.006, low=-0.031, high=0.02, needs=Needs(1004, 1, None))


def test_an_arm_helps_or_hurts() -> None:
    found = verdict("FastGAN 100 %", TOLD, 0.004, score="accuracy")
    assert found.label == "helps"
    assert found.sentence == (
        "FastGAN 100 % helps: accuracy is 0.040 higher than with real images alone "
        "(95 % interval 0.015 to 0.062, corrected p = 0.004)."
    )
    assert verdict("arm", TOLD, 0.0004, higher_is_better=False).label == "hurts"
    assert verdict("arm", replace(TOLD, difference=-0.04, low=-0.06, high=-0.01), 0.004).label == "hurts"


@pytest.mark.parametrize(("low", "corrected_p"), [(0.015, 0.05), (-0.001, 0.004), (0.0, 0.004)])
def test_p_value_and_interval_must_both_say_so(low: float, corrected_p: float) -> None:
    assert verdict("arm", replace(TOLD, low=low), corrected_p).label == "cannot be told"


def test_what_cannot_be_told_says_what_it_would_take() -> None:
    assert verdict("CycleGAN", UNTOLD, 0.64, score="IoU").sentence == (
        "It cannot be told whether CycleGAN helps: IoU is 0.006 lower than with real images alone "
        "(95 % interval -0.031 to 0.020, corrected p = 0.640); the study could have told a difference of 0.034; "
        "to settle a difference this small you would need about 1,600 more test images or 1 more training of each arm."
    )
    both = verdict("arm", replace(UNTOLD, needs=Needs(None, None, 7)), 0.64).sentence
    assert "you would need about 7 times as many test images and trainings" in both
    never = verdict("arm", replace(UNTOLD, needs=Needs(None, None, None)), 0.64).sentence
    assert "1,000 times as many test images would not be enough" in never


@pytest.mark.parametrize(
    ("p_value", "words"),
    [(1.0, "p > 0.99"), (0.9996, "p > 0.99"), (0.9994, "p = 0.999"), (0.64, "p = 0.640"), (0.0009, "p < 0.001")],
)
def test_no_p_value_is_written_as_0_or_1(p_value: float, words: str) -> None:
    assert p_words(p_value) == words


def test_where_the_tests_do_not_agree_no_number_of_images_is_named() -> None:
    found = verdict("arm", replace(TOLD, p_sign_flip=0.2, p_value=0.2), 0.2).sentence
    assert found.endswith("a difference of 0.034 that is spread over more test images than this one.")


def test_a_study_that_could_tell_nothing_says_so_and_claims_no_impossible_interval() -> None:
    tiny = replace(UNTOLD, low=-3.2, high=3.3, detectable=6.7)
    sentence = verdict("real + fake", tiny, 0.8, score="accuracy").sentence
    assert "95 % interval -1.000 to 1.000" in sentence
    assert sentence.endswith("the study is too small to tell any difference.")


def test_one_seed_is_about_these_models() -> None:
    for comparison, corrected_p in ((replace(TOLD, seeds=1), 0.004), (replace(UNTOLD, seeds=1), 0.64)):
        sentence = verdict("arm", comparison, corrected_p).sentence
        assert "(these trained models)" in sentence
        assert sentence.endswith("with one seed this says nothing about other trainings.")


def test_every_arm_gets_a_verdict_corrected_for_their_number() -> None:
    generator = np.random.default_rng(1)
    real, same, better = ((generator.random((5, 150)) < chance).astype(float) for chance in (0.7, 0.7, 0.9))
    found = verdicts({"same": same, "better": better, "copy": real}, real, score="accuracy")
    assert [each.label for each in found.values()] == ["cannot be told", "helps", "cannot be told"]
    assert found["better"].corrected_p == pytest.approx(3 * found["better"].comparison.p_value)
    assert "the same as with real images alone" in found["copy"].sentence
    assert "every seed differs alike" in found["copy"].sentence
    assert "interval" not in found["copy"].sentence
    with pytest.raises(BadInput, match="no arm besides"):
        verdicts({}, real)


def test_an_arm_may_be_measured_by_another_arm_than_the_real_one() -> None:
    generator = np.random.default_rng(1)
    real, fewer, added = ((generator.random((5, 200)) < chance).astype(float) for chance in (0.9, 0.6, 0.8))
    found = verdicts({"real 25%": fewer, "real 25% + x": added}, real, against={"real 25% + x": "real 25%"})
    assert [each.label for each in found.values()] == ["hurts", "helps"]
    assert found["real 25% + x"].against == "real 25% alone"
    assert "higher than with real 25% alone" in found["real 25% + x"].sentence
    assert found["real 25% + x"].comparison.real == pytest.approx(fewer.mean())
    assert "lower than with real images alone" in found["real 25%"].sentence


def test_studies_without_a_difference_get_false_verdicts_as_seldom_as_promised() -> None:
    kinds = [Setting(binary, seeds=3, patients=60, patient=0.5, seed=0.4, rest=0.5) for binary in (True, False)]
    found = [study(kinds[number % 2], 0.0, NULL_ARMS, number, resamples=199)[0] for number in range(240)]
    most = stats.binom.isf(1e-3, len(found), 0.05)
    assert sum(any(arm.label != "cannot be told" for arm in arms) for arms in found) <= most
    ignoring_seeds = sum(any(arm.comparison.p_sign_flip < 0.05 / NULL_ARMS for arm in arms) for arms in found)
    assert ignoring_seeds > most  # these studies mislead a test of the trained models alone


@pytest.mark.parametrize(
    "setting",
    [
        Setting(binary=True, seeds=5, patients=100, patient=0.5, seed=0.1, rest=0.5),
        Setting(binary=True, seeds=5, patients=40, patient=0.3, seed=0.05, rest=0.3, level=2.2),  # few answers differ
    ],
)
def test_intervals_hold_the_true_difference_as_often_as_promised(setting: Setting) -> None:
    found = [study(setting, DIFFERENCE, 1, number, resamples=199)[0][0] for number in range(200)]
    held = sum(arm.comparison.low <= DIFFERENCE <= arm.comparison.high for arm in found)
    assert held >= stats.binom.ppf(1e-3, len(found), 0.95)
    assert "hurts" not in {arm.label for arm in found}
