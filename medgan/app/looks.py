"""Looking at folders of thousands: which files lie there and when they changed, in a word; once for a page."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")

Stamps = str
"""Changes when a file of those that were looked at does; part of a cache's key."""
FOUND: ContextVar[dict[Any, Any] | None] = ContextVar("found for this page", default=None)


def stamp(path: Path) -> int:
    """When a file last changed, in nanoseconds; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def stamps(root: Path, *names: str) -> Stamps:
    """Which folders below a folder hold files of these names, and when those changed."""
    digest = hashlib.blake2b(digest_size=16)
    for folder in _entries(root):
        for name in names:
            if changed := _changed(os.path.join(folder, name)):  # noqa: PTH118 - a Path a file costs more than the look
                digest.update(f"{folder}/{name} {changed}\n".encode())
    return digest.hexdigest()


def stamps_of_files(root: Path, ending: str) -> Stamps:
    """Which files of an ending lie in a folder, and when they changed."""
    files = [path for path in _entries(root) if path.endswith(ending)]
    digest = hashlib.blake2b("\n".join(f"{path} {_changed(path)}" for path in files).encode(), digest_size=16)
    return digest.hexdigest()


def _entries(root: Path) -> list[str]:
    try:
        with os.scandir(root) as found:
            return sorted(one.path for one in found)
    except OSError:
        return []


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


@contextmanager
def one_look() -> Iterator[None]:
    """Around a page: what it asks for more than once is looked up once, so that all of it shows one state."""
    token = FOUND.set({})
    try:
        yield
    finally:
        FOUND.reset(token)


def once_a_page(look: Callable[[], ValueT]) -> Callable[[], ValueT]:
    """The same function, whose value is kept until the page is drawn; a part that is drawn anew looks anew."""

    @wraps(look)
    def looked() -> ValueT:
        found = FOUND.get()
        if found is None:
            return look()
        if look not in found:
            found[look] = look()
        value: ValueT = found[look]
        return value

    return looked
