"""Work in this process keeps the same record as a job of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from medgan.common.errors import BadInput, Cancelled
from medgan.jobs import list_jobs, run_here
from medgan.jobs.reporter import Speed, in_words


class Watching:
    """Notes what it is told, and calls back at a step."""

    def __init__(self, at: int = -1) -> None:
        self.seen: list[tuple[int, int, str]] = []
        self.at = at

    def update(self, done: int, total: int, message: str = "") -> None:
        self.seen.append((done, total, message))
        if done == self.at:
            assert [job.status().state for job in list_jobs()] == ["running"]
            os.kill(os.getpid(), signal.SIGINT)

    def stop_requested(self) -> bool:
        return False


def test_done(fake: ModuleType) -> None:
    watching = Watching()
    before = signal.getsignal(signal.SIGINT)
    job, artefact = run_here("long_count", fake.FakeConfig(), watching)
    assert artefact.id == "counted-fake"
    assert [step for step, _, _ in watching.seen] == [1, 2, 3, 4]
    assert job.status().state == "done"
    assert job.status().result
    progress = job.progress()
    assert progress
    assert progress.done == 4
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_cancels_and_the_job_can_be_resumed(fake: ModuleType) -> None:
    with pytest.raises(Cancelled):
        run_here("count", fake.FakeConfig(), Watching(at=2))
    (job,) = list_jobs()
    assert job.status().state == "cancelled"
    job.resume()
    assert job.wait(60).state == "done"


def test_second_ctrl_c_stops_at_once(fake: ModuleType) -> None:
    class Impatient(Watching):
        def update(self, done: int, total: int, message: str = "") -> None:
            if done == 2:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_here("count", fake.FakeConfig(stubborn=True), Impatient())
    assert [job.status().state for job in list_jobs()] == ["cancelled"]


@pytest.mark.parametrize(("ending", "error"), [("bad input", BadInput), ("crash", ValueError)])
def test_failure_is_recorded_and_raised(fake: ModuleType, ending: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run_here("count", fake.FakeConfig(ending=ending), Watching())
    (job,) = list_jobs()
    assert job.status().state == "failed"
    assert job.status().reason in job.log_tail()
    assert ("Traceback" in job.log_tail()) == (ending == "crash")


def test_time_left_counts_from_this_attempt() -> None:
    speed = Speed()
    assert speed.seconds_left(900, 1000, 0.0) is None
    assert speed.seconds_left(910, 1000, 2.0) == pytest.approx(18.0)
    assert speed.seconds_left(0, 10, 3.0) is None, "another phase"
    assert speed.seconds_left(10, 10, 4.0) == 0.0
    assert [in_words(s) for s in (5, 89.6, 3600, 11100)] == ["5 s", "2 min", "60 min", "3 h 5 min"]


def test_importing_jobs_is_light() -> None:
    heavy = "torch numpy pandas PIL streamlit"
    code = f"import sys, medgan.jobs.worker; print([m for m in '{heavy}'.split() if m in sys.modules])"
    root = Path(__file__).parents[2]
    found = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
