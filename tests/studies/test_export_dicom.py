"""DICOM exports: pixels as other programs read them, what the headers say, UIDs, and what a validator says."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut

from medgan.studies.export_dicom import single_image
from medgan.studies.export_notice import Notice
from medgan.studies.exports import ExportOptions, export_folder
from medgan.studies.synthesis import SyntheticSet

SIDE = 33  # odd, so that the pixels need a byte behind them
UNKNOWN_TAG = "(0x0008,0x001c)"  # Synthetic Data is newer than the validator's tables


def random_images(count: int, channels: int = 1, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE, channels), dtype=np.uint8)


def random_masks(count: int, structures: int) -> Any:
    masks = np.random.default_rng(1).integers(0, 2, (count, SIDE, SIDE, structures), dtype=np.uint8)
    masks[0, ..., -1] = 0  # a structure that is not there
    return masks


def exported(synthetic: SyntheticSet, folder: Path, bits: int = 8, **options: Any) -> list[Path]:
    """Files of an export, images before their masks."""
    asked = {"format": "dicom", "bits": bits, "distances": False} | options
    export_folder(synthetic, folder, ExportOptions.parse(asked))
    return sorted(folder.glob("*.dcm"))


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (1, 16), (3, 8), (3, 16)])
def test_pixels_come_back_as_they_were_drawn(make_set: Any, tmp_path: Path, channels: int, bits: int) -> None:
    images = random_images(3, channels)
    files = exported(make_set(images), tmp_path / "out", bits)
    assert len(files) == 3
    for file, image in zip(files, images, strict=True):
        wanted = (image.astype(np.uint16) * 257 if (channels, bits) == (1, 16) else image).squeeze()
        dataset = pydicom.dcmread(file)
        assert dataset.pixel_array.dtype == wanted.dtype
        assert np.array_equal(dataset.pixel_array, wanted)
        assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file)))[0], wanted)
        assert dataset.PhotometricInterpretation == ("MONOCHROME2" if channels == 1 else "RGB")
        if channels == 1:
            assert np.allclose(apply_voi_lut(dataset.pixel_array, dataset), wanted)


def test_a_file_says_that_it_is_synthetic_and_of_nobody(make_set: Any, tmp_path: Path) -> None:
    made = make_set(random_images(2), random_masks(2, 1), ["lung"], label="viral pneumonia")
    for file in exported(made, tmp_path / "out"):
        found = pydicom.dcmread(file)
        assert found.SyntheticData == "YES"
        assert found.BurnedInAnnotation == "NO"
        assert found.SeriesDescription.startswith("SYNTHETIC")
        for words in (
            "SYNTHETIC image",
            "run gone-run-20250102-030405-abcd, seed 7, image",
            "not for diagnosis",
            "Model: Pix2Pix",
        ):
            assert words in found.DerivationDescription
        assert "Class: viral pneumonia" in found.ImageComments
        assert str(found.PatientName).startswith("SYNTHETIC")
        assert found.PatientID.startswith("SYNTHETIC")
        assert not any((found.PatientBirthDate, found.PatientSex, found.ReferringPhysicianName, found.AccessionNumber))


def uids(files: list[Path]) -> list[str]:
    found = [pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in files]
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in found)
    return found


def test_the_same_export_is_the_same_and_any_other_has_other_uids(make_set: Any, tmp_path: Path) -> None:
    made = make_set(random_images(3), random_masks(3, 2), ["lung", "heart"])
    first, again = (exported(made, tmp_path / name) for name in ("first", "again"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]
    deep = exported(made, tmp_path / "deep", bits=16)
    other = exported(make_set(random_images(3, seed=5), name="other"), tmp_path / "other")
    found = [uid for files in (first, deep, other) for uid in uids(files)]
    assert len(found) == len(set(found)) == 6 + 6 + 3


def test_masks_are_segments_that_refer_to_their_image(make_set: Any, tmp_path: Path) -> None:
    masks = random_masks(2, 3)
    exported(make_set(random_images(2, 3), masks, ["lungs", "lesion", "a\\b"]), tmp_path / "out")
    for number, wanted in enumerate(masks):
        image = pydicom.dcmread(tmp_path / "out" / f"synthetic-7-{number:06d}.dcm")
        found = highdicom.seg.segread(tmp_path / "out" / f"synthetic-7-{number:06d}_seg.dcm")
        assert np.array_equal(found.get_pixels_by_source_instance([image.SOPInstanceUID])[0], wanted)
        assert (found.PatientID, found.StudyInstanceUID) == (image.PatientID, image.StudyInstanceUID)
        assert found.SeriesInstanceUID != image.SeriesInstanceUID
        segments = [found.get_segment_description(place) for place in (1, 2, 3)]
        assert [segment.segment_label for segment in segments] == ["lungs", "lesion", "a b"]
        assert [segment.segmented_property_type.meaning for segment in segments] == ["Lung", "Lesion", "Tissue"]


def test_masks_alone_are_images_of_their_own(make_set: Any, tmp_path: Path) -> None:
    masks = random_masks(2, 2)
    files = exported(make_set(masks=masks, structures=["lung", "heart"]), tmp_path / "out", bits=16)
    assert [file.name for file in files][:2] == [
        "synthetic-7-000000_mask_heart.dcm",
        "synthetic-7-000000_mask_lung.dcm",
    ]
    assert np.array_equal(pydicom.dcmread(files[1]).pixel_array, 255 * masks[0, ..., 0])
    assert len(set(uids(files))) == 4


def test_slices_of_volumes_are_series_with_their_pixel_spacing(make_set: Any, sliced: Any, tmp_path: Path) -> None:
    made = make_set(random_images(4), source=sliced.id, drawn_from=["000003", "000001", "000002", "000000"])
    found = [pydicom.dcmread(file) for file in exported(made, tmp_path / "out")]
    of_first = [found[1], found[3]]
    assert len({one.SeriesInstanceUID for one in found}) == 2
    assert len({one.SeriesInstanceUID for one in of_first}) == 1
    assert [list(map(float, one.PixelSpacing)) for one in of_first] == [[2.0, 2.0]] * 2


def test_slices_of_unknown_spacing_tell_none(make_set: Any, sliced: Any, tmp_path: Path) -> None:
    sliced.items.assign(spacing_y_mm=float("nan")).to_parquet(sliced.folder / "items.parquet")
    made = make_set(random_images(2), source=sliced.id, drawn_from=["000000", "000001"])
    assert all("PixelSpacing" not in pydicom.dcmread(file) for file in exported(made, tmp_path / "out"))


def test_a_single_image_is_a_file(tmp_path: Path) -> None:
    image = random_images(1)[0]
    content = single_image(image, Notice("run x, seed 1 · to seed 2"), "films", "DCGAN", "normal")
    (tmp_path / "one.dcm").write_bytes(content)
    found = pydicom.dcmread(tmp_path / "one.dcm")
    assert np.array_equal(found.pixel_array, image[..., 0])
    assert "run x, seed 1 · to seed 2" in found.DerivationDescription
    assert content == single_image(image, Notice("run x, seed 1 · to seed 2"), "films", "DCGAN", "normal")
    assert valid(tmp_path / "one.dcm") == []


def valid(file: Path) -> list[str]:
    """What dciodvfy, the validator of dicom3tools, calls an error, but for the tag that it does not know yet."""
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True).stderr
    assert "SCImage" in said or "Segmentation" in said
    return [line for line in said.splitlines() if line.startswith("Error") and UNKNOWN_TAG not in line]


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (1, 16), (3, 8)])
def test_a_validator_finds_no_error(make_set: Any, sliced: Any, tmp_path: Path, channels: int, bits: int) -> None:
    sources = {"source": sliced.id, "drawn_from": ["000000", "000001"]} if bits == 16 else {}
    made = make_set(random_images(2, channels), random_masks(2, 2), ["lung", "möbel"], label="Ödem", **sources)
    files = exported(made, tmp_path / "out", bits)
    assert len(files) == 4
    assert {file.name: valid(file) for file in files if valid(file)} == {}


def test_a_damaged_file_is_noticed_by_the_validator(make_set: Any, tmp_path: Path) -> None:
    [file] = exported(make_set(random_images(1)), tmp_path / "out")
    dataset: Dataset = pydicom.dcmread(file)
    del dataset.ConversionType
    dataset.save_as(file)
    assert any("ConversionType" in line for line in valid(file))
