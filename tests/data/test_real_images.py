"""The real images at hand: every original loads plausibly, the four sets prepare as what they are."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.formats import READERS, read_image, suffix_of
from medgan.data.intensity import Intensity
from medgan.data.layout import detect
from medgan.data.prepare import prepare

DICOM = {".dcm", ".dicom"}  # see dicom/test_originals.py


def test_every_original_of_a_supported_format_loads(shared_data: Path) -> None:
    files = [path for path in (shared_data / "originals").rglob("*") if suffix_of(path) in READERS.keys() - DICOM]
    assert len(files) == 44
    for path in files:
        source = read_image(path)
        shown = Intensity().to_bytes(source.pixels)
        assert shown.shape[:2] == (source.height, source.width), path
        is_mask = any(word in str(path) for word in ("masks", "_label", "GroundTruth"))
        assert shown.std() > (0 if is_mask else 20), path
        assert is_mask or 30 < shown.mean() < 235, path


def test_hounsfield_slices_show_dark_lungs_in_grey_tissue(shared_data: Path) -> None:
    dataset = prepare(PrepareConfig(source=shared_data / "originals" / "ct_lungs" / "kmader_int16_HU", size=128))
    assert dataset.structures == ("lung",)
    assert dataset.problems == []
    assert dataset.masks is not None
    for image, mask in zip(dataset.images[..., 0], dataset.masks[..., 0], strict=True):
        assert 10 < image[mask == 1].mean() < 70  # about -860 HU
        body = image[32:96, 32:96][mask[32:96, 32:96] == 0]
        assert 150 < np.median(body) < 210  # soft tissue, about 40 HU
        assert 0.1 < mask.mean() < 0.5


def test_original_layouts(shared_data: Path) -> None:
    originals = shared_data / "originals"
    assert detect(originals / "pneumonia_cxr").classes == {"normal": 7, "pneumonia": 7}
    isic = detect(originals / "isic" / "isic2018_task1_512")
    assert (len(isic.items), isic.structures, isic.family.name) == (6, ("lesion",), "melanoma")
    assert len(detect(originals / "ct_lungs" / "kmader_rgb8_mask255").items) == 3
    assert len(detect(originals / "tb_cxr").items) == 3


SETS = {
    "pneumonia_cxr": ("pneumonia", ("normal", "viral_pneumonia"), (), 1),
    "tb_cxr": ("tuberculosis", ("normal", "tb"), (), 1),
    "ct_lungs": ("chest_ct", (), ("lung",), 1),
    "isic": ("melanoma", (), ("lesion",), 3),
}


@pytest.mark.parametrize("name", SETS)
def test_known_sets(shared_data: Path, tmp_path: Path, name: str) -> None:
    dataset = prepare(PrepareConfig(source=_subset(shared_data / name, tmp_path / name, 40), size=32))
    family, classes, structures, channels = SETS[name]
    assert dataset.manifest.summary["family"] == family
    assert (dataset.classes, dataset.structures, dataset.channels) == (classes, structures, channels)
    assert [problem for problem in dataset.problems if problem.left_out] == []
    assert set(dataset.items["split"]) == {"train", "validation", "test"}
    assert (dataset.items.groupby("patient_id")["split"].nunique() == 1).all()
    _looks_right(dataset)


def _subset(source: Path, target: Path, count: int) -> Path:
    """The first files of each folder, so that masks still find their images."""
    for folder in (path for path in source.iterdir() if path.is_dir()):
        (target / folder.name).mkdir(parents=True)
        for path in sorted(folder.iterdir())[:count]:
            shutil.copy(path, target / folder.name / path.name)
    return target


def _looks_right(dataset: PreparedDataset) -> None:
    assert 50 < dataset.images.mean() < 200
    assert dataset.images.std() > 20
    if dataset.masks is not None:
        inside, outside = dataset.images[dataset.masks[..., 0] == 1], dataset.images[dataset.masks[..., 0] == 0]
        assert 0.03 < dataset.masks.mean() < 0.6
        assert inside.mean() < outside.mean() - 10  # lungs and lesions are darker than what lies around them


def test_persons_with_several_films(shared_data: Path) -> None:
    layout = detect(shared_data / "pneumonia_cxr")
    patients = {layout.family.patient_of(item.image) for item in layout.items}
    assert len(layout.items) == 792
    assert len(patients) == 735
    assert None not in patients
