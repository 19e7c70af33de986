"""How a study's figures are written: one place, so that page, report and terminal never round one figure two ways."""

from math import isnan

from medgan.studies.figures import Interval

NONE = "·"
SHARE = ".3f"
FORMS = {
    "false_positives": ",.1f",
    "false_negatives": ",.1f",
    "false_positive_pixels": ",.1f",
    "false_negative_pixels": ",.1f",
    "boundary_distance": ".2f",
}
"""Forms of the scores that are no shares: means of counts with one decimal, distances with two."""
NOISE = 9
"""Decimals past which a mean is an accident of the order of its terms: 0.9125 may come as 0.91249999999999998."""


def score_words(score: str, value: float | None, *, form: str = "") -> str:
    """A score as it is written: `0.913`, `6.0` for a mean count, `·` where there is none."""
    if value is None or isnan(value):
        return NONE
    return format(round(value, NOISE), form or FORMS.get(score, SHARE))


def count_or_score(score: str, value: float | None) -> str:
    """A score of one training: a whole count without decimals."""
    counts = score in FORMS and score != "boundary_distance"
    whole = counts and value is not None and float(value).is_integer()
    return score_words(score, value, form=",.0f" if whole else "")


def reach_words(score: str, interval: Interval) -> str:
    """The ends of an interval: `0.790 to 0.834`; empty where it has none."""
    if interval.low is None or interval.high is None:
        return ""
    return f"{score_words(score, interval.low)} to {score_words(score, interval.high)}"
