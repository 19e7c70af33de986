"""A small workplace, and what stops a test of faults from running where something is missing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from reliability.tally import Tally
from reliability.workplace import Workplace, at_home, built


@contextmanager
def workplace(root: Path, kinds: Sequence[str]) -> Iterator[Workplace]:
    """A workplace for these kinds of work; torch works on one thread here, as in the jobs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        place = built(root, kinds)
        with at_home(place.home):
            yield place
    finally:
        torch.set_num_threads(threads)


def nothing_lost(tally: Tally) -> bool:
    """Whether faults struck and every one was survived; what was lost is printed."""
    for fault in tally.lost:
        print(fault)
    return tally.injected > 0 and not tally.lost
