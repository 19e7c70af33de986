"""CT Lung & Heart & Trachea as its two downloads lie side by side: slices of DICOM, masks in NRRD volumes."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from medgan.data.config import PrepareConfig
from medgan.data.layout import detect
from medgan.data.prepare import prepare

PATIENTS = ("ID00007637202177411956430", "ID00009637202177434476278", "ID00010637202177584971671")
SHAPE = (4, 40, 40)


def write_slices(folder: Path, patient: str, voxels: NDArray[np.int16]) -> None:
    """A CT series of that patient, one file a slice, the lowest first."""
    folder.mkdir(parents=True)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    for number, plane in enumerate(voxels, start=1):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        header.SeriesInstanceUID, header.StudyInstanceUID, header.FrameOfReferenceUID = series, study, frame
        header.PatientID, header.Modality, header.InstanceNumber = patient, "CT", number
        header.Rows, header.Columns = plane.shape
        header.SamplesPerPixel, header.PhotometricInterpretation, header.PixelRepresentation = 1, "MONOCHROME2", 1
        header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
        header.RescaleSlope, header.RescaleIntercept = 1, 0
        header.PixelSpacing, header.SliceThickness = [2, 2], 5
        header.ImageOrientationPatient, header.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * (number - 1)]
        header.PixelData = plane.tobytes()
        header.save_as(folder / f"{number}.dcm", enforce_file_format=True)


def write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = SimpleITK.GetImageFromArray(mask)
    image.SetSpacing((2, 2, 5))  # type: ignore[no-untyped-call]
    SimpleITK.WriteImage(image, str(path))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three patients of four slices; the third has no heart mask. The lung lies left in the picture."""
    folder = tmp_path / "ct_lung_heart_trachea"
    rng = np.random.default_rng(0)
    for patient in PATIENTS:
        write_slices(folder / "train" / patient, patient, rng.integers(-900, 300, SHAPE, np.int16))
        for structure, columns in (("lung", slice(2, 10)), ("heart", slice(20, 30)), ("noisy", slice(0, 40))):
            mask = np.zeros(SHAPE, np.uint8)
            mask[1:, 10:20, columns] = 1
            if structure != "heart" or patient != PATIENTS[2]:
                name = f"nrrd_{structure}"
                write_mask(folder / name / name / f"{patient}_{structure}.nrrd", mask)
    return folder


def test_volumes_are_found_with_their_structures_and_recognised(source: Path) -> None:
    layout = detect(source)
    assert (layout.family.name, layout.kind) == ("lung_heart_trachea", "volumes")
    assert layout.published == {"train": {"": 3000}, "test": {"": 100}}
    assert "labels of heart, lung" in layout.in_words()


def test_slices_are_prepared_with_masks_in_place_and_split_by_patient(source: Path) -> None:
    config = PrepareConfig(source=source, size=40, name="lht", use_published_split=True, validation_fraction=0)
    dataset = prepare(config)
    assert dataset.structures == ("heart", "lung")
    assert dataset.masks is not None
    assert dataset.items.groupby("patient_id")["split"].nunique().eq(1).all()
    complete = [index for index, mask in enumerate(dataset.masks) if mask.any()]
    assert complete
    for index in complete:
        heart, lung = np.moveaxis(np.asarray(dataset.masks[index]), -1, 0)
        assert lung[10:20, 2:10].all()
        assert lung.sum() == 80
        assert heart[10:20, 20:30].all() or not heart.any()
    (note,) = [problem for problem in dataset.problems if problem.kind == "published_split"]
    assert "instead of 3,000" in note.reason
