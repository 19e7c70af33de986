"""A mask that a person hands over as a file's bytes."""

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.data.fit import fit_mask
from medgan.data.formats import READERS, read_image, suffix_of
from medgan.data.formats.source_image import ReadOptions
from medgan.data.masks import binary_mask
from medgan.data.problems import Unusable

LARGEST = ReadOptions(pixel_limit=40_000_000)


def mask_of_file(content: bytes, name: str, size: int) -> NDArray[np.uint8]:
    """The mask (size, size) of 0/1 that a picture shows, white inside; padded where it is not square.

    Raises BadInput, in one line, for what is no picture, holds more than two values, or is black or white all over.
    """
    suffix = suffix_of(PurePath(name))
    if suffix not in READERS:
        raise BadInput(f"{name}: cannot be read as a mask; give a black-and-white PNG, white inside the structure")
    try:
        mask = _read(content, suffix)
    except Unusable as error:
        raise BadInput(
            f"{name}: {error.reason}; give a black-and-white PNG, white inside the structure and black outside"
        ) from None
    if mask.all() or not mask.any():
        colour = "white" if mask.all() else "black"
        raise BadInput(f"{name}: is {colour} all over, so it outlines nothing; paint the structure white on black")
    fitted = fit_mask(mask, size, "pad")
    if not fitted.any():
        raise BadInput(f"{name}: what it outlines is smaller than a pixel at {size} by {size}; draw it larger")
    return fitted


def _read(content: bytes, suffix: str) -> NDArray[np.bool_]:
    with TemporaryDirectory(prefix="medgan-mask-") as folder:  # readers take paths
        path = Path(folder) / f"mask{suffix}"
        path.write_bytes(content)
        return binary_mask(read_image(path, LARGEST).pixels)[0]
