"""Reading small files again and again: what was read of a file is kept for as long as the file stays as it was."""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

ValueT = TypeVar("ValueT")

KEPT = 8192
"""Files of a kind that are remembered, those that were asked for last."""


def while_unchanged(read: Callable[[Path], ValueT]) -> Callable[[Path], ValueT]:
    """The same function, that reads a file anew only where it was written since: another time, size or inode.

    For files that are written whole, by a rename, and values that nobody changes. What is raised is not remembered. The
    file is opened to look at it: only that makes a network disk ask whether another machine wrote it meanwhile.
    """

    @lru_cache(maxsize=KEPT)
    def remembered(path: str, _written: tuple[int, int, int]) -> ValueT:
        return read(Path(path))

    def look(path: Path) -> ValueT:
        try:
            with open(path, "rb", buffering=0) as stream:
                found = os.fstat(stream.fileno())
        except OSError:
            return read(path)  # which knows how to say so
        return remembered(str(path), (found.st_mtime_ns, found.st_size, found.st_ino))

    return look
