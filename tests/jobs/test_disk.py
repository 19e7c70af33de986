"""A job and the disk it works on: another one, none, a full one."""

import errno
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from medgan.common.errors import BadInput
from medgan.common.home import jobs_folder
from medgan.jobs import execution, list_jobs, submit
from medgan.jobs.records import Status, change_status
from reliability import mounts

from .counting import STEPS, Eventually, counted, half_done


def test_workspace_on_another_disk(fake: ModuleType, medgan_home: Path, tmp_path: Path) -> None:
    disk = tmp_path / "elsewhere" / "disk"
    disk.mkdir(parents=True)
    (medgan_home / "workspace").symlink_to(disk)
    status = submit("count", fake.FakeConfig()).wait(60)
    assert status.state == "done"
    assert counted(medgan_home) == STEPS, "its home is the one it was given"


def test_no_room_for_jobs_is_bad_input(fake: ModuleType, medgan_home: Path) -> None:
    (medgan_home / "workspace").touch()
    with pytest.raises(BadInput, match="no job can be written"):
        submit("count", fake.FakeConfig())


@pytest.mark.parametrize("room", range(6))
def test_a_disk_that_is_full_when_a_job_begins(fake: ModuleType, medgan_home: Path, room: int) -> None:
    if reason := mounts.why_not():
        pytest.skip(reason)
    medgan_home.mkdir(exist_ok=True)
    with mounts.small_disk(medgan_home, 1):
        mounts.leave(medgan_home / "ballast", room * mounts.BLOCK)
        if room < 3:  # less than the job's own records take
            with pytest.raises(OSError, match="No space left"):
                submit("count", fake.FakeConfig())
            assert list(jobs_folder().glob(".*")) == []
            assert list_jobs() == []
        else:
            job = submit("count", fake.FakeConfig())
            status = job.wait(60)
            assert (status.state, status.reason) == ("failed", "the disk is full: make room, then try again")
            (medgan_home / "ballast").unlink()
            job.resume()
            assert job.wait(60).state == "done"


@pytest.mark.parametrize("stubborn", [False, True])
def test_what_fills_a_disk_can_be_stopped(
    fake: ModuleType, medgan_home: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch, stubborn: bool
) -> None:
    if reason := mounts.why_not():
        pytest.skip(reason)
    monkeypatch.setattr("medgan.jobs.local.GRACE_S", 0.3)
    medgan_home.mkdir(exist_ok=True)
    with mounts.small_disk(medgan_home, 1):
        job = submit("count", fake.FakeConfig(gate=medgan_home / "gate", stubborn=stubborn))
        eventually(half_done(medgan_home))
        mounts.leave(medgan_home / "ballast", 0)
        assert job.cancel().cancelling
        if stubborn:
            assert job.cancel().reason == "stopped by force at your request"
        assert job.wait(60).state == "cancelled"


@pytest.mark.parametrize("written", ["pid", "started"])
def test_what_cannot_write_that_it_begins_says_why(
    fake: ModuleType, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    from medgan.jobs import worker
    from medgan.jobs.executor import EXECUTORS, LocalProcesses

    def without_room(folder: Path, **changes: object) -> Status:
        if written in changes:
            raise OSError(errno.ENOSPC, "No space left on device")
        return change_status(folder, **changes)

    monkeypatch.setitem(EXECUTORS, "local", LocalProcesses(("true",)))
    monkeypatch.setattr(execution, "change_status", without_room)
    job = submit("count", fake.FakeConfig())
    with suppress(OSError):
        assert worker.main([str(job.folder), "1"]) == 1
    status = job.status()
    assert (status.state, status.reason) == ("failed", "the disk is full: make room, then try again")
    assert "No space left on device" in job.log_tail()
