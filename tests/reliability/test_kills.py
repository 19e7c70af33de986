"""The fault harness, shortened: twenty kills over all kinds of work."""

import random
from pathlib import Path

from reliability import killing
from reliability.content import content
from reliability.tally import Fault, Tally
from reliability.workplace import KINDS

from .conftest import nothing_lost, workplace

KILLS = 20


def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    tally = Tally()
    with workplace(tmp_path / "faults", KINDS) as place:
        killing.kill(place, tally, random.Random(1), KILLS, KINDS)
        assert nothing_lost(tally)
        assert tally.injected == KILLS
        _a_changed_byte_would_be_noticed(place.home / next(iter(place.shelf)), place.check_shelf)


def _a_changed_byte_would_be_noticed(folder: Path, check) -> None:
    """The harness itself can fail."""
    images = folder / "images.npy"
    before = content(folder)
    images.write_bytes(images.read_bytes()[:-1] + b"\x07")
    assert content(folder) != before
    fault = Fault("damage", "prepare", "a byte")
    check(fault)
    assert "images.npy" in fault.problems[0]
