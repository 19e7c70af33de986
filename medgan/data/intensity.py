"""From stored numbers to bytes: Hounsfield windows, 16-bit ranges, grey and RGB."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgan.data.formats import Pixels

Uint8 = NDArray[np.uint8]
# No film, photograph or mask holds numbers as low as this: such pixels are Hounsfield units.
HOUNSFIELD_BELOW = -100


@dataclass(frozen=True)
class Intensity:
    """How numbers of more than 8 bits become bytes.

    scaling: `window` maps [low_hu, high_hu] to 0..255; `range` maps the image's own range (its 0.1th to
    99.9th percentile, so that a few hot pixels do not leave the rest black); `auto` windows Hounsfield
    units, else ranges.
    """

    scaling: Literal["auto", "window", "range"] = "auto"
    low_hu: float = -1000.0
    high_hu: float = 400.0

    def to_bytes(self, pixels: Pixels) -> Uint8:
        """Pixels (h, w, c) as bytes of the same shape; 8-bit pixels are returned as they are."""
        if pixels.dtype == np.uint8:
            return pixels.astype(np.uint8, copy=False)
        finite = np.nan_to_num(pixels)
        low, high = self._limits(finite)
        if high <= low:
            return np.zeros(pixels.shape, np.uint8)
        scaled = (finite.astype(np.float32) - low) * (255.0 / (high - low))
        rounded: Uint8 = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return rounded

    def _limits(self, pixels: Pixels) -> tuple[float, float]:
        if self.scaling == "window" or (self.scaling == "auto" and float(pixels.min()) < HOUNSFIELD_BELOW):
            return self.low_hu, self.high_hu
        low, high = np.percentile(pixels, (0.1, 99.9))
        return (float(low), float(high)) if high > low else (float(pixels.min()), float(pixels.max()))


def is_grey(image_uint8: Uint8, tolerance: int = 8) -> bool:
    """Whether an image (h, w, c) shows no colour; the tolerance forgives what JPEG does to R = G = B."""
    if image_uint8.shape[-1] == 1:
        return True
    red, green, blue = np.moveaxis(image_uint8, -1, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool((spread <= tolerance).all())
