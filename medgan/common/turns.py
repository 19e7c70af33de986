"""One after the other: work that two processes must not do at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from medgan.common.errors import Cancelled
from medgan.common.progress import Progress

PATIENCE_S = 1.0


@contextmanager
def in_turn(path: Path, progress: Progress, what: str) -> Iterator[None]:
    """Hold a lock file; wait for it where another process has it. Raises Cancelled when asked to stop meanwhile.

    The lock ends with its process, however that ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=PATIENCE_S)
            break
        except Timeout:
            progress.update(0, 0, f"waiting for another process that does the same: {what}")
            if progress.stop_requested():
                raise Cancelled(f"stopped while waiting for another process: {what}") from None
    try:
        yield
    finally:
        lock.release()
