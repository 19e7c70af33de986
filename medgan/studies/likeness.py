"""Whether a set looks like real images at all: a plain line from precision and coverage, which no distance talks away.

A distance alone misleads. In the radiomic space, blurred films are farther from real ones than a grey nothing with
about the right brightness is; precision and coverage ask of each image, one by one, whether its like is there.
"""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Grade = Literal["none", "few", "narrow"]
FEW = 0.1
"""Share of what real images score themselves, below which a line is said. Real images scored against real ones come to
0.7 to 0.9 in precision and a set that a GAN learned well to about half of that; below a tenth, more than nine of ten
images lie where hardly any real one does, so whoever uses the set uses those."""
LEAST = 20
"""Images below which a share of none is no surprise, even where a tenth of all would look real."""
FLOORS = ("halves", "test")
"""References that tell what real images score, the better one first."""


@dataclass(frozen=True)
class Likeness:
    """What is to be said of a set before any of its scores."""

    grade: Grade
    """none: no image looks like a real one; few: hardly any does; narrow: they do, but show few of the real ones."""
    words: str
    """A sentence or two, for a person."""


def likeness(scores: pd.DataFrame, part: str) -> Likeness | None:
    """The line about a part of a report's scores; None where there is no need for one, or no scores to tell.

    Precision and coverage are held against what real images score themselves, since with few real images those are
    low for real ones too.
    """
    precision, coverage = (_compared(scores, part, metric) for metric in ("precision", "coverage"))
    noun = "mask" if part == "masks" else "image"
    if precision is not None and precision.count < LEAST:
        return None
    if precision is not None and precision.share < FEW * precision.real:
        return _unlike(precision, noun)
    if coverage is not None and coverage.share < FEW * coverage.real:
        words = (
            f"The {coverage.count:,} {noun}s come close to only {coverage.share:.0%} of the real ones, where real "
            f"{noun}s come to {coverage.real:.0%}: they show little of the variety, whatever the distances say."
        )
        return Likeness("narrow", words)
    return None


@dataclass(frozen=True)
class _Compared:
    share: float
    real: float
    count: int


def _compared(scores: pd.DataFrame, part: str, metric: str) -> _Compared | None:
    """A set's share with that of real images; None where one of them was refused."""
    rows: dict[str, Any] = {
        str(row["of"]): row
        for row in scores[(scores["part"] == part) & (scores["metric"] == metric)].to_dict("records")
        if pd.notna(row["value"])
    }
    floor = next((float(rows[of]["value"]) for of in FLOORS if of in rows), None)
    if floor is None or "set" not in rows:
        return None
    return _Compared(float(rows["set"]["value"]), floor, int(rows["set"]["synthetic"]))


def _unlike(found: _Compared, noun: str) -> Likeness:
    alike, beside = round(found.share * found.count), f"of real {noun}s, {found.real:.0%} do"
    if alike == 0:
        words = (
            f"None of the {found.count:,} {noun}s looks like a real one to this feature space ({beside}): take the set "
            "as unusable, whatever the distances say."
        )
        return Likeness("none", words)
    looks = "looks like a real one" if alike == 1 else "look like real ones"
    words = (
        f"Only {alike:,} of the {found.count:,} {noun}s {looks} to this feature space ({beside}): the set "
        "is hardly usable, whatever the distances say."
    )
    return Likeness("few", words)
