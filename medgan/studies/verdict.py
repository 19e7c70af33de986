"""Whether an arm of a study helps: a label and a sentence that say what the study can tell, and no more."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal

from numpy.typing import ArrayLike
from pydantic import TypeAdapter

from medgan.common.errors import BadInput
from medgan.studies.crossed import MOST
from medgan.studies.statistics import Comparison, Metric, compare, holm

Label = Literal["helps", "hurts", "cannot be told"]
ALONE = "real images alone"
CERTAIN, RARE = 0.9995, 0.001
"""From the first on, a p-value would be rounded to 1, which none is; below the second its size tells no more."""
WHOLE = 1.0
"""Largest difference that there can be: scores run from 0 to 1."""


@dataclass(frozen=True)
class Verdict:
    """What a study says about an arm against real images alone, as many as the arm has."""

    arm: str
    label: Label
    """helps or hurts where the corrected p-value is below 0.05 and the interval excludes 0."""
    sentence: str
    """The label, by how much, how sure, and, where it cannot be told, what it would take."""
    corrected_p: float
    """P-value after Holm's correction for the arms of the study."""
    comparison: Comparison
    against: str = ALONE
    """What the arm is compared with, in words."""

    def as_row(self) -> dict[str, Any]:
        """Its fields and those of its comparison side by side, but for the arm's score: `arm` is the arm's name."""
        own = asdict(self)
        return {**own.pop("comparison"), **own}


def check_row(row: dict[str, Any]) -> None:
    """Raise ValueError or TypeError where this is no row of a verdict's."""
    _VERDICT.validate_python(row | {"comparison": row | {"arm": 0.0}})  # the score, which a row does not hold


_VERDICT = TypeAdapter(Verdict)


def verdicts(
    arms: Mapping[str, ArrayLike],
    real: ArrayLike,
    clusters: ArrayLike | None = None,
    metric: Metric | None = None,
    labels: ArrayLike | None = None,
    *,
    against: Mapping[str, str] | None = None,
    score: str = "score",
    higher_is_better: bool = True,
    resamples: int = 1999,
    seed: int = 0,
) -> dict[str, Verdict]:
    """The verdict on each arm by its name, corrected for their number; see `compare` for the arrays and what is raised.

    `against` names, for an arm that is not to be compared with `real`, another arm that it is to be compared with.
    `score` is the score's name in the sentence. At most 5 % of the studies in which no arm differs from what it is
    compared with get a verdict "helps" or "hurts" for any of them.
    """
    against = against or {}
    if not arms:
        raise BadInput("The study has no arm besides real images alone: add one to compare")
    measures = {name: arms[against[name]] if name in against else real for name in arms}
    compared = {
        name: compare(arm, measures[name], clusters, metric, labels, arms=len(arms), resamples=resamples, seed=seed)
        for name, arm in arms.items()
    }
    corrected = holm([comparison.p_value for comparison in compared.values()])
    return {
        name: verdict(
            name, comparison, float(p_value), score=score, higher_is_better=higher_is_better,
            against=f"{against[name]} alone" if name in against else ALONE,
        )
        for (name, comparison), p_value in zip(compared.items(), corrected, strict=True)
    }  # fmt: skip


def verdict(
    arm: str,
    comparison: Comparison,
    corrected_p: float,
    *,
    score: str = "score",
    higher_is_better: bool = True,
    against: str = ALONE,
) -> Verdict:
    """The verdict on an arm whose p-value was corrected for the arms of the study."""
    label = _label(comparison, corrected_p, higher_is_better)
    scope = " (these trained models)" if comparison.seeds == 1 else ""
    opening = f"It cannot be told whether {arm} helps{scope}" if label == "cannot be told" else f"{arm} {label}{scope}"
    sentence = f"{opening}: {_difference(comparison, corrected_p, score, against)}"
    if label == "cannot be told":
        sentence += f"; {_reach(comparison)}"
    if comparison.seeds == 1:
        sentence += "; with one seed this says nothing about other trainings"
    return Verdict(arm, label, f"{sentence}.", corrected_p, comparison, against)


def _label(comparison: Comparison, corrected_p: float, higher_is_better: bool) -> Label:
    if corrected_p >= 0.05 or comparison.low <= 0 <= comparison.high:
        return "cannot be told"
    return "helps" if (comparison.difference > 0) == higher_is_better else "hurts"


def _difference(comparison: Comparison, corrected_p: float, score: str, against: str) -> str:
    """By how much, and how sure; without an interval where nothing is known of chance."""
    size = f"{abs(comparison.difference):.3f}"
    direction = "higher" if comparison.difference > 0 else "lower"
    by_how_much = f"{size} {direction} than" if comparison.difference else "the same as"
    p_value = f"corrected {p_words(corrected_p)}"
    interval = f"95 % interval {max(comparison.low, -WHOLE):.3f} to {min(comparison.high, WHOLE):.3f}"
    known = f"{interval}, {p_value}" if comparison.standard_error else p_value
    return f"{score} is {by_how_much} with {against} ({known})"


def _reach(comparison: Comparison) -> str:
    """What the study could have seen, and what it would take to see what it observed."""
    if comparison.standard_error == 0:
        return "every seed differs alike on every test image, which says nothing about chance"
    if comparison.detectable > WHOLE:
        return "the study is too small to tell any difference"
    could = f"the study could have told a difference of {comparison.detectable:.3f}"
    if comparison.difference == 0:
        return could
    if abs(comparison.difference) >= comparison.detectable:  # the tests do not agree
        return f"{could} that is spread over more test images than this one"
    needs = comparison.needs
    ways = []
    if needs.patients is not None:
        images = _rounded_up(needs.patients * comparison.items / comparison.patients)
        ways.append(f"about {images:,} more test {_plural('image', images)}")
    if needs.seeds is not None:
        ways.append(f"{needs.seeds:,} more {_plural('training', needs.seeds)} of each arm")
    if needs.times is not None:
        ways.append(f"about {needs.times:,} times as many test images and trainings")
    if not ways:
        return f"{could}; {MOST:,} times as many test images would not be enough to settle a difference this small"
    return f"{could}; to settle a difference this small you would need {' or '.join(ways)}"


def p_words(p_value: float) -> str:
    """A p-value with its letter: `p < 0.001`, `p = 0.640`, `p > 0.99` where it would be rounded to 1."""
    if p_value < RARE:
        return f"p < {RARE}"
    return "p > 0.99" if p_value >= CERTAIN else f"p = {p_value:.3f}"


def _rounded_up(count: float) -> int:
    """A count to two significant digits, as more would not be known."""
    step = max(1, 10 ** (len(str(ceil(count))) - 2))
    return int(ceil(count / step) * step)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
