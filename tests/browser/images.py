"""Images for the pages' main paths: real ones where they are at hand, phantoms elsewhere."""

import shutil
from pathlib import Path

from medgan.common.pictures import encode_png
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.phantoms import draw
from medgan.data.prepare import prepare

from ..conftest import SHARED_DATA

CLASSES = ("normal", "viral_pneumonia")
TINY = {"size": 64, "width": 8, "batch_size": 2, "steps": 2, "samples": 2}
"""Options of a GAN that is trained in a moment."""


def write_films(folder: Path, a_class: int) -> Path:
    """So many chest films of each of two classes, in one folder a class."""
    for label in CLASSES:
        (folder / label).mkdir(parents=True)
        real = SHARED_DATA / "pneumonia_cxr" / label
        for path in sorted(real.iterdir())[:a_class] if real.is_dir() else ():
            shutil.copy(path, folder / label)
        for index in range(0 if real.is_dir() else a_class):
            film = draw("chest_xray", label, 96, 0, index).image
            (folder / label / f"film-{index:03d}.png").write_bytes(encode_png(film))
    return folder


def write_lesions(folder: Path, count: int) -> Path:
    """So many skin lesions with their masks, in the folders `images` and `masks`."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
        real = SHARED_DATA / "isic" / part
        for path in sorted(real.iterdir())[:count] if real.is_dir() else ():
            shutil.copy(path, folder / part)
    for index in range(0 if (SHARED_DATA / "isic").is_dir() else count):
        lesion = draw("dermoscopy", "lesion", 96, 0, index)
        (folder / "images" / f"{index:03d}.png").write_bytes(encode_png(lesion.image))
        (folder / "masks" / f"{index:03d}.png").write_bytes(encode_png(lesion.masks[..., :1] * 255))
    return folder


def prepared(folder: Path, name: str) -> PreparedDataset:
    """A folder as a data set of 64 pixels, a fifth of it to validate and a fifth to test."""
    fractions = {"validation_fraction": 0.2, "test_fraction": 0.2}
    return prepare(PrepareConfig.parse({"source": folder, "name": name, "size": 64, **fractions}))
