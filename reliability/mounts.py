"""Mounts of a Linux machine, made and taken away again; only root may."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

BLOCK = 4096
"""Bytes that a file of a disk in memory takes at least."""

MOST_TRIES, BUSY_S = 200, 0.02
"""How often a mount that somebody writes to is turned read-only, and how long between."""


@cache
def why_not() -> str:
    """Why nothing can be mounted here; empty where it can."""
    if not shutil.which("mount") or os.geteuid():
        return "mounts need root on Linux"
    with TemporaryDirectory() as folder:
        tried = _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
        if tried.returncode:
            return f"nothing can be mounted here ({tried.stderr.strip()})"
        _unmount(Path(folder))
    return ""


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """A disk in memory of so many MiB at a folder, with what was in it copied onto it."""
    kept = folder.with_name(f"{folder.name}-kept")
    folder.rename(kept)
    folder.mkdir()
    _require(_mount("-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)))
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        yield folder
    finally:
        _unmount(folder)
        folder.rmdir()
        kept.rename(folder)


def leave(ballast: Path, room: int) -> None:
    """Fill the disk up but for so many bytes."""
    disk = os.statvfs(ballast.parent)
    taken = disk.f_bavail * disk.f_frsize - room
    with open(ballast, "wb") as stream:
        if taken > 0:
            os.posix_fallocate(stream.fileno(), 0, taken)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be opened for writing below the folder; what is open already stays so."""
    _require(_mount("--bind", str(folder), str(folder)))
    try:
        _turn_read_only(folder)
        yield
    finally:
        _unmount(folder)


def _turn_read_only(folder: Path) -> None:
    """Try until no file is open for writing there at that moment."""
    for _ in range(MOST_TRIES):
        tried = _mount("-o", "remount,ro,bind", str(folder))
        if "busy" not in tried.stderr:
            break
        time.sleep(BUSY_S)
    _require(tried)


def _mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a process may still be in it


def _require(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise OSError(f"mount: {done.stderr.strip()}")
