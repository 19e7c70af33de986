"""What a phantom is: a drawn medical image with exact ground truth, and the family it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Phantom:
    """One drawn image and the exact outline of what it shows.

    image: uint8 (size, size, channels), 1 channel grey or 3 channels RGB.
    masks: uint8 0/1 (size, size, structures), in the order of the family's structures.
    """

    image: NDArray[np.uint8]
    masks: NDArray[np.uint8]


@dataclass(frozen=True)
class PhantomFamily:
    """A kind of phantom, e.g. frontal chest films, with the classes it can draw and the structures it outlines.

    draw takes a seeded generator, one of the classes and a size in pixels. The same generator state gives the same
    anatomy at every size: only the pixel noise differs.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    structures: tuple[str, ...]
    channels: int
    draw: Callable[[np.random.Generator, str, int], Phantom]
