"""Images translated to the other class and back again: what a CycleGAN changes, and what it loses on the way."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]
Translate = Callable[[str, Uint8], Uint8]
"""From the part of a batch that images belong to (their domain) and the images (n, h, w, c) to translated ones."""


@dataclass(frozen=True)
class RoundTrip:
    """Images (n, h, w, c) of bytes and what became of them, item by item."""

    given: Uint8
    translated: Uint8
    back: Uint8

    @property
    def change(self) -> Floats:
        """How far each translation (n,) is from what was given: see `distance`."""
        return distance(self.given, self.translated)

    @property
    def loss(self) -> Floats:
        """How far each image (n,) is from itself after the way back; 0 for a perfect cycle (Zhu et al. 2017, eq. 2)."""
        return distance(self.given, self.back)


def round_trip(translate: Translate, there: str, back: str, images: Uint8) -> RoundTrip:
    """Translate images of the domain `there`, and the result, which is of the domain `back`, again."""
    translated = translate(there, images)
    return RoundTrip(images, translated, translate(back, translated))


def distance(first: Uint8, second: Uint8) -> Floats:
    """Mean absolute difference of each pair of images (n, h, w, c), in grey levels of 0 to 255; 0 for equal ones."""
    means: Floats = np.abs(first.astype(np.float64) - second).mean(axis=(1, 2, 3))
    return means


def brighter(before: Uint8, after: Uint8) -> Floats:
    """Where an image (h, w, c) became brighter (> 0) or darker (< 0): (h, w) in grey levels, channels averaged."""
    levels: Floats = (after.astype(np.float64) - before).mean(axis=2)
    return levels
