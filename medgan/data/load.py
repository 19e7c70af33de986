"""One item from its files to the arrays of a data set, or the reason why not."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from medgan.data.fit import Fit, fit_image, fit_mask
from medgan.data.formats import ReadOptions, read_image
from medgan.data.intensity import Intensity, is_grey
from medgan.data.layout import SourceItem
from medgan.data.masks import binary_mask
from medgan.data.problems import Problem, Unusable

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Recipe:
    """What is done to every item: pixels a side, channels (1 or 3), fit, intensity, most pixels to read.

    guessed_grey: one channel because a sample showed no colour, not because the user asked for it.
    """

    size: int
    channels: int
    fit: Fit = "pad"
    intensity: Intensity = field(default_factory=Intensity)
    pixel_limit: int = 80_000_000
    guessed_grey: bool = False


@dataclass(frozen=True)
class LoadedItem:
    """image (size, size, channels) uint8; masks (size, size, structures) uint8 0/1; width and height of the
    original in pixels; notes on what was forgiven."""

    image: Uint8
    masks: Uint8
    width: int
    height: int
    notes: tuple[Problem, ...] = ()

    @property
    def pixels_sha256(self) -> str:
        """A hash of the prepared image: equal pictures have equal ones, whatever files they came in."""
        return hashlib.sha256(self.image.tobytes()).hexdigest()


def load_item(root: Path, item: SourceItem, recipe: Recipe) -> LoadedItem | Problem:
    """Read, scale and resize one image and its masks; a Problem where one of its files cannot be used."""
    file = item.image
    try:
        # Twice the final size is enough to decode: JPEG does so several times faster, and the eye sees no
        # difference.
        source = read_image(root / file, ReadOptions(recipe.pixel_limit, enough=2 * recipe.size))
        pixels = recipe.intensity.to_bytes(source.pixels)
        image = fit_image(pixels, recipe.size, recipe.channels, recipe.fit)
        masks = np.zeros((recipe.size, recipe.size, len(item.masks)), np.uint8)
        notes = [_colour_dropped(file)] if recipe.guessed_grey and not is_grey(pixels) else []
        for structure, file in enumerate(item.masks):
            mask, forgiven = _load_mask(root / file, recipe.pixel_limit, (source.width, source.height))
            masks[..., structure] = fit_mask(mask, recipe.size, recipe.fit)
            if forgiven:
                notes.append(_near_binary(file))
    except Unusable as error:
        return error.at(str(file))
    return LoadedItem(image, masks, source.width, source.height, tuple(notes))


def _load_mask(path: Path, pixel_limit: int, image_size: tuple[int, int]) -> tuple[NDArray[np.bool_], bool]:
    source = read_image(path, ReadOptions(pixel_limit))
    if (source.width, source.height) != image_size:
        sizes = f"{source.width} x {source.height}, its image {image_size[0]} x {image_size[1]}"
        raise Unusable("size_differs", f"mask is {sizes} pixels")
    return binary_mask(source.pixels)


def _near_binary(file: PurePosixPath) -> Problem:
    return Problem(str(file), "mask_near_binary", "mask has a soft edge; pixels above the middle were taken")


def _colour_dropped(file: PurePosixPath) -> Problem:
    return Problem(str(file), "colour_dropped", "is coloured among grey images and was made grey; colour=rgb keeps it")
