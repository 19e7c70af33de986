"""One item from its files to the arrays of a data set, or the reason why not."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from medgan.data.fit import Fit, fit_image, fit_mask
from medgan.data.formats import ReadOptions, SourceImage, read_image
from medgan.data.intensity import Intensity, is_grey
from medgan.data.layout import SourceItem
from medgan.data.masks import binary_mask
from medgan.data.problems import Problem, Unusable

Uint8 = NDArray[np.uint8]
# A source and its image lie on each other only where their shapes agree; by this share, for rounded sizes.
SHAPE_TOLERANCE = 0.02


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
    """image (size, size, channels) uint8; masks (size, size, structures) uint8 0/1; source as the image, or
    of 0 channels where there is none; width and height of the image's original in pixels; notes on what was
    forgiven."""

    image: Uint8
    masks: Uint8
    source: Uint8
    width: int
    height: int
    notes: tuple[Problem, ...] = ()

    @property
    def pixels_sha256(self) -> str:
        """A hash of the prepared image: equal pictures have equal ones, whatever files they came in."""
        return hashlib.sha256(self.image.tobytes()).hexdigest()


def load_item(root: Path, item: SourceItem, recipe: Recipe) -> LoadedItem | Problem:
    """Read, scale and resize one image with its masks or its source; a Problem where one of its files cannot be
    used."""
    file = item.image
    try:
        picture = _read(root / file, recipe)
        beside = None
        if item.is_side_by_side:
            beside, picture = _halves(picture)
        image, notes = _prepared(picture, file, recipe)
        masks = np.zeros((recipe.size, recipe.size, len(item.masks)), np.uint8)
        for structure, file in enumerate(item.masks):
            mask, forgiven = _load_mask(root / file, recipe.pixel_limit, (picture.width, picture.height))
            masks[..., structure] = fit_mask(mask, recipe.size, recipe.fit)
            if forgiven:
                notes.append(_near_binary(file))
        source = image[..., :0]
        if item.source:
            file = item.source
            original = beside or _read(root / file, recipe)
            _check_shape(original, picture)
            source, found = _prepared(original, file, recipe)
            notes += [note for note in found if note not in notes]  # of two halves, one note is enough
    except Unusable as error:
        return error.at(str(file))
    return LoadedItem(image, masks, source, picture.width, picture.height, tuple(notes))


def _read(path: Path, recipe: Recipe) -> SourceImage:
    # Twice the final size is enough to decode: JPEG does so several times faster, and the eye sees no difference.
    return read_image(path, ReadOptions(recipe.pixel_limit, enough=2 * recipe.size))


def _prepared(picture: SourceImage, file: PurePosixPath, recipe: Recipe) -> tuple[Uint8, list[Problem]]:
    """A picture as the data set holds it, and a note where it lost its colour unasked."""
    pixels = recipe.intensity.to_bytes(picture.pixels)
    image = fit_image(pixels, recipe.size, recipe.channels, recipe.fit)
    return image, [_colour_dropped(file)] if recipe.guessed_grey and not is_grey(pixels) else []


def _halves(picture: SourceImage) -> tuple[SourceImage, SourceImage]:
    """The source and the image that lie side by side in one picture."""
    width, height = picture.width, picture.height
    if width != 2 * height:
        reason = f"is {width} x {height} pixels; a source and its image side by side are twice as wide as high"
        raise Unusable("image_without_source", reason)
    half = picture.pixels.shape[1] // 2
    left, right = picture.pixels[:, :half], picture.pixels[:, -half:]
    return SourceImage(left, height, height), SourceImage(right, height, height)


def _check_shape(source: SourceImage, image: SourceImage) -> None:
    stretch = (source.width * image.height) / (source.height * image.width)
    if abs(stretch - 1) > SHAPE_TOLERANCE:
        sizes = f"{source.width} x {source.height}, its image {image.width} x {image.height}"
        raise Unusable("size_differs", f"source is {sizes} pixels: of another shape")


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
