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

    guessed_grey: one channel because a sample showed no colour, not because the user asked for it. masks_scaled:
    whether a mask may have another size than its image, if its shape is the same.
    """

    size: int
    channels: int
    fit: Fit = "pad"
    intensity: Intensity = field(default_factory=Intensity)
    pixel_limit: int = 80_000_000
    guessed_grey: bool = False
    masks_scaled: bool = False


@dataclass(frozen=True)
class Place:
    """Which slice of which volume an image is. number: from 1, at the feet; count: slices of the volume. spacing_mm:
    from voxel to voxel of the original, from slice to slice, down, and to the right. file: of the slice."""

    volume: str
    number: int
    count: int
    spacing_mm: tuple[float, float, float]
    file: PurePosixPath


@dataclass(frozen=True)
class LoadedItem:
    """image (size, size, channels) uint8; masks (size, size, structures) uint8 0/1; source as the image, or
    of 0 channels where there is none; width and height of the image's original in pixels; notes on what was
    forgiven; for a slice of a volume, its place there; a code for whose it is, "" where no file says so."""

    image: Uint8
    masks: Uint8
    source: Uint8
    width: int
    height: int
    notes: tuple[Problem, ...] = ()
    place: Place | None = None
    patient: str = ""

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
        for structure, file in (*enumerate(item.masks), *item.joined):
            mask, forgiven = _load_mask(root / file, recipe, (picture.width, picture.height))
            masks[..., structure] |= fit_mask(mask, recipe.size, recipe.fit)
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
    return LoadedItem(image, masks, source, picture.width, picture.height, tuple(notes), patient=picture.patient)


def _read(path: Path, recipe: Recipe) -> SourceImage:
    # Twice the final size is enough to decode: JPEG does so several times faster, and the eye sees no difference.
    return read_image(path, ReadOptions(recipe.pixel_limit, enough=2 * recipe.size))


def _prepared(picture: SourceImage, file: PurePosixPath, recipe: Recipe) -> tuple[Uint8, list[Problem]]:
    """A picture as the data set holds it, and what is to be noted, such as that it lost its colour unasked."""
    pixels = recipe.intensity.show(picture)
    image = fit_image(pixels, recipe.size, recipe.channels, recipe.fit)
    notes = [Problem(str(file), kind, reason) for kind, reason in picture.notes]
    return image, [*notes, colour_dropped(file)] if recipe.guessed_grey and not is_grey(pixels) else notes


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


def _load_mask(path: Path, recipe: Recipe, image_size: tuple[int, int]) -> tuple[NDArray[np.bool_], bool]:
    source = read_image(path, ReadOptions(recipe.pixel_limit))
    stretch = (source.width * image_size[1]) / (source.height * image_size[0])
    is_alike = recipe.masks_scaled and abs(stretch - 1) <= SHAPE_TOLERANCE
    if (source.width, source.height) != image_size and not is_alike:
        sizes = f"{source.width} x {source.height}, its image {image_size[0]} x {image_size[1]}"
        raise Unusable("size_differs", f"mask is {sizes} pixels")
    return binary_mask(source.pixels)


def _near_binary(file: PurePosixPath) -> Problem:
    return Problem(str(file), "mask_near_binary", "mask has a soft edge; pixels above the middle were taken")


def colour_dropped(file: PurePosixPath | str) -> Problem:
    return Problem(str(file), "colour_dropped", "is coloured among grey images and was made grey; colour=rgb keeps it")
