"""NIfTI exports: pixels as other programs read them, labels, volumes with their voxel size, what the headers say."""

import zipfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pytest
import SimpleITK

from medgan.studies.exports import ExportOptions, export_folder, export_zip
from medgan.studies.marks import mark
from medgan.studies.synthesis import SyntheticSet

SIDE = 20


def random_images(count: int, channels: int = 1) -> Any:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, channels), dtype=np.uint8)


def exported(synthetic: SyntheticSet, folder: Path, **options: Any) -> dict[str, Any]:
    """Each volume of an export, (slices, h, w) or (slices, h, w, 3), by its file."""
    export_folder(synthetic, folder, ExportOptions.parse({"format": "nifti", "distances": False} | options))
    files = sorted(folder.glob("*.nii.gz"))
    return {file.name: SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file))) for file in files}


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (1, 16), (3, 8), (3, 16)])
def test_pixels_come_back_as_they_were_drawn(make_set: Any, tmp_path: Path, channels: int, bits: int) -> None:
    images = random_images(5, channels)
    wanted = (images.astype(np.uint16) * 257 if (channels, bits) == (1, 16) else images).squeeze()
    (found,) = exported(make_set(images), tmp_path / "out", bits=bits).values()
    assert found.dtype == wanted.dtype
    assert np.array_equal(found, wanted)
    opened = nibabel.load(tmp_path / "out" / "synthetic-made.nii.gz")
    if channels == 1:
        assert np.array_equal(np.asarray(opened.dataobj).T, wanted)
    assert nibabel.aff2axcodes(opened.affine) == ("L", "P", "S")  # a viewer shows rows downwards, columns to the left
    assert opened.header.get_xyzt_units()[0] == "unknown"


def test_the_file_says_that_it_is_synthetic(make_set: Any, tmp_path: Path) -> None:
    exported(make_set(random_images(2)), tmp_path / "out")
    header = nibabel.load(tmp_path / "out" / "synthetic-made.nii.gz").header
    assert bytes(header["descrip"]).startswith(b"SYNTHETIC images; Pix2Pix")
    (comment,) = header.extensions
    assert b"drawn by run gone-run-20250102-030405-abcd, seed 7" in comment.get_content()
    assert "size of a voxel is not known" in (tmp_path / "out" / "data_card.md").read_text()


def test_a_zip_holds_the_same_volumes_and_a_table_of_slices(make_set: Any, tmp_path: Path) -> None:
    made = make_set(random_images(4))
    mark(made, 1, "rejected")
    exported(made, tmp_path / "out", only="not-rejected")
    export_zip(made, tmp_path / "out.zip", ExportOptions(format="nifti", distances=False, only="not-rejected"))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        for file in (tmp_path / "out").iterdir():
            assert archive.read(file.name) == file.read_bytes()
    table = pd.read_csv(tmp_path / "out" / "items.csv")
    assert table[["file", "slice", "index"]].to_numpy().tolist() == [
        ["synthetic-made.nii.gz", place, index] for place, index in enumerate([0, 2, 3])
    ]


def test_masks_are_labels_unless_they_overlap(make_set: Any, tmp_path: Path) -> None:
    masks = np.zeros((3, SIDE, SIDE, 2), np.uint8)
    masks[0, 2:5, 3:9, 0] = masks[0, 8:9, :, 1] = masks[2, 4, 4, 1] = 1
    apart = exported(make_set(random_images(3), masks, ["lung", "heart"]), tmp_path / "apart")
    assert np.array_equal(apart["synthetic-made_seg.nii.gz"], masks[..., 0] + 2 * masks[..., 1])
    header = nibabel.load(tmp_path / "apart" / "synthetic-made_seg.nii.gz").header
    assert header.get_intent()[0] == "label"
    masks[2, 4, 4, 0] = 1
    over = exported(make_set(random_images(3), masks, ["lung", "big heart"], name="over"), tmp_path / "over")
    assert list(over) == [
        "synthetic-over.nii.gz",
        "synthetic-over_seg_big-heart.nii.gz",
        "synthetic-over_seg_lung.nii.gz",
    ]
    assert np.array_equal(over["synthetic-over_seg_lung.nii.gz"], masks[..., 0])
    assert np.array_equal(over["synthetic-over_seg_big-heart.nii.gz"], masks[..., 1])


@pytest.mark.parametrize("format", ["png", "nifti"])
def test_no_mask_takes_the_place_of_another(make_set: Any, tmp_path: Path, format: str) -> None:
    names = ["肺", "心臓", "Left lung", "left-lung"]  # two that have no letter in a file's name, two that have the same
    made = make_set(random_images(1), np.ones((1, SIDE, SIDE, 4), np.uint8), names)
    exported(made, tmp_path / "out", format=format)
    masks = {file.name.split("_")[-1].split(".")[0] for file in (tmp_path / "out").glob("synthetic*_*_*")}
    assert masks == {"1-unnamed", "2-unnamed", "3-Left-lung", "4-left-lung"}


def test_masks_alone_are_a_label_volume(make_set: Any, tmp_path: Path) -> None:
    masks = (random_images(3) > 99).astype(np.uint8)
    found = exported(make_set(masks=masks, structures=["lesion"]), tmp_path / "out")
    assert list(found) == ["synthetic-made_seg.nii.gz"]
    assert np.array_equal(found["synthetic-made_seg.nii.gz"], masks[..., 0])
    assert set(pd.read_csv(tmp_path / "out" / "items.csv")["file"]) == set(found)


class TestVolumes:
    """What was drawn from the slices of volumes. Those of `sliced`: two slices of the one, three of the other."""

    def test_each_is_a_file_in_the_order_of_its_slices_with_its_voxel_size(
        self, make_set: Any, sliced: Any, tmp_path: Path
    ) -> None:
        images = random_images(6)
        masks = (images > 99).astype(np.uint8)
        again = ["000003", "000000", "000001", "000002", "000004", "000000"]
        made = make_set(images, masks, ["lung"], source=sliced.id, drawn_from=again)
        found = exported(made, tmp_path / "out")
        rows = {"001": [3, 0, 4], "002": [1, 2], "003": [5]}  # drawn from slices in another order, one of them twice
        for name, numbers in rows.items():
            assert np.array_equal(found[f"synthetic-made-{name}.nii.gz"], images[numbers, ..., 0])
            assert np.array_equal(found[f"synthetic-made-{name}_seg.nii.gz"], masks[numbers, ..., 0])
        header = nibabel.load(tmp_path / "out" / "synthetic-made-002.nii.gz").header
        assert header.get_zooms() == pytest.approx((2.0, 2.0, 3.0))
        assert header.get_xyzt_units()[0] == "mm"
        table = pd.read_csv(tmp_path / "out" / "items.csv", dtype=str).set_index("index")
        assert table.loc["0", ["file", "slice"]].tolist() == ["synthetic-made-001.nii.gz", "1"]
        assert "voxel size of the one" in (tmp_path / "out" / "data_card.md").read_text()
        assert not any(b"secret" in file.read_bytes() for file in (tmp_path / "out").iterdir())

    def test_slices_that_are_left_out_are_black(self, make_set: Any, sliced: Any, tmp_path: Path) -> None:
        images = np.maximum(random_images(3), 1)
        made = make_set(images, source=sliced.id, drawn_from=["000002", "000003", "000004"])
        mark(made, 1, "rejected")
        (found,) = exported(made, tmp_path / "out", only="not-rejected").values()
        assert np.array_equal(found, np.stack([images[0], np.zeros_like(images[0]), images[2]])[..., 0])

    def test_every_other_slice_is_as_much_further_apart(self, make_set: Any, sliced: Any, tmp_path: Path) -> None:
        exported(make_set(random_images(2), source=sliced.id, drawn_from=["000002", "000004"]), tmp_path / "out")
        header = nibabel.load(tmp_path / "out" / "synthetic-made-001.nii.gz").header
        assert header.get_zooms() == pytest.approx((1.0, 1.0, 10.0))

    def test_slices_of_unknown_spacing_are_a_volume_without_a_unit(
        self, make_set: Any, sliced: Any, tmp_path: Path
    ) -> None:
        spacing = ["spacing_z_mm", "spacing_y_mm", "spacing_x_mm"]
        sliced.items.assign(**dict.fromkeys(spacing, float("nan"))).to_parquet(sliced.folder / "items.parquet")
        made = make_set(random_images(2), source=sliced.id, drawn_from=["000002", "000004"])
        exported(made, tmp_path / "out")
        header = nibabel.load(tmp_path / "out" / "synthetic-made-001.nii.gz").header
        assert header.get_zooms() == pytest.approx((1.0, 1.0, 1.0))
        assert header.get_xyzt_units()[0] == "unknown"
        assert "size of a voxel is not known" in (tmp_path / "out" / "data_card.md").read_text()

    def test_images_that_are_partly_no_slices_are_one_stack(self, make_set: Any, sliced: Any, tmp_path: Path) -> None:
        made = make_set(random_images(2), source=sliced.id, drawn_from=["000002", "000009"])
        assert list(exported(made, tmp_path / "out")) == ["synthetic-made.nii.gz"]


def test_more_images_than_a_file_counts_are_several(make_set: Any, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (33_000, 4, 4, 1), dtype=np.uint8)
    found = exported(make_set(images), tmp_path / "out")
    assert [len(volume) for volume in found.values()] == [32_767, 233]
    assert np.array_equal(np.concatenate(list(found.values())), images[..., 0])
