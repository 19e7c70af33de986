"""What every reader returns, and the guard that every reader calls before it decodes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgan.data.problems import Unusable

Pixels = NDArray[np.uint8 | np.uint16 | np.int16 | np.float32]


@dataclass(frozen=True)
class SourceImage:
    """One picture as its file stores it, upright.

    pixels: (h, w, 1) grey or (h, w, 3) RGB; uint8, uint16, int16 or float32, not yet scaled to any range.
    width, height: of the file's picture; pixels may be a smaller copy where the caller allowed it.
    """

    pixels: Pixels
    width: int
    height: int


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
