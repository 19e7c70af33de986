"""Long work waits for its turn, first come first served."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from medgan.common.errors import BadInput
from medgan.jobs import Job, slots, submit, waiting

Eventually = Callable[[Callable[[], bool]], None]


def state(job: Job) -> str:
    return job.status().state


@pytest.fixture
def submit_gated(fake: ModuleType, tmp_path: Path) -> Callable[[str], Job]:
    """Submit a long job that stops half-way until the file of its name exists."""
    return lambda name: submit("long_count", fake.FakeConfig(name=name, gate=tmp_path / name))


def test_one_at_a_time_in_order(
    submit_gated: Callable[[str], Job], tmp_path: Path, eventually: Eventually, fake: ModuleType
) -> None:
    first, second, third = (submit_gated(name) for name in ("first", "second", "third"))
    eventually(lambda: state(first) == "running")
    assert [job.id for job in waiting()] == [second.id, third.id]
    assert submit("count", fake.FakeConfig(name="short")).wait(60).state == "done", "short work does not wait"
    assert (state(second), state(third)) == ("queued", "queued")
    (tmp_path / "first").touch()
    eventually(lambda: state(second) == "running")
    assert (state(first), state(third)) == ("done", "queued")
    (tmp_path / "third").touch()
    (tmp_path / "second").touch()
    assert third.wait(60).state == "done"
    ends, starts = second.status().finished, third.status().started
    assert ends
    assert starts
    assert ends <= starts


def test_cancel_while_waiting_frees_the_way(
    submit_gated: Callable[[str], Job], tmp_path: Path, eventually: Eventually, medgan_home: Path
) -> None:
    first, second, third = (submit_gated(name) for name in ("first", "second", "third"))
    eventually(lambda: state(first) == "running")
    assert second.cancel().state == "cancelled", "at once"
    for name in ("first", "third"):
        (tmp_path / name).touch()
    assert third.wait(60).state == "done"
    assert not (medgan_home / "fake" / "second").exists()
    (tmp_path / "second").touch()
    second.resume()
    assert second.wait(60).state == "done"


def test_dead_jobs_hold_nobody_up(submit_gated: Callable[[str], Job], tmp_path: Path, eventually: Eventually) -> None:
    first, second, third = (submit_gated(name) for name in ("first", "second", "third"))
    eventually(lambda: state(first) == "running" and second.status().pid is not None)
    for job in (second, first):  # one that waits, one that works
        pid = job.status().pid
        assert pid
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: state(third) == "running")
    assert (state(first), state(second)) == ("interrupted", "interrupted")
    (tmp_path / "third").touch()
    assert third.wait(60).state == "done"


def test_two_slots(
    submit_gated: Callable[[str], Job],
    tmp_path: Path,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDGAN_SLOTS", "2")
    jobs = [submit_gated(name) for name in ("first", "second", "third")]
    eventually(lambda: [state(job) for job in jobs] == ["running", "running", "queued"])
    for name in ("first", "second", "third"):
        (tmp_path / name).touch()
    assert [job.wait(60).state for job in jobs] == ["done"] * 3


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_bad_number_of_slots(given: str, monkeypatch: pytest.MonkeyPatch, fake: ModuleType) -> None:
    monkeypatch.setenv("MEDGAN_SLOTS", given)
    with pytest.raises(BadInput, match="MEDGAN_SLOTS"):
        slots()
    with pytest.raises(BadInput, match="MEDGAN_SLOTS"):
        submit("long_count", fake.FakeConfig())
