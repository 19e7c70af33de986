"""Headers whose voxels lie in other files (`.mhd`, `.nhdr`): which files, and whether they may be read."""

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from medgan.data.problems import Unusable
from medgan.data.roots import leads_out

# More than the longest header by far, even one that lists a thousand files.
HEADER_BYTES = 1 << 20
_META = re.compile(rb"ElementDataFile[ \t]*[=:][ \t]*([^\r\n]*)", re.IGNORECASE)
_NRRD = re.compile(rb"data ?file[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_NUMBERED = re.compile(r"([^%\s]*%0?\d?d[^%\s]*)\s+(\d{1,6})\s+(\d{1,6})\s+(\d{1,6})(?:\s+\d)?$", re.ASCII)


def data_files(path: Path) -> tuple[str, ...]:
    """The files that hold the voxels of a MetaImage or NRRD header, relative to its folder; none where it does itself.

    Raises Unusable where one lies elsewhere: a header from a stranger must not have other files read.
    """
    with open(path, "rb") as stream:
        header = stream.read(HEADER_BYTES)
    is_meta = path.suffix.lower() in {".mha", ".mhd"}
    found = list((_META if is_meta else _NRRD).finditer(header))
    if not found and (is_meta or (len(header) == HEADER_BYTES and b"\n\n" not in header.replace(b"\r", b""))):
        raise Unusable("unreadable", "has no header that can be read")
    names: list[str] = []
    for match in found:  # every one, wherever it stands: which of them counts is the decoder's to say
        named = match[1].decode("utf-8", "replace").strip()
        if named.upper() != "LOCAL":
            names += _listed(named, header[match.end() :].partition(b"\0")[0].decode("utf-8", "replace"))
    for name in names:
        _check_within(name)
        if leads_out(path.parent / name, path.parent):
            raise Unusable("unreadable", f"takes its voxels from {name!r:.120}, a link out of its own folder")
    return tuple(dict.fromkeys(names))


def _listed(named: str, rest: str) -> tuple[str, ...]:
    """The names that a field gives: one, a list on the lines below, or a pattern with first, last and step."""
    if named.upper().split()[:1] == ["LIST"]:
        return tuple(line.strip() for line in rest.splitlines() if line.strip())
    if numbered := _NUMBERED.match(named):
        pattern, *numbers = numbered.groups()
        first, last, step = map(int, numbers)
        return tuple(pattern % number for number in range(first, last + 1, max(1, step)))
    return (named,)


def _check_within(name: str) -> None:
    windows, posix = PureWindowsPath(name), PurePosixPath(name)
    if windows.is_absolute() or windows.drive or posix.is_absolute() or ".." in windows.parts or "\0" in name:
        raise Unusable("unreadable", f"takes its voxels from {name!r:.120}, outside its own folder")
