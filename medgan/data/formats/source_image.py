"""What every reader returns, and the guard that every reader calls before it decodes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgan.data.problems import ProblemKind, Unusable
from medgan.data.windows import Numbers, Showing

Pixels = Numbers
Note = tuple[ProblemKind, str]


@dataclass(frozen=True)
class Display:
    """How a file asks that its numbers be shown.

    hounsfield: whether they are Hounsfield units. windows: those that the file names, the first one first. inverted:
    whether its lowest number is white (MONOCHROME1). padding: (h, w), where there is no picture.
    """

    hounsfield: bool = False
    windows: tuple[Showing, ...] = ()
    inverted: bool = False
    padding: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class SourceImage:
    """One picture as its file stores it, upright.

    pixels: (h, w, 1) grey or (h, w, 3) RGB; uint8, uint16, int16 or float32, not yet scaled to any range.
    width, height: of the file's picture; pixels may be a smaller copy where the caller allowed it.
    display: None where the format says nothing of it. patient: a code for whose it is, "" where the file does not say;
    never a name or number that others know. notes: what the file says of itself that is worth knowing.
    """

    pixels: Pixels
    width: int
    height: int
    display: Display | None = None
    patient: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class ReadOptions:
    """How to read: refuse pictures above `pixel_limit` pixels; where `enough` is given, a reader may return
    a copy scaled down for speed as long as no side falls below `enough` pixels."""

    pixel_limit: int = 80_000_000
    enough: int | None = None


Reader = Callable[[Path, ReadOptions], SourceImage]


def check_declared_size(width: int, height: int, limit: int) -> None:
    """Refuse a picture by the size its header declares; raises Unusable (too_large)."""
    if width * height > limit:
        raise too_large(f"{width} x {height} pixels", limit)
    if min(width, height) < 1:
        raise Unusable("unreadable", f"declares an empty picture ({width} x {height})")


def too_large(declared: str, limit: int) -> Unusable:
    return Unusable("too_large", f"declares {declared}; the megapixel limit is {limit / 1e6:g}")
