"""How long work says how far it is, and learns that it should stop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

UNITS = 1000
"""Of a whole that is made of portions."""
PartT = TypeVar("PartT")


class Progress(Protocol):
    """What a piece of long work reports to; a job folder, a terminal and a test each have one."""

    def update(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` units are finished."""

    def stop_requested(self) -> bool:
        """Whether the work should stop at the next safe point (and raise Cancelled)."""


class Silent:
    """Reports to nobody and is never asked to stop."""

    def update(self, done: int, total: int, message: str = "") -> None:
        pass

    def stop_requested(self) -> bool:
        return False


def so_far(done: int, total: int) -> str:
    """`3 of 36`; `12 %` of a whole that is made of portions; nothing where there is no total."""
    if not total:
        return ""
    return f"{done / total:.0%}".replace("%", " %") if total == UNITS else f"{done:,} of {total:,}"


@dataclass(frozen=True)
class Portion:
    """Progress of a piece of work, told as a portion of a whole."""

    whole: Progress
    begin: float
    end: float
    """Where the portion begins and ends, in shares of the whole."""
    words: str = ""
    """What the piece is; said before each of its messages."""

    def update(self, done: int, total: int, message: str = "") -> None:
        reached = self.begin + (self.end - self.begin) * (done / total if total else 0.0)
        self.whole.update(round(UNITS * reached), UNITS, ": ".join(filter(None, (self.words, message))))

    def stop_requested(self) -> bool:
        return self.whole.stop_requested()


def portions(whole: Progress, parts: Sequence[PartT]) -> Iterator[tuple[PartT, Portion]]:
    """Parts that take about as long as each other, each with its portion of the whole."""
    for number, part in enumerate(parts):
        yield part, Portion(whole, number / len(parts), (number + 1) / len(parts))
