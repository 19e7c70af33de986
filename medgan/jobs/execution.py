"""One attempt at a job, in the process that calls this: claim the folder, do the work, write how it ended."""

import errno
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.progress import Progress
from medgan.jobs import processes
from medgan.jobs.records import (
    LOG,
    WORKER_LOCK,
    Failure,
    Result,
    State,
    change_status,
    change_status_surely,
    now,
    read_status,
    status_locked,
)
from medgan.jobs.work import Artefact

CLAIM_TIMEOUT_S = 15.0
"""How long the process of the attempt before may take to end."""
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}
MEMORY_SIGNS = (
    *("can't allocate memory", "not enough memory", "out of memory", "Cannot allocate memory"),
    *("std::bad_alloc", "can't start new thread", "failed to map segment", "could not create a primitive"),
)
"""How NumPy, torch and the system's loader say it where they raise no MemoryError."""


@contextmanager
def claimed(folder: Path, attempt: int) -> Iterator[None]:
    """This process alone works in the folder; raises BadInput where it cannot or may not.

    The lock ends with the process, however that ends.
    """
    status = read_status(folder)
    if status.attempt != attempt or status.state != "queued":
        raise BadInput(f"job {folder.name} is {status.state} (attempt {status.attempt}): not started")
    try:
        lock = FileLock(folder / WORKER_LOCK).acquire(timeout=CLAIM_TIMEOUT_S)
    except Timeout:
        raise BadInput(f"job {folder.name}: another process is working on it") from None
    with lock:
        try:
            _sign(folder, attempt)
        except OSError as error:  # most likely a full disk
            record_end(folder, attempt, error)
            raise
        yield


def _sign(folder: Path, attempt: int) -> None:
    """Write that the attempt is this process's."""
    pid = os.getpid()
    with status_locked(folder):
        if read_status(folder).attempt != attempt:
            raise BadInput(f"job {folder.name}: a later attempt has begun")
        start = processes.process_start(pid) or ""
        change_status(folder, pid=pid, process_start=start, machine=processes.this_machine())


def begin(folder: Path, attempt: int) -> bool:
    """Write that the attempt runs; False where it was cancelled or replaced while it waited."""
    with status_locked(folder):
        status = read_status(folder)
        if status.attempt != attempt or status.state != "queued":
            return False
        change_status(folder, state="running", started=now())
    return True


def carry_out(folder: Path, attempt: int, run: Callable[[], Artefact]) -> Artefact:
    """Run the work and write how it ended; raises what the work raised."""
    try:
        artefact = run()
    except BaseException as error:
        record_end(folder, attempt, error)
        raise
    result = Result(id=artefact.id, name=artefact.name, folder=artefact.folder)
    _finish(folder, attempt, "done", "", None, result)
    return artefact


def record_end(folder: Path, attempt: int, error: BaseException) -> None:
    """Write what was raised as the job's end, after the log has it: the trace only of what nobody expected."""
    state, failure, reason = how_it_ended(error)
    trace = "" if failure in {None, "bad input", "work"} else "".join(traceback.format_exception(error))
    with suppress(OSError), open(folder / LOG, "a", encoding="utf-8") as log:
        log.write(f"{trace}{reason}\n")
    _finish(folder, attempt, state, reason, failure)


def how_it_ended(error: BaseException) -> tuple[State, Failure | None, str]:
    """State, kind of failure, and one plain line for what was raised."""
    if isinstance(error, Cancelled):
        return "cancelled", None, one_line(error) or "cancelled; what was done is kept"
    if isinstance(error, KeyboardInterrupt):
        return "cancelled", None, "stopped at once; what was written before is kept"
    if isinstance(error, BadInput):
        return "failed", "bad input", one_line(error)
    if isinstance(error, WorkFailed):
        return "failed", "work", one_line(error)
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return "failed", "resources", "the disk is full: make room, then try again"
    if isinstance(error, OSError) and error.errno in NOT_WRITABLE and error.filename:
        return "failed", "resources", f"{error.filename}: {error.strerror}; make it accessible, then try again"
    if type(error).__name__ == "OutOfMemoryError":  # torch's, for a GPU
        return "failed", "resources", "the GPU's memory is full: try a smaller batch size or image size"
    if isinstance(error, MemoryError) or any(sign in str(error) for sign in MEMORY_SIGNS):
        return "failed", "resources", "the memory is full: close other programs, or use smaller batches"
    return "failed", "unexpected", f"unexpected error: {type(error).__name__}: {one_line(error)}"


def one_line(error: BaseException) -> str:
    """The message with its line breaks folded, at most 500 characters."""
    return " ".join(str(error).split())[:500]


def _finish(
    folder: Path,
    attempt: int,
    state: State,
    reason: str,
    failure: Failure | None,
    result: Result | None = None,
) -> None:
    ended = {"state": state, "reason": reason, "failure": failure, "result": result, "finished": now()}
    with status_locked(folder):
        if read_status(folder).attempt != attempt:
            return
        change_status_surely(folder, **ended)


@contextmanager
def stop_signals(request_stop: Callable[[], None], progress: Progress) -> Iterator[None]:
    """SIGTERM and Ctrl+C ask the work to stop at its next safe point; a second Ctrl+C stops it at once.

    Only the main thread of a process can be told so; elsewhere this does nothing.
    """

    def stop(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and progress.stop_requested():
            raise KeyboardInterrupt
        hint = b"; Ctrl+C again stops at once" if os.isatty(2) else b""
        os.write(2, b"stopping at the next safe point" + hint + b"\n")  # print is not safe in a signal
        request_stop()

    try:
        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
