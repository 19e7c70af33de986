"""Which files lie in a source folder: images, formats to come, other things, and traps."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from medgan.common.errors import BadInput
from medgan.data.formats import NOT_YET, READERS, VOLUMES, is_picture, suffix_of
from medgan.data.problems import Problem
from medgan.data.roots import VARIABLE, leads_out

IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass(frozen=True)
class Listing:
    """The images and volumes of a source folder, as sorted paths relative to it, and what was found beside them."""

    root: Path
    images: tuple[PurePosixPath, ...]
    problems: tuple[Problem, ...]


def _check_folder(root: Path) -> None:
    try:
        if not root.is_dir():
            lack = "is not a folder; give the folder that holds it" if root.exists() else "no such folder"
            raise BadInput(f"{root}: {lack}")
    except OSError as error:  # a name that is too long, a folder above it that may not be entered
        raise BadInput(f"{root!s:.200}: cannot be opened ({error.strerror})") from None


def scan(root: Path) -> Listing:
    """Walk a folder, following links but entering each folder once. Hidden files are passed over in silence.

    Raises BadInput where the folder is missing or cannot be opened.
    """
    _check_folder(root)
    images: list[PurePosixPath] = []
    problems: list[Problem] = []
    others: Counter[str] = Counter()
    entered: set[str] = set()

    def refuse(error: OSError) -> None:
        problems.append(Problem(_relative(root, Path(error.filename)), "unreadable", str(error.strerror)))

    for folder_name, subfolders, files in os.walk(root, followlinks=True, onerror=refuse):
        folder = Path(folder_name)
        where = _relative(root, folder)
        if refused := _misnamed(folder, where) or _leading_out(folder, root, where):
            problems.append(refused)
            subfolders.clear()
            continue
        real = os.path.realpath(folder)
        if real in entered:
            problems.append(Problem(where, "link_loop", "leads to a folder that was already read"))
            subfolders.clear()
            continue
        entered.add(real)
        subfolders[:] = sorted(name for name in subfolders if _is_visible(name))
        visible = sorted(name for name in files if _is_visible(name))
        if not visible and not subfolders:
            problems.append(Problem(where, "empty_folder", "holds no files"))
        for name in visible:
            file = PurePosixPath(where, _printable(name))
            # Told before it is opened: a pipe would wait for ever.
            irregular = _leading_out(folder / name, root, str(file)) or _irregular(folder / name, str(file))
            known = suffix_of(file) in READERS or suffix_of(file) in VOLUMES
            if not known and (irregular or not is_picture(folder / name)):
                others[suffix_of(file)] += 1
            elif refused := _misnamed(folder / name, str(file)) or irregular:
                problems.append(refused)
            else:
                images.append(file)
    if any(suffix_of(image) in {".mhd", ".nhdr"} for image in images):
        del others[".raw"], others[".zraw"]  # the voxels that those headers refer to
    problems.extend(_about_others(others))
    return Listing(root, tuple(sorted(images)), tuple(problems))


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in IGNORED_NAMES


def _printable(name: str) -> str:
    """The name itself, or with escapes for the bytes that are no text: no table or report can hold those."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _misnamed(path: Path, shown: str) -> Problem | None:
    if _printable(path.name) == path.name:
        return None
    return Problem(shown, "unreadable", "its name is not valid UTF-8; rename it")


def _leading_out(path: Path, root: Path, shown: str) -> Problem | None:
    if not leads_out(path, root):
        return None
    return Problem(shown, "unreadable", f"is a link out of the folders that may be read here (set by {VARIABLE})")


def _irregular(path: Path, shown: str) -> Problem | None:
    return Problem(shown, "unreadable", "is not a regular file") if path.exists() and not path.is_file() else None


def _relative(root: Path, path: Path) -> str:
    return _printable(path.relative_to(root).as_posix())


def _about_others(others: Counter[str]) -> list[Problem]:
    """One line a kind of file, however many there are."""
    problems = []
    for suffix, count in sorted(others.items()):
        files = f"{count} file{'s' if count > 1 else ''}"
        if suffix in NOT_YET:
            reason = f"{files}: {NOT_YET[suffix]} is not supported yet"
            problems.append(Problem(f"*{suffix}", "not_supported", reason))
        else:
            problems.append(Problem(f"*{suffix}" if suffix else "(no suffix)", "not_an_image", f"{files} ignored"))
    return problems
