"""Long work waits for its turn, first come first served."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from medgan.common.errors import BadInput, Cancelled
from medgan.jobs import Job, ahead_of, list_jobs, run_here, slots, submit, waiting

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


def test_a_waiting_job_starts_now_where_asked(
    submit_gated: Callable[[str], Job], tmp_path: Path, eventually: Eventually
) -> None:
    first, second, third = (submit_gated(name) for name in ("first", "second", "third"))
    eventually(lambda: state(first) == "running")
    assert [job.id for job in ahead_of(third)] == [first.id, second.id]
    third.start_now()
    eventually(lambda: state(third) == "running")
    assert (state(first), state(second)) == ("running", "queued")
    with pytest.raises(BadInput, match="does not wait"):
        third.start_now()
    for name in ("first", "second", "third"):
        (tmp_path / name).touch()
    assert third.wait(60).state == "done"
    assert not third.status().cancelling


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


class Told:
    """Notes what it is told; when told to wait, does something once."""

    def __init__(self, when_waiting: Callable[[], object] = lambda: None) -> None:
        self.messages: list[str] = []
        self.when_waiting = when_waiting

    def update(self, done: int, total: int, message: str = "") -> None:
        if total == 0 and message not in self.messages:
            self.when_waiting()
        self.messages.append(message)

    def stop_requested(self) -> bool:
        return False


def test_work_in_the_foreground_waits_too(
    submit_gated: Callable[[str], Job], tmp_path: Path, eventually: Eventually, fake: ModuleType
) -> None:
    first, second = submit_gated("first"), submit_gated("second")
    eventually(lambda: state(first) == "running")

    def open_gates() -> None:
        for name in ("first", "second"):
            (tmp_path / name).touch()

    told = Told(open_gates)
    mine, _ = run_here("long_count", fake.FakeConfig(name="mine"), told)
    assert told.messages[0] == f"waiting for its turn behind Count in turn: first ({first.id}) and 1 more"
    assert told.messages[-1] == "counting"
    before, after = second.status().finished, mine.status().started
    assert before
    assert after
    assert before <= after


def test_work_in_the_foreground_starts_at_once_where_asked_and_holds_up_others(
    submit_gated: Callable[[str], Job], tmp_path: Path, eventually: Eventually, fake: ModuleType
) -> None:
    first = submit_gated("first")
    eventually(lambda: state(first) == "running")
    told = Told()
    mine, _ = run_here("long_count", fake.FakeConfig(name="mine"), told, at_once=True)
    assert (state(mine), state(first)) == ("done", "running")
    assert set(told.messages) == {"counting"}
    assert mine.takes_slot


@pytest.mark.parametrize("by", ["ctrl-c", "another process"])
def test_waiting_in_the_foreground_is_cancelled(
    submit_gated: Callable[[str], Job], eventually: Eventually, fake: ModuleType, medgan_home: Path, by: str
) -> None:
    first = submit_gated("first")
    eventually(lambda: state(first) == "running")

    def cancel() -> None:
        if by == "ctrl-c":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            threading.Thread(target=list_jobs()[0].cancel).start()

    with pytest.raises(Cancelled, match="cancelled while it waited"):
        run_here("long_count", fake.FakeConfig(name="mine"), Told(cancel))
    mine = list_jobs()[0]
    assert (mine.title, state(mine)) == ("Count in turn: mine", "cancelled")
    assert waiting() == []
    assert not (medgan_home / "fake" / "mine").exists()


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_bad_number_of_slots(given: str, monkeypatch: pytest.MonkeyPatch, fake: ModuleType) -> None:
    monkeypatch.setenv("MEDGAN_SLOTS", given)
    with pytest.raises(BadInput, match="MEDGAN_SLOTS"):
        slots()
    with pytest.raises(BadInput, match="MEDGAN_SLOTS"):
        submit("long_count", fake.FakeConfig())
