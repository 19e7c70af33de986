"""Grids, overlays and PNGs of byte images, for people to look at."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Uint8 = NDArray[np.uint8]


def grid(images_uint8: Uint8, columns: int | None = None, gap: int = 2) -> Uint8:
    """Tile (n, h, w, c) row by row into one picture (H, W, c) with thin mid-grey gaps."""
    count, height, width, channels = images_uint8.shape
    columns = columns or max(1, math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 96, np.uint8)
    for index, image in enumerate(images_uint8):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def to_pil(image_uint8: Uint8) -> Image.Image:
    """One image (h, w), (h, w, 1) or (h, w, 3) as a Pillow image."""
    squeezed = image_uint8[..., 0] if image_uint8.ndim == 3 and image_uint8.shape[-1] == 1 else image_uint8
    return Image.fromarray(np.ascontiguousarray(squeezed))


def encode_png(image_uint8: Uint8) -> bytes:
    """One image (h, w), (h, w, 1) or (h, w, 3) as the bytes of a PNG file."""
    buffer = io.BytesIO()
    to_pil(image_uint8).save(buffer, format="PNG")
    return buffer.getvalue()


def outline(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The inner border, one pixel wide, of a 0/1 mask (h, w)."""
    inside = mask.astype(bool)
    padded = np.pad(inside, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    border: NDArray[np.bool_] = inside & ~core
    return border


# Okabe-Ito colours: they stay apart for colour-blind eyes.
STRUCTURE_COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (204, 121, 167))


def overlay(image_uint8: Uint8, masks: Uint8) -> Uint8:
    """An image (h, w, 1 or 3) as RGB with the outline of each structure of masks (h, w, structures) drawn on it."""
    rgb = np.repeat(image_uint8, 3, axis=2) if image_uint8.shape[2] == 1 else image_uint8.copy()
    for structure in range(masks.shape[2]):
        rgb[outline(masks[..., structure])] = STRUCTURE_COLOURS[structure % len(STRUCTURE_COLOURS)]
    return rgb


def painted(masks: Uint8) -> Uint8:
    """Masks (n, h, w, structures) of 0/1 as one grey picture (n, h, w, 1): a level each structure, the last white."""
    count = masks.shape[3]
    levels = (255 * np.arange(1, count + 1) // count).astype(np.uint8)
    picture: Uint8 = (masks * levels).max(axis=3, keepdims=True)
    return picture
