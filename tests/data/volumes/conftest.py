"""A small body with a landmark on its right, in front and towards the head, and ways to write it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SPACING = (4.0, 2.0, 1.5)  # mm from slice to slice, down, to the right
ORIGIN = (-12.0, 20.0, 100.0)  # mm: left, back, head


@dataclass(frozen=True)
class Body:
    """voxels: (8 slices from feet to head, 12 rows from front to back, 16 columns from the patient's right), in
    Hounsfield units: air, tissue, a bright landmark. labels: 3 at the landmark, 1 below it."""

    voxels: NDArray[np.int16]
    labels: NDArray[np.uint8]


@pytest.fixture
def body() -> Body:
    voxels = np.full((8, 12, 16), -1000, np.int16)
    voxels[:, 2:10, 2:14] = 40
    voxels += 20 * np.arange(8, dtype=np.int16)[:, None, None]  # each slice looks unlike every other
    labels = np.zeros((8, 12, 16), np.uint8)
    labels[5:8, 2:4, 2:6] = 3
    labels[0:4, 6:9, 8:12] = 1
    voxels[labels == 3] = 300
    return Body(voxels, labels)


def image_of(voxels: NDArray[np.generic], placed: bool = True) -> SimpleITK.Image:
    """Voxels from feet to head, front to back, right to left as an image of SimpleITK."""
    image = SimpleITK.GetImageFromArray(voxels)
    if placed:
        image.SetSpacing(SPACING[::-1])
        image.SetOrigin(ORIGIN)
    return image


WriteVolume = Callable[..., Path]


@pytest.fixture
def write_volume() -> WriteVolume:
    """write_volume(path, voxels, orientation="LPS", placed=True): stored along the axes that the letters name."""

    def write(path: Path, voxels: NDArray[np.generic], orientation: str = "LPS", placed: bool = True) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image = image_of(voxels, placed)
        if orientation != "LPS":
            image = SimpleITK.DICOMOrient(image, orientation)
        SimpleITK.WriteImage(image, str(path))
        return path

    return write


def slice_dataset(pixels: NDArray[np.generic], series: str, number: int) -> Dataset:
    """One CT slice in Hounsfield units, without a place."""
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, generate_uid()
    one.SeriesInstanceUID, one.StudyInstanceUID, one.FrameOfReferenceUID = series, f"{series}.1", f"{series}.2"
    one.Modality, one.InstanceNumber = "CT", number
    one.PatientID, one.PatientName = "MRN-4711", "Doe^Jane"
    one.PatientBirthDate, one.PatientSex, one.StudyID, one.AccessionNumber = "19700101", "F", "1", "1"
    one.StudyDate, one.StudyTime, one.ReferringPhysicianName, one.SeriesNumber = "20200101", "120000", "", 1
    one.Rows, one.Columns = pixels.shape
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
    one.RescaleSlope, one.RescaleIntercept = 1, -1024
    one.PixelData = (pixels.astype(np.int32) + 1024).astype("<u2").tobytes()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return one


WriteSeries = Callable[..., list[Path]]


@pytest.fixture
def write_series() -> WriteSeries:
    """write_series(folder, voxels, ...): one file a slice; the files' names do not tell their order.

    at_mm: where each slice lies along the head; evenly spaced where not given. names: of the files.
    """

    def write(
        folder: Path,
        voxels: NDArray[np.generic],
        series: str = "1.2.3",
        at_mm: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
        patient: str = "MRN-4711",
        acquisition: int = 1,
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        places = at_mm if at_mm is not None else [ORIGIN[2] + SPACING[0] * number for number in range(len(voxels))]
        files = []
        for number, (pixels, place) in enumerate(zip(voxels, places, strict=True)):
            one = slice_dataset(pixels, series, number + 1)
            one.PatientID, one.AcquisitionNumber = patient, acquisition
            one.PixelSpacing, one.SliceThickness = [SPACING[1], SPACING[2]], SPACING[0]
            one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            one.ImagePositionPatient = [ORIGIN[0], ORIGIN[1], place]
            name = names[number] if names else f"{(number * 5 + 3) % 8}-{acquisition}.dcm"
            one.save_as(folder / name, enforce_file_format=True)
            files.append(folder / name)
        return files

    return write
