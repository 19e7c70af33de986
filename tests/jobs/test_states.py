"""What becomes of one job: done, failed, cancelled, interrupted, resumed, deleted."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from medgan.common.errors import BadInput
from medgan.common.home import jobs_folder
from medgan.common.progress import Silent
from medgan.jobs import Job, execution, list_jobs, processes, run_here, submit
from medgan.jobs.records import STATUS, Status, change_status, status_locked

from .counting import STEPS, Eventually, counted, half_done


def test_done(fake: ModuleType, medgan_home: Path) -> None:
    job = submit("count", fake.FakeConfig(name="first"))
    status = job.wait(60)
    assert status.state == "done", job.log_tail()
    assert status.result
    assert (status.result.id, status.result.folder) == ("counted-first", medgan_home / "fake" / "first")
    assert status.started
    assert status.finished
    progress = job.progress()
    assert progress
    assert (progress.done, progress.total, progress.message, progress.fraction) == (4, 4, "counting", 1.0)
    assert job.log_tail().splitlines()[-4:] == [f"counted {step}" for step in STEPS]
    assert job.log_tail(1) == "counted 3"
    assert [found.id for found in list_jobs()] == [job.id]
    assert Job.open(job.id) == job == Job.open(job.id[:10])
    assert job.title == "Count: first"
    with pytest.raises(BadInput, match="nothing to cancel"):
        job.cancel()
    with pytest.raises(BadInput, match="nothing to resume"):
        job.resume()


@pytest.mark.parametrize(
    ("ending", "failure", "reason"),
    [
        ("bad input", "bad input", "fake.png: cannot be read"),
        ("work", "work", "the numbers diverged"),
        ("crash", "unexpected", "unexpected error: ValueError: two lines"),
        ("memory", "resources", "the memory is full"),
        ("gpu memory", "resources", "the GPU's memory is full"),
        ("disk", "resources", "the disk is full"),
    ],
)
def test_failed_says_why(fake: ModuleType, ending: str, failure: str, reason: str) -> None:
    job = submit("count", fake.FakeConfig(ending=ending))
    status = job.wait(60)
    assert (status.state, status.failure) == ("failed", failure)
    assert status.reason.startswith(reason)
    assert "\n" not in status.reason
    assert ("Traceback" in job.log_tail()) == (failure not in {"bad input", "work"})
    assert status.resumable


def test_cancel_while_running_then_resume(
    fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually
) -> None:
    gate = tmp_path / "gate"
    job = submit("count", fake.FakeConfig(gate=gate))
    eventually(half_done(medgan_home))
    assert job.cancel().state in {"running", "cancelled"}
    status = job.wait(60)
    assert (status.state, status.reason) == ("cancelled", "stopped while counting")
    first_s = status.took_s
    assert first_s
    gate.touch()
    assert job.resume().attempt == 2
    status = job.wait(60)
    assert status.state == "done"
    assert status.finished
    assert status.started
    assert status.took_s == pytest.approx(first_s + (status.finished - status.started).total_seconds())
    assert counted(medgan_home) == STEPS
    assert job.log_tail().count("counted 0") == 1


def test_force_ends_what_does_not_listen(
    fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medgan.jobs.local.GRACE_S", 0.3)
    job = submit("count", fake.FakeConfig(gate=tmp_path / "gate", stubborn=True))
    eventually(half_done(medgan_home))
    assert job.cancel().cancelling
    status = job.cancel()
    assert (status.state, status.reason) == ("cancelled", "stopped by force at your request")
    assert status.pid
    assert not processes.same_process(status.pid, status.process_start)


def test_killed_is_interrupted_and_resumes(
    fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually
) -> None:
    gate = tmp_path / "gate"
    job = submit("count", fake.FakeConfig(gate=gate))
    eventually(half_done(medgan_home))
    pid = job.status().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: job.status().state == "interrupted")
    status = job.status()
    assert "is gone" in status.reason
    assert status.resumable
    gate.touch()
    job.resume()
    status = job.wait(60)
    assert (status.state, status.attempt) == ("done", 2)
    assert status.worked_before_s > 0, "the killed attempt worked until its last sign of life"
    assert counted(medgan_home) == STEPS


def test_uncollected_dead_process_counts_as_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = processes.process_start(child.pid)
    assert start
    assert processes.same_process(child.pid, start)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, but left as a zombie
    assert not processes.same_process(child.pid, start)
    assert child.stdin
    child.stdin.close()
    child.wait()
    assert not processes.same_process(child.pid, start)


def test_another_process_of_the_same_number_is_recognised(
    fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually
) -> None:
    job = submit("count", fake.FakeConfig(gate=tmp_path / "gate"))
    eventually(half_done(medgan_home))
    with status_locked(job.folder):
        real = change_status(job.folder, process_start="another boot:1", pid=job.status().pid)
    assert job.status().state == "interrupted"
    with pytest.raises(BadInput, match="nothing to cancel"):
        job.cancel()
    assert real.pid
    assert processes.process_start(real.pid), "a process that is not the job's was left alone"
    os.kill(real.pid, signal.SIGKILL)


def test_heartbeat_decides_for_another_machine(
    fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually
) -> None:
    gate = tmp_path / "gate"
    job = submit("count", fake.FakeConfig(gate=gate))
    eventually(half_done(medgan_home))
    with status_locked(job.folder):
        change_status(job.folder, machine="elsewhere")
    pid = job.status().pid
    assert pid
    assert job.status().state == "running"
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    os.utime(job.folder / "heartbeat", (1, 1))
    silent = job.status()
    assert silent.state == "interrupted"
    assert "no sign of life" in silent.reason
    os.kill(pid, signal.SIGCONT)
    eventually(lambda: job.status().state == "running")  # the worker beats again
    job.cancel()  # no signal reaches another machine: the worker finds the request itself
    assert job.wait(60).state == "cancelled"


def test_no_second_worker_on_one_job(
    fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medgan.jobs import worker

    gate = tmp_path / "gate"
    job = submit("count", fake.FakeConfig(gate=gate))
    eventually(half_done(medgan_home))
    assert worker.main([str(job.folder), "1"]) == 2
    monkeypatch.setattr(execution, "CLAIM_TIMEOUT_S", 0.1)
    with status_locked(job.folder):
        change_status(job.folder, state="queued")
    assert worker.main([str(job.folder), "1"]) == 2
    with status_locked(job.folder):
        change_status(job.folder, state="running")
    gate.touch()
    assert job.wait(60).state == "done"


SUBMITTER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from fake_work import KINDS, FakeConfig
from medgan.jobs import WORK, submit
from medgan.jobs.executor import EXECUTORS, LocalProcesses
WORK.update(KINDS)
EXECUTORS["local"] = LocalProcesses((sys.executable, sys.argv[1] + "/fake_worker.py"))
print(submit("count", FakeConfig(gate=Path(sys.argv[2]))).id, flush=True)
time.sleep(600)
"""


def test_job_outlives_who_submitted_it(medgan_home: Path, tmp_path: Path, eventually: Eventually) -> None:
    gate = tmp_path / "gate"
    root = Path(__file__).parents[2]
    submitter = subprocess.Popen(
        [sys.executable, "-c", SUBMITTER, str(Path(__file__).parent), str(gate)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
        start_new_session=True,
    )
    with submitter:
        assert submitter.stdout
        job = Job.open(submitter.stdout.readline().strip())
        eventually(half_done(medgan_home))
        os.killpg(submitter.pid, signal.SIGKILL)
    assert job.status().state == "running"
    gate.touch()
    assert job.wait(60).state == "done"
    assert counted(medgan_home) == STEPS


def test_titles_tell_jobs_of_a_kind_apart(fake: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medgan.data.config import PrepareConfig
    from medgan.data.phantom_sets import PhantomConfig
    from medgan.jobs.executor import EXECUTORS, LocalProcesses
    from medgan.studies.demo import demo_config

    monkeypatch.setitem(EXECUTORS, "local", LocalProcesses(("/no/such/program",)))
    assert submit("prepare", PrepareConfig(source=tmp_path / "films" / "x" / "..")).title == "Prepare images: films"
    assert submit("phantom", PhantomConfig()).title == "Draw phantoms: chest_xray"
    assert submit("phantom", PhantomConfig(name="mine")).title == "Draw phantoms: mine"
    assert [submit("demo", demo_config(name)).title for name in ("demo", "mine")] == ["Demo study", "Demo study: mine"]


def test_failure_to_start_is_a_status(fake: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from medgan.jobs.executor import EXECUTORS, LocalProcesses

    monkeypatch.setitem(EXECUTORS, "local", LocalProcesses(("/no/such/program",)))
    status = submit("count", fake.FakeConfig()).status()
    assert (status.state, status.failure) == ("failed", "resources")
    assert "could not start" in status.reason


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"state": "asleep"}', b"\xff\xfe", None])
@pytest.mark.parametrize("file", ["status.json", "job.json"])
def test_damaged_files_do_not_break_the_list(fake: ModuleType, file: str, content: bytes | None) -> None:
    good, bad = (run_here("count", fake.FakeConfig(name=name), Silent())[0] for name in ("good", "bad"))
    if content is None:
        (bad.folder / file).unlink()
    else:
        (bad.folder / file).write_bytes(content)
    states = {job.id: job.status().state for job in list_jobs()}
    assert states == {good.id: "done", bad.id: "damaged"}
    damaged = Job.open(bad.id)
    assert file in damaged.status().reason
    damaged.progress()
    damaged.log_tail()
    damaged.delete()
    assert [job.id for job in list_jobs()] == [good.id]


def test_damaged_progress_is_no_progress(fake: ModuleType) -> None:
    job, _ = run_here("count", fake.FakeConfig(), Silent())
    (job.folder / "progress.json").write_text("{")
    assert job.progress() is None


def test_delete(fake: ModuleType, medgan_home: Path, tmp_path: Path, eventually: Eventually) -> None:
    gate = tmp_path / "gate"
    job = submit("count", fake.FakeConfig(gate=gate))
    eventually(half_done(medgan_home))
    with pytest.raises(BadInput, match="cancel it first"):
        job.delete()
    gate.touch()
    job.wait(60)
    job.delete()
    assert list_jobs() == []
    assert list(jobs_folder().glob(f"*{job.id}*")) == []
    assert counted(medgan_home) == STEPS, "what it made stays"
    assert job.status().state == "damaged"


def test_deleted_by_two_at_once(fake: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    job, _ = run_here("count", fake.FakeConfig(), Silent())
    ended = job.status()

    def deleted_meanwhile(job: Job) -> Status:
        job.folder.rename(job.folder.with_name(f".{job.id}.deleted"))
        return ended

    monkeypatch.setattr(Job, "status", deleted_meanwhile)
    job.delete()
    assert list_jobs() == [], "no ghost is left"
    assert not job.folder.exists()
    job.delete()
    assert not job.folder.exists()


def test_unknown_names_are_bad_input(fake: ModuleType) -> None:
    with pytest.raises(BadInput, match="no kind of job"):
        submit("brew", fake.FakeConfig())
    for name in ("nothing", "../jobs", ""):
        with pytest.raises(BadInput):
            Job.open(name)


def test_never_started_is_interrupted(fake: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    job, _ = run_here("count", fake.FakeConfig(), Silent())
    with status_locked(job.folder):
        change_status(job.folder, state="queued", pid=None)
    assert job.status().state == "queued"
    monkeypatch.setattr("medgan.jobs.local.START_S", -1.0)
    assert job.status().state == "interrupted"
    assert (job.folder / STATUS).exists()


def test_a_clock_that_was_set_back_takes_no_time_away() -> None:
    late, early = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert Status(state="cancelled", started=late, finished=early, worked_before_s=5.0).took_s == 5.0
