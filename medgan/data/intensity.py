"""From stored numbers to bytes: Hounsfield windows, 16-bit ranges, grey and RGB."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgan.data.formats import Display, Pixels, SourceImage
from medgan.data.windows import PRESETS, Showing, Window

Uint8 = NDArray[np.uint8]
Scaling = Literal["auto", "window", "range", "file", "lung", "mediastinum", "bone"]
# No film, photograph or mask holds numbers as low as this: such pixels are Hounsfield units.
HOUNSFIELD_BELOW = -100


@dataclass(frozen=True)
class Intensity:
    """How numbers of more than 8 bits become bytes.

    scaling: `window` maps [low_hu, high_hu] to 0..255; `lung`, `mediastinum` and `bone` do so with the usual window
    where the numbers are Hounsfield units; `file` takes the window of that number that the file names, from 1 on, or
    its last; `range` maps the image's own range (its 0.1th to 99.9th percentile, so that a few hot pixels do not leave
    the rest black). `auto`, and whatever has no meaning for an image: [low_hu, high_hu] for Hounsfield units, else the
    file's first window, else the image's own range.
    """

    scaling: Scaling = "auto"
    low_hu: float = -1000.0
    high_hu: float = 400.0
    file_window: int = 1

    def show(self, picture: SourceImage) -> Uint8:
        """A picture's pixels as bytes (h, w, c): windowed, inverted where white is its lowest number, and black where
        it holds no picture. 8-bit pixels are returned as they are unless their file asks for more."""
        display = picture.display
        if display is None:
            return self.to_bytes(picture.pixels)
        shown = self._scaled(picture.pixels, display)
        if display.inverted:
            shown = 255 - shown
        if display.padding is not None:
            shown = np.where(display.padding[..., None], np.uint8(0), shown)
        return shown

    def to_bytes(self, pixels: Pixels) -> Uint8:
        """Pixels (h, w, c) that no file says more of, as bytes of the same shape."""
        return self._scaled(pixels, Display(hounsfield=float(np.nan_to_num(pixels).min()) < HOUNSFIELD_BELOW))

    def _scaled(self, pixels: Pixels, display: Display) -> Uint8:
        if pixels.dtype == np.uint8 and not display.windows:
            return pixels.astype(np.uint8, copy=False)
        finite = np.nan_to_num(pixels)
        return self.showing(finite, display).to_bytes(finite)

    def showing(self, pixels: Pixels, display: Display) -> Showing:
        """The window for these pixels, of any shape; padding of the display is of that shape without channels."""
        is_deep = pixels.dtype != np.uint8
        hounsfield = is_deep and display.hounsfield  # a screenshot of a CT has bytes, whatever its header says
        if hounsfield and self.scaling in PRESETS:
            return PRESETS[self.scaling]
        if is_deep and self.scaling == "window":
            return Window(self.low_hu, self.high_hu)
        if self.scaling == "file" and display.windows:
            return display.windows[min(self.file_window, len(display.windows)) - 1]
        if self.scaling != "range":
            if hounsfield:
                return Window(self.low_hu, self.high_hu)
            if display.windows:
                return display.windows[0]
        return _own_range(pixels, display.padding)


def _own_range(pixels: Pixels, padding: NDArray[np.bool_] | None) -> Window:
    """The range of an image's own numbers, padding left out; black where they are all the same."""
    numbers = pixels if padding is None or padding.all() else pixels[~padding]
    low, high = np.percentile(numbers, (0.1, 99.9))
    return Window(float(low), float(high)) if high > low else Window(float(numbers.min()), float(numbers.max()))


def is_grey(image_uint8: Uint8, tolerance: int = 8) -> bool:
    """Whether an image (h, w, c) shows no colour; the tolerance forgives what JPEG does to R = G = B."""
    if image_uint8.shape[-1] == 1:
        return True
    red, green, blue = np.moveaxis(image_uint8, -1, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool((spread <= tolerance).all())
