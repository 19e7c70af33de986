"""Telling DICOM files by their first bytes: hospitals name them as they like, often without a suffix."""

import re
from pathlib import Path

PREAMBLE = 128
# The first element of a file without preamble: of group 0002 or 0008, little endian with or without a type, or big.
_FIRST_ELEMENT = re.compile(
    rb"[\x02\x08]\x00(?:[\x00-\x18]\x00|[\x60\x70]\x00)(?:[A-Z]{2}|..\x00\x00)|\x00\x08\x00[\x00-\x18][A-Z]{2}",
    re.DOTALL,
)


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does: with a preamble and `DICM`, or, where a device left those out and gave it
    no suffix but a number, with an element of the first groups. A file that cannot be opened does not."""
    try:
        with open(path, "rb") as stream:
            beginning = stream.read(PREAMBLE + 4)
    except OSError:
        return False
    if beginning[PREAMBLE:] == b"DICM":
        return True
    may_lack_preamble = not path.suffix or path.suffix[1:].isdecimal()
    return may_lack_preamble and _FIRST_ELEMENT.match(beginning) is not None
