"""Phantoms: drawn medical images with exact ground truth, so that the whole program runs without any download."""

from __future__ import annotations

import zlib

import numpy as np

from medgan.common.errors import BadInput
from medgan.data.phantoms.chest_ct import CHEST_CT
from medgan.data.phantoms.chest_xray import CHEST_XRAY
from medgan.data.phantoms.dermoscopy import DERMOSCOPY
from medgan.data.phantoms.family import Phantom, PhantomFamily

__all__ = ["LARGEST_SIZE", "PHANTOMS", "SMALLEST_SIZE", "Phantom", "PhantomFamily", "draw"]

SMALLEST_SIZE = 16
LARGEST_SIZE = 1024

PHANTOMS: dict[str, PhantomFamily] = {
    CHEST_XRAY.name: CHEST_XRAY,
    CHEST_CT.name: CHEST_CT,
    DERMOSCOPY.name: DERMOSCOPY,
}


def draw(family: str, label: str, size: int, seed: int, index: int) -> Phantom:
    """Draw item `index` of a family and class; the same arguments always give the same pixels.

    Another size gives the same patient, drawn finer or coarser. Another class gives another patient, never the same
    one healthy and ill, so that classes share nothing a study could exploit. size: pixels a side, 16..1024.

    Raises BadInput for an unknown family or class, a size out of range, or a negative seed or index.
    """
    kind = PHANTOMS.get(family)
    if kind is None:
        raise BadInput(f"There is no phantom family {family!r}; choose one of {', '.join(PHANTOMS)}.")
    if label not in kind.classes:
        raise BadInput(f"Phantom family {family!r} has no class {label!r}; choose one of {', '.join(kind.classes)}.")
    if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise BadInput(f"A phantom cannot be {size} pixels a side; choose {SMALLEST_SIZE} to {LARGEST_SIZE}.")
    if seed < 0 or index < 0:
        raise BadInput(f"Seed {seed} and index {index} of a phantom must not be negative; use 0 or more.")
    names = [zlib.crc32(family.encode()), zlib.crc32(label.encode())]
    entropy = np.random.SeedSequence([seed, index, *names])
    return kind.draw(np.random.Generator(np.random.PCG64(entropy)), label, size)
