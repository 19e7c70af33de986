"""Grids of images at a readable size, each with a caption and a text for those who do not see it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from medgan.common.pictures import encode_png, grid, outline, overlay, to_pil

Uint8 = NDArray[np.uint8]

SIDES = {"small": 128, "medium": 176, "large": 300}
"""Least width of an image, in screen pixels."""
SIDE_WORDS = {"small": "Small", "medium": "Medium", "large": "Large"}


@dataclass(frozen=True)
class Picture:
    """One image of a gallery, ready to be sent."""

    png: bytes
    caption: str
    alternative: str


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
    grown = np.stack([_mask_as_large_as(masks[..., number], larger) for number in range(masks.shape[2])], axis=2)
    rim = np.logical_or.reduce([binary_dilation(outline(grown[..., number])) for number in range(masks.shape[2])])
    return overlay(np.where(rim[..., None], np.uint8(0), larger), grown)


def _mask_as_large_as(mask: Uint8, image: Uint8) -> Uint8:
    picture = Image.fromarray(np.ascontiguousarray(mask) * np.uint8(255))
    resized = picture.resize((image.shape[1], image.shape[0]), Image.Resampling.BILINEAR)
    return (np.asarray(resized) >= 128).astype(np.uint8)


def synthetic_pictures(
    images_uint8: Uint8, *, seed: int, side: int, shows: str, exact: bool = False, first: int = 0
) -> list[Picture]:
    """Images of a generator from number `first` on; each caption says that it is synthetic, and which it is."""
    return [
        Picture(
            encode_png(enlarged(image, side, exact=exact)),
            f"Synthetic · seed {seed} · no. {index}",
            f"Synthetic image: {shows}; seed {seed}, number {index}",
        )
        for index, image in enumerate(images_uint8, start=first)
    ]


def show(pictures: Sequence[Picture], side: int) -> None:
    """Draw pictures in rows that fill the width, each about `side` screen pixels wide."""
    grid_of_cells = st.grid("auto", min_column_width=side, gap=("small", "xsmall"))
    for picture in pictures:
        grid_of_cells.image(
            picture.png, caption=picture.caption, alt=picture.alternative, width="stretch", output_format="PNG"
        )


def sheet(images_uint8: Uint8, alternative: str, *, columns: int, side: int = 128) -> None:
    """Several images as one picture that fills its width."""
    show_sheet(sheet_png(images_uint8, columns, side), alternative)


def sheet_png(images_uint8: Uint8, columns: int, side: int) -> bytes:
    """Several images, enlarged and tiled, as a PNG file."""
    return encode_png(grid(np.stack([enlarged(image, side) for image in images_uint8]), columns))


def show_sheet(png: bytes, alternative: str) -> None:
    """Draw a picture of several images as wide as the place it has."""
    st.image(png, width="stretch", alt=alternative, output_format="PNG")
