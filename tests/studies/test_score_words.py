"""A figure is written in one way, wherever it stands."""

import numpy as np
import pytest

from medgan.studies.figures import Interval
from medgan.studies.score_words import count_or_score, reach_words, score_words


def test_the_same_mean_is_rounded_alike_whatever_order_it_was_taken_in() -> None:
    seeds = np.array([0.9, 0.925])
    images = np.concatenate([np.ones(73), np.zeros(7)])
    assert score_words("specificity", float(seeds.mean())) == score_words("specificity", float(images.mean()))
    assert score_words("specificity", np.nextafter(0.9125, 0)) == score_words("specificity", np.nextafter(0.9125, 1))


@pytest.mark.parametrize(
    ("score", "value", "mean", "one"),
    [
        ("false_positives", 6.0, "6.0", "6"),
        ("false_positives", 2.5, "2.5", "2.5"),
        ("false_positive_pixels", 1234.0, "1,234.0", "1,234"),
        ("boundary_distance", 2.0, "2.00", "2.00"),
        ("accuracy", 1.0, "1.000", "1.000"),
        ("auroc", None, "·", "·"),
        ("auroc", float("nan"), "·", "·"),
    ],
)
def test_counts_are_written_as_counts(score: str, value: float | None, mean: str, one: str) -> None:
    assert score_words(score, value) == mean
    assert count_or_score(score, value) == one


def test_an_interval_is_written_in_its_scores_form() -> None:
    assert reach_words("false_negatives", Interval(6.0, 2.5, 9.5)) == "2.5 to 9.5"
    assert reach_words("accuracy", Interval(0.8)) == ""
