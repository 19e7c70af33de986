"""Grids of images at a readable size, each with a caption and a text for those who do not see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from medgan.common.pictures import STRUCTURE_COLOURS, encode_png, grid, outline, to_pil

Uint8 = NDArray[np.uint8]

GAP = 4
"""Pixels between pictures side by side."""
SIDES = {"small": 128, "medium": 176, "large": 300}
"""Least width of an image, in screen pixels."""
SIDE_WORDS = {"small": "Small", "medium": "Medium", "large": "Large"}


@dataclass(frozen=True)
class Picture:
    """One image of a gallery, ready to be sent."""

    png: bytes
    caption: str
    alternative: str


@dataclass(frozen=True)
class Cell:
    """A picture of a gallery with what is drawn below it, such as its buttons."""

    picture: Picture
    below: Callable[[], None] | None = None


def enlarged(image_uint8: Uint8, side: int, *, exact: bool = False) -> Uint8:
    """An image (h, w, c) with its longer side brought up to `side` pixels; larger ones stay as they are.

    exact: keep the pixels visible as squares, instead of interpolating between them.
    """
    height, width = image_uint8.shape[:2]
    if max(height, width) >= side:
        return image_uint8
    scale = side / max(height, width)
    method = Image.Resampling.NEAREST if exact else Image.Resampling.BICUBIC
    resized = np.asarray(to_pil(image_uint8).resize((round(width * scale), round(height * scale)), method))
    return resized.reshape(*resized.shape[:2], image_uint8.shape[2])


def with_outlines(image_uint8: Uint8, masks: Uint8, side: int, *, exact: bool = False) -> Uint8:
    """An enlarged image with the outline of each structure drawn over it, rimmed with black to show on any colour."""
    larger = enlarged(image_uint8, side, exact=exact)
    drawn: Uint8 = np.repeat(larger, 3, axis=2) if larger.shape[2] == 1 else larger.copy()
    lines = [_line(_mask_as_large_as(masks[..., number], larger)) for number in range(masks.shape[2])]
    drawn[binary_dilation(np.logical_or.reduce(lines))] = 0
    for number, line in enumerate(lines):
        drawn[line] = STRUCTURE_COLOURS[number % len(STRUCTURE_COLOURS)]
    return drawn


def _line(mask: Uint8) -> NDArray[np.bool_]:
    """The inner border of a 0/1 mask, two pixels wide."""
    border = outline(mask)
    return border | outline(np.where(border, np.uint8(0), mask))


def _mask_as_large_as(mask: Uint8, image: Uint8) -> Uint8:
    picture = Image.fromarray(np.ascontiguousarray(mask) * np.uint8(255))
    resized = picture.resize((image.shape[1], image.shape[0]), Image.Resampling.BILINEAR)
    return (np.asarray(resized) >= 128).astype(np.uint8)


def mask_picture(masks: Uint8, side: int) -> Uint8:
    """A mask (h, w, structures) as a picture: one structure in white, several in the colours of their outlines."""
    longer = max(masks.shape[:2])
    scale = max(side, longer) / longer
    height, width = round(masks.shape[0] * scale), round(masks.shape[1] * scale)
    canvas = np.zeros((height, width, 1 if masks.shape[2] == 1 else 3), np.uint8)
    for number in range(masks.shape[2]):
        inside = _mask_as_large_as(masks[..., number], canvas) == 1
        canvas[inside] = 255 if masks.shape[2] == 1 else STRUCTURE_COLOURS[number % len(STRUCTURE_COLOURS)]
    return canvas


def beside(images_uint8: Sequence[Uint8]) -> Uint8:
    """Pictures of one height in a row, with a thin gap; grey ones become colour where one of them is."""
    channels = max(image.shape[2] for image in images_uint8)
    height = max(image.shape[0] for image in images_uint8)
    gap = np.full((height, GAP, channels), 96, np.uint8)
    row: list[Uint8] = []
    for image in images_uint8:
        larger = enlarged(image, height)
        row += [np.repeat(larger, channels, axis=2) if larger.shape[2] < channels else larger, gap]
    return np.concatenate(row[:-1], axis=1)


def legend(structures: Sequence[str]) -> None:
    """Which colour stands for which structure."""
    if not structures:
        return
    marks = (
        '<span style="white-space:nowrap">'
        f'<span style="color:rgb{STRUCTURE_COLOURS[number % len(STRUCTURE_COLOURS)]}">■</span> {escape(name)}</span>'
        for number, name in enumerate(structures)
    )
    st.html(" &nbsp;&nbsp; ".join(marks), width="content")


def show(pictures: Sequence[Picture], side: int) -> None:
    """Draw pictures in rows that fill the width, each about `side` screen pixels wide."""
    grid_of_cells = st.grid("auto", min_column_width=side, gap=("small", "xsmall"))
    for picture in pictures:
        _image(grid_of_cells, picture)


def show_cells(cells: Sequence[Cell], side: int) -> None:
    """Draw pictures as `show` does, each with what belongs below it."""
    grid_of_cells = st.grid("auto", min_column_width=side, gap="small")
    for cell in cells:
        with grid_of_cells.container(gap=None, horizontal_alignment="center"):
            _image(st, cell.picture)
            if cell.below is not None:
                cell.below()


def show_one(picture: Picture) -> None:
    """Draw one picture as wide as the place it has."""
    _image(st, picture)


def _image(place: Any, picture: Picture) -> None:
    place.image(picture.png, caption=picture.caption, alt=picture.alternative, width="stretch", output_format="PNG")


def sheet(images_uint8: Uint8, alternative: str, *, columns: int, side: int = 128) -> None:
    """Several images as one picture that fills its width."""
    show_sheet(sheet_png(images_uint8, columns, side), alternative)


def sheet_png(images_uint8: Uint8, columns: int, side: int) -> bytes:
    """Several images, enlarged and tiled, as a PNG file."""
    return encode_png(grid(np.stack([enlarged(image, side) for image in images_uint8]), columns))


def show_sheet(png: bytes, alternative: str) -> None:
    """Draw a picture of several images as wide as the place it has."""
    st.image(png, width="stretch", alt=alternative, output_format="PNG")
