"""What work reports to while it is a job: progress and sign of life in its folder, and whether to stop."""

import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from medgan.common.errors import BadInput
from medgan.common.progress import Progress, Silent
from medgan.jobs.records import HEARTBEAT, PROGRESS, ProgressRecord, now, read_status, write_quick

HEARTBEAT_S = 2.0
PROGRESS_S = 0.5


class Reporter:
    """A Progress that writes into a job's folder and passes everything on to another one.

    A thread of its own gives the sign of life and looks for a cancel request written by another machine;
    a signal sets the same flag at once. A full disk stops neither: the work itself will say it.

    A job's tasks on other machines have one each, for the job's process to read: it writes into `file`, and leaves the
    sign of life to that process.
    """

    def __init__(self, folder: Path, attempt: int, beside: Progress | None = None, file: Path | None = None) -> None:
        self.folder = folder
        self.attempt = attempt
        self.file = file or folder / PROGRESS
        self._beats = file is None
        self.beside = beside or Silent()
        self._stop = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._latest: ProgressRecord | None = None
        self._written_at = float("-inf")
        self._speed = Speed()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._write_progress(at_once=True)

    def request_stop(self) -> None:
        """From now on the work is asked to stop."""
        self._stop.set()

    def stop_requested(self) -> bool:
        return self._stop.is_set() or self.beside.stop_requested()

    def update(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` units are finished; written at most twice a second."""
        seconds_left = self._speed.seconds_left(done, total, time.monotonic())
        with self._lock:
            self._latest = ProgressRecord(done=done, total=total, message=message, seconds_left=seconds_left)
        self._write_progress()
        self.beside.update(done, total, message)

    def _write_progress(self, *, at_once: bool = False) -> None:
        with self._lock:
            clock = time.monotonic()
            if self._latest is None or not (at_once or clock - self._written_at >= PROGRESS_S):
                return
            with suppress(OSError):
                write_quick(self.file, self._latest.model_dump_json())
            self._latest = None
            self._written_at = clock

    def _beat(self) -> None:
        while True:
            if self._beats:
                with suppress(OSError):
                    write_quick(self.folder / HEARTBEAT, now().isoformat() + "\n")
            self._write_progress()
            with suppress(BadInput):
                status = read_status(self.folder)
                if status.attempt != self.attempt or status.cancel_requested is not None:
                    self.request_stop()
            if self._over.wait(HEARTBEAT_S):
                return


class Speed:
    """Time left, from the units done since this attempt's first report: a resumed one does not begin at 0."""

    def __init__(self) -> None:
        self._total = -1
        self._first_done = 0
        self._first_at = 0.0

    def seconds_left(self, done: int, total: int, clock_s: float) -> float | None:
        """Seconds until `done` is `total`; None before there is anything to measure."""
        if total != self._total or done < self._first_done:  # another phase of the work
            self._total, self._first_done, self._first_at = total, done, clock_s
        elapsed_s = clock_s - self._first_at
        if done <= self._first_done or elapsed_s <= 0:
            return None
        return max(0.0, (total - done) * elapsed_s / (done - self._first_done))


def in_words(seconds: float) -> str:
    """A duration as people say it: `45 s`, `12 min`, `3 h 5 min`."""
    whole = timedelta(seconds=round(seconds))
    minutes = round(whole.total_seconds() / 60)
    if whole.total_seconds() < 90:
        return f"{whole.seconds} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
