"""The folders below which images may be read by path: all of them, unless whoever runs the dashboard names some."""

import os
from collections.abc import Iterable
from pathlib import Path

from medgan.common.errors import BadInput
from medgan.common.home import downloads_folder, uploads_folder

VARIABLE = "MEDGAN_DATA_ROOTS"


def roots() -> tuple[Path, ...]:
    """The folders that MEDGAN_DATA_ROOTS names, separated as in PATH; none where every folder may be read."""
    given = os.environ.get(VARIABLE, "")
    return tuple(Path(part).expanduser().resolve() for part in given.split(os.pathsep) if part.strip())


def inside_roots(folder: Path) -> Path:
    """The folder, with its links resolved where only some may be read; raises BadInput where it lies outside of them.

    What was uploaded or downloaded is always allowed.
    """
    allowed = roots()
    if not allowed:
        return folder
    try:
        resolved = folder.resolve()
    except (OSError, RuntimeError):  # a name that is too long, links in a circle
        raise BadInput(f"{folder!s:.200}: cannot be opened") from None
    if not _lies_in(resolved, (*allowed, uploads_folder().resolve(), downloads_folder().resolve())):
        names = ", ".join(map(str, allowed))
        raise BadInput(f"{folder}: lies outside the folders that may be read here ({names}; set by {VARIABLE})")
    return resolved


def leads_out(path: Path, source: Path) -> bool:
    """Whether a file or folder found below a source is a link out of it, to where nothing may be read.

    Never where every folder may be read.
    """
    allowed = roots()
    if not allowed:
        return False
    try:
        return not _lies_in(path.resolve(), (*allowed, source.resolve()))
    except (OSError, RuntimeError):  # links in a circle
        return True


def _lies_in(resolved: Path, folders: Iterable[Path]) -> bool:
    return any(resolved.is_relative_to(folder) for folder in folders)
