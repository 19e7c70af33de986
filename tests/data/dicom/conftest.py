"""DICOM files of every kind, written on the spot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

WriteDicom = Callable[..., Path]
CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "DX": DigitalXRayImageStorageForPresentation}
NAME, NUMBER = "Doe^Jane^Secret", "4711-0815"


def header(stored: NDArray[Any], modality: str, **elements: Any) -> Dataset:
    """A data set that describes and holds stored numbers (h, w), (h, w, 3), or with frames first where told."""
    frames = int(elements.get("NumberOfFrames", 1))
    shape = stored.shape[1:] if frames > 1 else stored.shape
    dataset = Dataset()
    dataset.SOPClassUID = CLASSES.get(modality, SecondaryCaptureImageStorage)
    dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = NAME, NUMBER
    dataset.PatientBirthDate, dataset.InstitutionName = "19500402", "Hospital of Secrets"
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.SamplesPerPixel = 3 if len(shape) == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
    if len(shape) == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = stored.dtype.itemsize * 8
    dataset.BitsStored = dataset.BitsAllocated
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.HighBit = dataset.BitsStored - 1
    if "PixelData" not in dataset:
        content = stored.tobytes()
        dataset.PixelData = content + b"\0" * (len(content) % 2)
        dataset["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"
    return dataset


@pytest.fixture
def write_dicom(tmp_path: Path) -> WriteDicom:
    """write_dicom(name, stored, modality="OT", syntax=..., compress=False, preamble=True, **elements): a file."""

    def write(
        name: str,
        stored: NDArray[Any],
        modality: str = "OT",
        syntax: UID = ExplicitVRLittleEndian,
        compress: bool = False,
        preamble: bool = True,
        **elements: Any,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset = header(stored, modality, **elements)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if compress else syntax
        if compress:
            dataset.compress(syntax, encoding_plugin="", generate_instance_uid=False)
        if not preamble:
            dataset.save_as(path, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
        else:
            dataset.save_as(path, enforce_file_format=True)
        return path

    return write
