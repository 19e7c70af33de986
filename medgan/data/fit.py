"""Resizing pictures and masks to a square, antialiased, by padding or by squashing."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgan.common.pictures import to_pil

Uint8 = NDArray[np.uint8]
Fit = Literal["pad", "squash"]


def fit_image(image_uint8: Uint8, size: int, channels: int, fit: Fit, pixel_height: float = 1.0) -> Uint8:
    """An image (h, w, 1 or 3) as (size, size, channels), Lanczos-filtered; padding is black.

    pixel_height: of one pixel, in its widths.
    """
    picture = to_pil(image_uint8).convert("L" if channels == 1 else "RGB")
    # A box reduction to at least 3 times the final size, then Lanczos: several times faster, no visible loss.
    inner = _inner_size(picture.size, size, fit, pixel_height)
    return _fitted(picture, size, inner, Image.Resampling.LANCZOS, reducing_gap=3.0).reshape(size, size, channels)


def fit_mask(mask: NDArray[np.bool_], size: int, fit: Fit, pixel_height: float = 1.0) -> Uint8:
    """A mask (h, w) as 0/1 bytes (size, size): 1 where the structure covers half of a pixel or more."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    inner = _inner_size(picture.size, size, fit, pixel_height)
    return (_fitted(picture, size, inner, Image.Resampling.BILINEAR, reducing_gap=None) >= 128).astype(np.uint8)


def _fitted(
    picture: Image.Image,
    size: int,
    inner: tuple[int, int],
    filter_: Image.Resampling,
    reducing_gap: float | None,
) -> Uint8:
    width, height = inner
    resized = np.asarray(picture.resize((width, height), filter_, reducing_gap=reducing_gap))
    square = np.zeros((size, size, *resized.shape[2:]), np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = resized
    return square


def _inner_size(picture: tuple[int, int], size: int, fit: Fit, pixel_height: float) -> tuple[int, int]:
    """The largest width and height of the same shape that fit into a square of `size` pixels a side, or all of it."""
    if fit == "squash":
        return size, size
    width, height = picture[0], picture[1] * pixel_height
    scale = size / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
