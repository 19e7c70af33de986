"""The fault harness, shortened: one of each fault but kills."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reliability import clock, damaging, full_disk, memory, read_only, together
from reliability.tally import Tally
from reliability.workplace import Workplace

from .conftest import nothing_lost, workplace

QUICK = ("prepare", "train")
"""Kinds of work that are cheap to begin, and stand for what is made at once and what grows."""
FAULTS: dict[str, Callable[[Workplace, Tally], None]] = {
    "damage": lambda place, tally: damaging.damage(place, tally, random.Random(2), ("train",), every=False),
    "a full disk": lambda place, tally: full_disk.fill(place, tally, random.Random(3), QUICK, levels=1),
    "a read-only workspace": lambda place, tally: read_only.make_read_only(
        place, tally, ("train",), ("overview", "data")
    ),
    "a clock set back": lambda place, tally: clock.set_back(place, tally, ("train",)),
    "no memory": lambda place, tally: memory.take_away(place, tally, ("prepare",)),
    "several at once": lambda place, tally: together.work_together(place, tally, ()),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("reliability"), QUICK) as place:
        yield place


@pytest.fixture(autouse=True)
def _here(place: Workplace, medgan_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home of the workplace instead of the test's own."""
    monkeypatch.setenv("MEDGAN_HOME", str(place.home))


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost(place: Workplace, fault: str) -> None:
    tally = Tally()
    FAULTS[fault](place, tally)
    if tally.skipped and not tally.faults:
        pytest.skip("; ".join(tally.skipped.values()))
    assert nothing_lost(tally)
