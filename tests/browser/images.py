"""Images for the pages' main paths: real ones where they are at hand, phantoms elsewhere."""

import shutil
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medgan.common.pictures import encode_png
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.phantoms import draw
from medgan.data.prepare import prepare

from ..conftest import SHARED_DATA
from ..data.volumes.conftest import slice_dataset

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


def write_scan(folder: Path, slices: int) -> Path:
    """A CT phantom as the NIfTI file `scan.nii.gz`, with its lungs (1) and heart (2) in `scan_seg.nii.gz`."""
    folder.mkdir(parents=True)
    for name, voxels in zip(("scan", "scan_seg"), _scan(slices), strict=True):
        SimpleITK.WriteImage(_image(voxels), str(folder / f"{name}.nii.gz"))
    return folder


def write_series(folder: Path, slices: int) -> Path:
    """The same as a DICOM series, one file a slice, with its labels in `series_seg.nrrd`."""
    folder.mkdir(parents=True)
    voxels, labels = _scan(slices)
    for number, pixels in enumerate(voxels):
        one = slice_dataset(pixels, "1.2.3", number + 1)
        one.PixelSpacing, one.SliceThickness = [2, 2], 5
        one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * number]
        one.save_as(folder / f"IM{slices - number:04d}", enforce_file_format=True)
    SimpleITK.WriteImage(_image(labels), str(folder / "series_seg.nrrd"))
    return folder


def _scan(slices: int) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Hounsfield units, and 1 in the lungs and 2 in the heart: (slices from the feet up, h, w)."""
    drawn = [draw("chest_ct", "ct", 96, 0, index) for index in range(slices)]
    voxels = np.stack([one.image[..., 0].astype(np.int16) * 5 - 1000 for one in drawn])
    lung, heart = 0, 1
    labels = np.stack([np.maximum(one.masks[..., lung], 2 * one.masks[..., heart]) for one in drawn])
    return voxels, labels.astype(np.uint8)


def _image(voxels: NDArray[np.generic]) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(voxels)
    image.SetSpacing((2, 2, 5))
    return image


def prepared(folder: Path, name: str) -> PreparedDataset:
    """A folder as a data set of 64 pixels, a fifth of it to validate and a fifth to test."""
    fractions = {"validation_fraction": 0.2, "test_fraction": 0.2}
    return prepare(PrepareConfig.parse({"source": folder, "name": name, "size": 64, **fractions}))
