"""What a job's folder holds: job.json, written once; status.json, at each change of state; progress.json.

`job.json` and `status.json` are on disk when their writing returns. Progress and heartbeat are written
several times a minute and may be lost with the machine, so they are only made to appear whole.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medgan.common.artefact import write_atomic
from medgan.common.config import one_line
from medgan.common.errors import BadInput
from medgan.common.unchanged import while_unchanged

JOB, STATUS, PROGRESS, HEARTBEAT, LOG = "job.json", "status.json", "progress.json", "heartbeat", "log.txt"
ROOM = "room"
STATUS_LOCK, WORKER_LOCK = "status.lock", "worker.lock"
LOCK_TIMEOUT_S = 30.0
CANCELLED_WAITING = "cancelled while it waited"

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted", "damaged"]
"""`interrupted` and `damaged` are never written: they are what a reader finds."""
Failure = Literal["bad input", "work", "resources", "unexpected"]
"""`work`: the input was good, and yet the work could not go on, a training that diverged for one."""
ModelT = TypeVar("ModelT", bound=BaseModel)


def now() -> datetime:
    return datetime.now(UTC)


class Needs(BaseModel):
    """What work needs of a cluster's node; None is for what its kind usually needs."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cpus: int | None = Field(None, ge=1)
    """Cores, and threads that torch computes with."""
    gpus: float | None = Field(None, ge=0, le=1)
    """GPUs; 0.5 shares one with another task."""
    memory_gb: float | None = Field(None, gt=0)
    """Memory (10^9 bytes) that no other task may count on."""


USUAL = Needs()
"""What the kind of work usually needs."""


class JobRecord(BaseModel):
    """What a job was asked to do; never changes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    kind: str
    title: str
    """For people: the kind of work and the name of what it makes."""
    config: dict[str, Any]
    submitted: datetime
    takes_slot: bool
    executor: str = "local"
    needs: Needs = USUAL


class Result(BaseModel):
    """The artefact a job made."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    name: str
    folder: Path


class Status(BaseModel):
    """Where a job stands."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: State
    reason: str = ""
    """One plain line on why it failed, was cancelled or interrupted."""
    failure: Failure | None = None
    result: Result | None = None
    attempt: int = Field(1, ge=1)
    queued_at: datetime = Field(default_factory=now)
    """When this attempt was asked for: its place in the queue."""
    at_once: bool = False
    """Whether it is to begin without waiting for its turn."""
    started: datetime | None = None
    finished: datetime | None = None
    worked_before_s: float = Field(0.0, ge=0.0)
    """Seconds that the attempts before this one worked."""
    cancel_requested: datetime | None = None
    pid: int | None = None
    process_start: str = ""
    """Tells the process of this pid from a later one that was given the same number."""
    machine: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or works."""
        return self.state in {"queued", "running"}

    @property
    def resumable(self) -> bool:
        """Whether it can be started again where it stopped."""
        return self.state in {"cancelled", "interrupted", "failed"}

    @property
    def took_s(self) -> float | None:
        """Seconds that all its attempts worked, without the waiting between; None before it has ended."""
        if self.finished is None:
            return None
        worked = (self.finished - self.started).total_seconds() if self.started else 0.0
        return self.worked_before_s + max(0.0, worked)  # below zero where the clock was set back meanwhile

    @property
    def cancelling(self) -> bool:
        """Whether it was asked to stop and has not stopped yet."""
        return self.active and self.cancel_requested is not None


class ProgressRecord(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    done: int = 0
    total: int = 0
    message: str = ""
    updated: datetime = Field(default_factory=now)
    seconds_left: float | None = None
    """Estimated from the speed of this attempt; None while that is unknown."""

    @property
    def fraction(self) -> float:
        """Share that is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0


def read_record(path: Path, model: type[ModelT]) -> ModelT:
    """Read one of the JSON files above; raises BadInput that names a missing or damaged file."""
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{path}: damaged ({one_line(error):.200})") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


@while_unchanged
def read_job(path: Path) -> JobRecord:
    """A job.json; as `read_record`, and read anew only where it changed: there may be thousands."""
    return read_record(path, JobRecord)


@while_unchanged
def read_progress(path: Path) -> ProgressRecord:
    """A progress.json, likewise."""
    return read_record(path, ProgressRecord)


@while_unchanged
def _read_status(path: Path) -> Status:
    return read_record(path, Status)


@while_unchanged
def has_ended(path: Path) -> bool:
    """Whether a status.json says that its job neither waits nor works; a damaged one does not."""
    try:
        return not read_record(path, Status).active
    except BadInput:
        return False


def write_record(path: Path, record: BaseModel) -> None:
    """Write one of the JSON files above, whole and on disk."""
    write_atomic(path, record.model_dump_json(indent=2) + "\n")


def write_quick(path: Path, content: str) -> None:
    """Make a small file appear whole, without waiting for the disk; never makes the folder anew."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)


def hold_room(folder: Path) -> None:
    """Take a block of the disk, given up where the disk is full when the attempt's end is to be written."""
    (folder / ROOM).write_text("for how it ends\n", encoding="utf-8")


@contextmanager
def status_locked(folder: Path) -> Iterator[None]:
    """Nobody else changes this job's status meanwhile; raises BadInput where the folder is gone."""
    if not folder.is_dir():
        raise BadInput(f"job {folder.name}: its folder is gone")
    with FileLock(folder / STATUS_LOCK, timeout=LOCK_TIMEOUT_S):
        yield


def read_status(folder: Path) -> Status:
    """What is written, as it is; raises BadInput where it is missing or damaged."""
    return _read_status(folder / STATUS)


def change_status(folder: Path, **changes: Any) -> Status:
    """Write a changed status; the caller holds `status_locked`."""
    changed = Status.model_validate({**dict(read_status(folder)), **changes})
    write_record(folder / STATUS, changed)
    return changed


def change_status_surely(folder: Path, **changes: Any) -> Status:
    """The same, where the disk is full, too: that a job ends, and how, is worth more than what makes room for it."""
    try:
        return change_status(folder, **changes)
    except OSError:
        for name in (ROOM, PROGRESS, HEARTBEAT):
            (folder / name).unlink(missing_ok=True)
        return change_status(folder, **changes)
