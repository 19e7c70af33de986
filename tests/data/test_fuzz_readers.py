"""Damaged files of every format are read, or refused in one line; many more of them by the benchmark of that name."""

import io
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.fuzz_readers import Damage, fuzz, seeds, with_checksums
from medgan.data.formats import READERS, VOLUMES

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # about what was damaged
FILES = (
    *("dicom/CT_small.dcm", "dicom/emri_small.dcm", "dicom/dcmqi_ct_3slice/liver.dcm"),
    *("nifti_nrrd/pyradiomics/breast1_image.nrrd", "nifti_nrrd/totalsegmentator/example_seg_fast.nii.gz"),
    *("ct_lungs/elastix_mha/3DCT_lung_baseline_mask.mha", "isic/fullres/ISIC_0000546.jpg"),
    *("ct_lungs/kmader_int16_HU/lung_CT/train_label/ID_0066_Z_0141.tif",),
)


@pytest.mark.parametrize("name", FILES)
def test_real_files(shared_data: Path, name: str) -> None:
    tally = fuzz(shared_data / "originals" / name, examples=25, start=7)
    assert tally.damaged == 25
    assert len(tally.reasons) > 1


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A small file of every format that is no DICOM."""
    folder = tmp_path / "written"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (20, 24, 3)).astype(np.uint8)
    for suffix in (".png", ".jpg"):
        Image.fromarray(pixels).save(folder / f"x{suffix}")
    tifffile.imwrite(folder / "x.tif", pixels[..., 0].astype(np.uint16), compression="zlib")
    for suffix in (".nii", ".nii.gz"):
        nibabel.save(nibabel.Nifti1Image(pixels.astype(np.int16), np.eye(4)), folder / f"x{suffix}")
    return folder


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".nii", ".nii.gz"])
def test_written_files(written: Path, suffix: str) -> None:
    assert fuzz(written / f"x{suffix}", examples=25, start=3).damaged == 25


def test_a_reason_of_two_lines_is_found(written: Path) -> None:
    def told(found: list[str], folder: Path) -> None:
        assert found == ["read"]

    with pytest.raises(AssertionError):
        fuzz(written / "x.png", examples=25, start=3, told=told)


def test_damage(written: Path) -> None:
    content = (written / "x.png").read_bytes()
    assert with_checksums(content) == content
    assert Damage([(16, b"\0\0\1\0"), (-1, b"!")], None, False).done_to(content, ".png")[-1:] == b"!"
    wide = Damage([(16, b"\0\0\0\x0c")], None, True).done_to(content, ".png")
    assert Image.open(io.BytesIO(wide)).size == (12, 20)  # whose checksum Pillow compares
    packed = (written / "x.nii.gz").read_bytes()
    assert Damage([(0, b"\0")], 500, False).done_to(packed, ".nii.gz") == b"\0" + packed[1 : len(packed) // 2]


def test_which_files_are_taken(written: Path) -> None:
    for number in range(4):
        shutil.copy(written / "x.png", written / f"{number}.png")
    (written / "notes.txt").write_text("no picture")
    chosen = seeds(written, 2)
    assert sorted(path.suffix for path in chosen) == [".gz", ".jpg", ".nii", ".png", ".png", ".tif"]
    assert all(path.suffix in {*READERS, *VOLUMES, ".gz"} for path in chosen)
