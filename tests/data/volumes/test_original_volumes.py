"""The real volumes at hand, by figures taken from pictures that were looked at."""

from pathlib import Path

import numpy as np
import pytest

from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.prepare import prepare
from medgan.data.volumes.volume import axial
from medgan.data.volumes.volume_file import read_volume_file


def prepared(folder: Path, **options: object) -> PreparedDataset:
    return prepare(PrepareConfig.parse({"source": folder, "size": 128, **options}))


def centre(mask: np.ndarray) -> tuple[float, float]:
    """Of a mask (h, w): down and to the right, in shares of the side."""
    down, right = np.argwhere(mask).mean(axis=0) / 128
    return float(down), float(right)


def test_ct_series_with_heart_and_liver(shared_data: Path) -> None:
    """Two NRRD files and a DICOM SEG that says the same as one of them; the liver lies on the patient's right."""
    dataset = prepared(shared_data / "originals" / "dicom" / "dcmqi_ct_3slice")
    assert dataset.structures == ("heart", "liver")
    assert [problem.kind for problem in dataset.problems] == ["patient_unknown"]
    assert list(dataset.items["file"]) == ["03.dcm", "02.dcm", "01.dcm"]
    assert dataset.items["spacing_x_mm"].iloc[0] == pytest.approx(0.8105, abs=1e-4)
    assert dataset.masks is not None
    heart, liver = np.moveaxis(dataset.masks[1], -1, 0).astype(bool)
    assert centre(liver)[1] < 0.45 < 0.6 < centre(heart)[1]
    image = dataset.images[1, ..., 0]
    assert image[liver].mean() == pytest.approx(189, abs=3)  # about 40 HU
    assert image[heart].mean() > 165
    assert image[110:].mean() < 60  # the table below, air around


def test_abdominal_ct_with_forty_labels(shared_data: Path) -> None:
    folder = shared_data / "originals" / "nifti_nrrd" / "totalsegmentator"
    dataset = prepared(folder, structures="5=liver, 1=spleen, 2=right kidney, 3=left kidney")
    assert dataset.structures == ("left_kidney", "liver", "right_kidney", "spleen")
    assert len(dataset) == 30
    assert dataset.masks is not None
    masks = dataset.masks.max(axis=0).astype(bool)
    left_kidney, liver, right_kidney, spleen = np.moveaxis(masks, -1, 0)
    assert centre(liver)[1] < 0.45
    assert centre(spleen)[1] > 0.6
    assert centre(right_kidney)[1] < 0.45 < 0.55 < centre(left_kidney)[1]
    assert centre(right_kidney)[0] > centre(liver)[0]  # kidneys lie behind
    assert len(prepared(folder).structures) == 40


def test_lung_ct_with_a_mask_on_a_finer_grid(shared_data: Path) -> None:
    dataset = prepared(shared_data / "originals" / "ct_lungs" / "elastix_mha")
    assert set(dataset.items["volume"]) == {"3DCT_lung_baseline_small.mha"}
    assert len(dataset) == 64
    assert dataset.masks is not None
    inside = dataset.images[dataset.masks == 1]
    assert inside.mean() == pytest.approx(25, abs=4)  # about -865 HU: the mask, of twice the voxels, fits the lung
    assert dataset.masks[0].sum() == dataset.masks[-1].sum() == 0  # belly and shoulder
    assert [problem.file for problem in dataset.problems if problem.left_out] == ["3DCT_lung.mha"]  # without a mask


def test_lung_ct_without_a_mask(shared_data: Path) -> None:
    read = read_volume_file(shared_data / "originals" / "ct_lungs" / "elastix_mha" / "3DCT_lung.mha").volume
    assert (read.shape, read.spacing_mm) == ((129, 157, 115), pytest.approx((2.5, 1.366, 1.366)))
    assert (read.voxels.min(), read.voxels.max()) == (-1255, 1474)
    assert read.voxels.mean() == pytest.approx(-351.7, abs=0.1)
    ribs, lung = axial(read).voxels[64, :, 0:8], axial(read).voxels[64, 60:100, 40:60]
    assert lung.mean() < -700 < ribs.max() - 700  # the right lung: the chest wall lies at the left


def test_mr_volumes_with_labels(shared_data: Path) -> None:
    dataset = prepared(shared_data / "originals" / "nifti_nrrd" / "pyradiomics")
    assert dataset.structures == ("label_1", "label_7", "label_8", "label_9")
    counts = dataset.items["volume"].value_counts().to_dict()
    assert counts == {"breast1_image.nrrd": 21, "prostate_phantom_subvolume.nrrd": 13}
    assert dataset.masks is not None
    lesion = dataset.masks[:21, ..., 0] == 1
    assert dataset.images[:21][..., 0][lesion].mean() > dataset.images[:21].mean() + 20


def test_mixed_folder_of_dicom(shared_data: Path) -> None:
    """Pictures, a series, ten frames of an MR, and two files that decoders refuse."""
    dataset = prepared(shared_data / "originals" / "dicom", layout="images")
    assert set(problem.file for problem in dataset.problems if problem.left_out) == {
        "JPEG-lossy.dcm",
        "MR_truncated.dcm",
    }
    frames = dataset.items["volume"] == "emri_small.dcm"
    assert frames.sum() == 10
    images = dataset.images[frames.to_numpy()]
    assert 40 < images.mean() < 110
    assert images.std() > 40
