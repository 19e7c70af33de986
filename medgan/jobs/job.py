"""A job as its folder tells it: looked at, cancelled, resumed and deleted from any process."""

import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from medgan.common.artefact import checked_name
from medgan.common.errors import BadInput
from medgan.common.home import jobs_folder
from medgan.jobs.executor import EXECUTORS, Executor, executor_named
from medgan.jobs.local import heartbeat_age_s
from medgan.jobs.records import (
    CANCELLED_WAITING,
    JOB,
    LOG,
    PROGRESS,
    STATUS,
    USUAL,
    WORKER_LOCK,
    Needs,
    ProgressRecord,
    Status,
    change_status,
    change_status_surely,
    has_ended,
    hold_room,
    now,
    read_job,
    read_progress,
    read_status,
    status_locked,
)

LOG_TAIL_BYTES = 256 * 1024
ENDING_S = 5.0
"""How long a process may take to be gone after it wrote how its job ended."""


@dataclass(frozen=True)
class Job:
    """A folder below the jobs folder. `status()` and `progress()` change and are read anew at each call."""

    id: str
    folder: Path
    kind: str
    title: str
    config: dict[str, Any]
    submitted: datetime
    takes_slot: bool = False
    executor_name: str = "local"
    needs: Needs = USUAL
    damage: str = ""
    """What is wrong with job.json; such a job can only be looked at and deleted."""

    @classmethod
    def open(cls, id: str) -> Self:
        """The job of that id, or the only one whose id begins so; raises BadInput otherwise."""
        folder = jobs_folder() / checked_name(id)
        if not folder.is_dir():
            matches = [path for path in _folders() if path.name.startswith(id)]
            if len(matches) != 1:
                problem = "several jobs begin with" if matches else "no job named"
                raise BadInput(f"{problem} {id!r}: see `jobs list`")
            folder = matches[0]
        return cls.at(folder)

    @classmethod
    def at(cls, folder: Path) -> Self:
        """The job in a folder, marked where its record is damaged."""
        try:
            record = read_job(folder / JOB)
        except BadInput as error:
            return cls(folder.name, folder, "unknown", folder.name, {}, _changed(folder), damage=str(error))
        return cls(
            folder.name,
            folder,
            record.kind,
            record.title,
            record.config,
            record.submitted,
            record.takes_slot,
            record.executor,
            record.needs,
        )

    @property
    def _executor(self) -> Executor:
        if self.executor_name not in EXECUTORS:
            raise BadInput(f"job {self.id} runs on {self.executor_name!r}, which is not set up here")
        return EXECUTORS[self.executor_name]

    def status(self) -> Status:
        """Where it stands; a queued or running job whose process is dead is `interrupted`. Never raises."""
        if self.damage:
            return Status(state="damaged", reason=self.damage, queued_at=self.submitted)
        try:
            status = read_status(self.folder)
            why_dead = self._executor.why_dead(self.folder, status) if status.active else ""
            if why_dead and status == read_status(self.folder):  # else it ended between the two looks
                return status.model_copy(update={"state": "interrupted", "reason": why_dead})
            return self.status() if why_dead else status
        except BadInput as error:
            return Status(state="damaged", reason=str(error), queued_at=self.submitted)

    def progress(self) -> ProgressRecord | None:
        """How far it is; None before the first report, or where the file is damaged."""
        try:
            return read_progress(self.folder / PROGRESS)
        except BadInput:
            return None

    def heartbeat_age_s(self) -> float | None:
        """Seconds since its process last gave a sign of life; None where it gave none."""
        return heartbeat_age_s(self.folder)

    def log_tail(self, lines: int = 100) -> str:
        """The last lines of what it printed."""
        try:
            with open(self.folder / LOG, "rb") as stream:
                stream.seek(0, 2)
                stream.seek(max(0, stream.tell() - LOG_TAIL_BYTES))
                text = stream.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def cancel(self, *, force: bool = False) -> Status:
        """Ask it to stop; it keeps what it has. Asking a second time, or force, ends it after a grace time.

        Raises BadInput where it neither waits nor works, and OSError where that cannot be written, though it is asked.
        """
        unwritten: OSError | None = None
        with status_locked(self.folder):
            before = self.status()
            if not before.active:
                raise BadInput(f"job {self.id} is {before.state}: there is nothing to cancel")
            force = force or before.cancelling
            if before.state == "queued":
                change_status_surely(self.folder, state="cancelled", finished=now(), reason=CANCELLED_WAITING)
            elif not before.cancelling:
                try:
                    change_status_surely(self.folder, cancel_requested=now())
                except OSError as error:
                    unwritten = error
        self._executor.stop(before, force=force)
        if unwritten:
            raise unwritten
        if force:
            self._note_forced_end(before.attempt)
        return self.status()

    def _note_forced_end(self, attempt: int) -> None:
        """A process that was killed could not write its own end."""
        with status_locked(self.folder):
            after = self.status()
            if after.state == "interrupted" and after.attempt == attempt:
                ended = {"state": "cancelled", "finished": now(), "reason": "stopped by force at your request"}
                change_status_surely(self.folder, **ended)

    def resume(self) -> Status:
        """Start a cancelled, interrupted or failed job again, with its config, where it stopped.

        Raises BadInput for a job in another state.
        """
        executor = executor_named(self.executor_name)
        with status_locked(self.folder):
            before = self.status()
            if not before.resumable:
                raise BadInput(f"job {self.id} is {before.state}: there is nothing to resume")
            attempt = before.attempt + 1
            fresh = Status(state="queued", attempt=attempt, worked_before_s=self._worked_s(before))
            (self.folder / PROGRESS).unlink(missing_ok=True)
            hold_room(self.folder)
            change_status(self.folder, **dict(fresh))
        executor.start(self.folder, attempt)
        return self.status()

    def _worked_s(self, status: Status) -> float:
        """Seconds that all attempts have worked; one that was killed worked until its last sign of life."""
        if status.finished is not None or status.started is None:
            return status.took_s or status.worked_before_s
        silence_s, progress = self.heartbeat_age_s(), self.progress()
        signs = [status.started]
        signs += [] if silence_s is None else [now() - timedelta(seconds=silence_s)]
        signs += [] if progress is None else [progress.updated]
        return status.worked_before_s + (max(signs) - status.started).total_seconds()

    def start_now(self) -> Status:
        """Let a waiting job begin beside those that work, without waiting for its turn.

        Raises BadInput where it does not wait.
        """
        with status_locked(self.folder):
            before = self.status()
            if before.state != "queued":
                raise BadInput(f"job {self.id} is {before.state}: it does not wait")
            return change_status(self.folder, at_once=True)

    def wait(self, timeout_s: float = float("inf"), poll_s: float = 0.25) -> Status:
        """Wait until it neither waits nor works, or the time is over; its status then."""
        deadline = time.monotonic() + timeout_s
        while (status := self.status()).active and time.monotonic() < deadline:
            time.sleep(poll_s)
        return status

    def delete(self) -> None:
        """Forget a job that has ended, and its log; what it made stays. Raises BadInput while it is alive.

        One that somebody else forgets meanwhile is forgotten.
        """
        if not self.folder.exists():
            return
        if self.status().active:
            raise BadInput(f"job {self.id} is {self.status().state}: cancel it first")
        try:
            # The lock makes a folder that has just gone anew: then that goes, under a name that nobody else took.
            hidden = self.folder.with_name(f".{self.id}.{secrets.token_hex(4)}.deleted")
            with suppress(FileNotFoundError), FileLock(self.folder / WORKER_LOCK, timeout=ENDING_S):
                self.folder.rename(hidden)
        except Timeout:
            raise BadInput(f"job {self.id}: a process is still working in its folder") from None
        shutil.rmtree(hidden, ignore_errors=True)


def list_jobs() -> list[Job]:
    """All jobs, the newest first, damaged ones included."""
    jobs = [Job.at(folder) for folder in _folders()]
    return sorted(jobs, key=lambda job: (job.submitted, job.id), reverse=True)


def active_jobs() -> list[tuple[Job, Status]]:
    """Jobs that wait or work. Of those that have ended only when their status was written is looked at."""
    jobs = [Job.at(folder) for folder in _folders() if not has_ended(folder / STATUS)]
    return [(job, status) for job in jobs if (status := job.status()).active]


def _folders() -> list[Path]:
    root = jobs_folder()
    if not root.is_dir():
        return []
    with os.scandir(root) as found:
        return [root / one.name for one in found if not one.name.startswith(".") and one.is_dir()]


def _changed(folder: Path) -> datetime:
    try:
        return datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    except OSError:
        return now()
