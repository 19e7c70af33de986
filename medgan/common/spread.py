"""Calls that do not depend on each other: carried out one after the other here, or side by side on a cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from medgan.common.errors import Cancelled
from medgan.common.progress import Portion, Progress, portions

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Call:
    """One of the calls."""

    words: str
    """What it does, for people."""
    arguments: tuple[Any, ...] = ()


class Spread(Protocol):
    """A way to carry calls out. `function` takes a call's arguments and a Progress.

    It may run on another machine, so function, arguments and results have to be such that pickle takes them along.
    """

    def __call__(
        self, function: Callable[..., ResultT], calls: Sequence[Call], progress: Progress
    ) -> Iterator[tuple[Call, ResultT]]:
        """Each call with its result, as they are done, in any order; raises what a call raises.

        Raises Cancelled when asked to stop, after those results that were still to come.
        """


def one_by_one(
    function: Callable[..., ResultT], calls: Sequence[Call], progress: Progress
) -> Iterator[tuple[Call, ResultT]]:
    """Carry the calls out here, one after the other; each takes about as long as the next."""
    for call, portion in portions(progress, calls):
        if progress.stop_requested():
            raise Cancelled(f"stopped before {call.words}; what was done is kept")
        yield call, function(*call.arguments, Portion(portion, 0.0, 1.0, call.words))
