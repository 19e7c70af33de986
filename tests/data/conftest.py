"""Small source folders, written on the spot."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Write = Callable[..., Path]


def _film(seed: int, height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """A smooth picture unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 236, (4, 4, channels), np.uint8)
    picture = Image.fromarray(coarse.squeeze()).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture).reshape(height, width, channels)


@pytest.fixture
def write_image() -> Write:
    """write_image(path, seed, size=(h, w), channels=1): a picture of its own for each seed."""

    def write(path: Path, seed: int = 0, size: tuple[int, int] = (40, 32), channels: int = 1) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_film(seed, *size, channels).squeeze()).save(path)
        return path

    return write


@pytest.fixture
def write_mask() -> Write:
    """write_mask(path, size=(h, w), white=255): a mask whose upper half is the structure."""

    def write(path: Path, size: tuple[int, int] = (40, 32), white: int = 255) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        mask = np.zeros(size, np.uint8)
        mask[: size[0] // 2] = white
        Image.fromarray(mask).save(path)
        return path

    return write


@pytest.fixture
def two_classes(tmp_path: Path, write_image: Write) -> Path:
    """A source with ten images of class `ill` and ten of class `well`."""
    source = tmp_path / "source"
    for index in range(10):
        write_image(source / "Ill" / f"a{index}.png", index)
        write_image(source / "well" / f"b{index}.png", 100 + index)
    return source


@pytest.fixture
def with_masks(tmp_path: Path, write_image: Write, write_mask: Write) -> Path:
    """A source with eight images and their masks of one structure."""
    source = tmp_path / "masked"
    for index in range(8):
        write_image(source / "images" / f"x{index}.png", index)
        write_mask(source / "masks_lung" / f"x{index}_mask.png")
    return source
