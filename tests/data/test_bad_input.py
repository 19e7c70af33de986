"""Every bad input is named with its reason, the rest is used, and nothing usable is one line."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgan.common.errors import BadInput
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.data.prepare import prepare


def prepared(source: Path, **options: object) -> PreparedDataset:
    return prepare(PrepareConfig.parse({"source": source, "size": 16, **options}))


def reasons(dataset: PreparedDataset) -> dict[tuple[str, str], str]:
    """All findings but that no name tells the patient, which is so everywhere here."""
    found = {(problem.file, problem.kind): problem.reason for problem in dataset.problems}
    del found["(all images)", "patient_unknown"]
    return found


def test_unreadable_and_torn_files(two_classes: Path) -> None:
    (two_classes / "Ill" / "empty.png").touch()
    (two_classes / "Ill" / "text.jpg").write_text("not an image")
    whole = (two_classes / "Ill" / "a0.png").read_bytes()
    (two_classes / "well" / "torn.png").write_bytes(whole[: len(whole) // 2])
    (two_classes / "well" / "nowhere.png").symlink_to("gone.png")
    dataset = prepared(two_classes)
    assert len(dataset) == 20
    assert {key[0] for key in reasons(dataset) if key[1] == "unreadable"} == {
        "Ill/empty.png",
        "Ill/text.jpg",
        "well/torn.png",
        "well/nowhere.png",
    }
    assert dataset.manifest.summary["left_out"] == 4


def test_every_bad_mask(with_masks: Path) -> None:
    masks = with_masks / "masks_lung"
    (masks / "x0_mask.png").unlink()
    shutil.copy(masks / "x1_mask.png", masks / "stranger_mask.png")
    Image.new("L", (64, 64), 0).save(masks / "x2_mask.png")
    labels = np.zeros((40, 32), np.uint8)
    labels[10:20], labels[20:30] = 1, 2
    Image.fromarray(labels).save(masks / "x3_mask.png")
    Image.new("RGB", (32, 40), (255, 0, 0)).save(masks / "x4_mask.png")
    soft = np.zeros((40, 32), np.uint8)
    soft[:20], soft[20, ::3] = 251, 120
    Image.fromarray(soft).save(masks / "x5_mask.png")
    dataset = prepared(with_masks)
    assert [Path(file).stem for file in dataset.items["file"]] == ["x1", "x5", "x6", "x7"]
    found = reasons(dataset)
    assert found["images/x0.png", "image_without_mask"] == "has no mask"
    assert found["masks_lung/stranger_mask.png", "mask_without_image"] == "no image has this name"
    assert found["masks_lung/x2_mask.png", "size_differs"] == "mask is 64 x 64, its image 32 x 40 pixels"
    assert found["masks_lung/x3_mask.png", "mask_not_binary"] == "mask holds 3 values (0, 1, 2), not two"
    assert "coloured" in found["masks_lung/x4_mask.png", "mask_not_binary"]
    assert "soft edge" in found["masks_lung/x5_mask.png", "mask_near_binary"]
    assert len(found) == 6
    assert dataset.manifest.summary["left_out"] == 5


def test_empty_folder_and_class_of_one_image(two_classes: Path, write_image) -> None:
    (two_classes / "unclear").mkdir()
    write_image(two_classes / "rare" / "r.png", 77)
    dataset = prepared(two_classes)
    assert dataset.classes == ("ill", "well")
    assert len(dataset.images) == len(dataset.items) == 20
    assert reasons(dataset) == {
        ("unclear", "empty_folder"): "holds no files",
        ("rare/r.png", "single_image_class"): "is the only image of class 'rare'; a class needs two",
    }


def test_class_of_one_image_between_others_keeps_rows_and_masks_in_step(
    tmp_path: Path, write_image, write_mask
) -> None:
    source = tmp_path / "source"
    for label, count in (("a", 3), ("b", 1), ("c", 3)):
        for number in range(count):
            write_image(source / label / "images" / f"{number}.png", ord(label) + number)
            write_mask(source / label / "masks" / f"{number}.png", white=1 if label == "a" else 255)
    dataset = prepared(source)
    alone = tmp_path / "alone"
    shutil.copytree(source / "c", alone)
    assert dataset.masks is not None
    assert dataset.images.shape[0] == dataset.masks.shape[0] == len(dataset.items) == 6
    np.testing.assert_array_equal(dataset.images[3:], prepared(alone).images)


def test_bomb_is_refused_and_the_rest_used(two_classes: Path) -> None:
    Image.new("L", (2000, 2000)).save(two_classes / "Ill" / "bomb.png")
    dataset = prepared(two_classes, megapixel_limit=1)
    assert len(dataset) == 20
    assert reasons(dataset) == {("Ill/bomb.png", "too_large"): "declares 2000 x 2000 pixels; the megapixel limit is 1"}


def test_other_files_are_counted_not_listed(two_classes: Path) -> None:
    for number in range(5):
        (two_classes / f"{number}.csv").touch()
        (two_classes / f"{number}.bmp").touch()
    (two_classes / ".DS_Store").touch()
    dataset = prepared(two_classes)
    assert reasons(dataset) == {
        ("*.bmp", "not_supported"): "5 files: BMP is not supported yet",
        ("*.csv", "not_an_image"): "5 files ignored",
    }


def test_link_loop(two_classes: Path) -> None:
    (two_classes / "well" / "again").symlink_to(two_classes)
    dataset = prepared(two_classes)
    assert len(dataset) == 20
    assert ("well/again", "link_loop") in reasons(dataset)


def test_report_is_a_file(two_classes: Path) -> None:
    (two_classes / "Ill" / "broken.png").touch()
    report = json.loads((prepared(two_classes).folder / "problems.json").read_text())
    assert [(row["file"], row["kind"], row["left_out"]) for row in report] == [
        ("Ill/broken.png", "unreadable", True),
        ("(all images)", "patient_unknown", False),
    ]


def test_names_that_are_no_text_are_reported(two_classes: Path) -> None:
    misnamed = [b"Ill/\xff0.png", b"Ill/plain.\xff", b"\xe9t\xe9/x.png"]
    for name in misnamed:
        path = Path(os.fsdecode(os.fsencode(two_classes) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        shutil.copy(two_classes / "Ill" / "a0.png", path)
    dataset = prepared(two_classes)
    assert len(dataset) == 20
    assert reasons(dataset) == {
        (r"Ill/\xff0.png", "unreadable"): "its name is not valid UTF-8; rename it",
        (r"\xe9t\xe9", "unreadable"): "its name is not valid UTF-8; rename it",
        (r"*.\xff", "not_an_image"): "1 file ignored",
    }


def test_source_whose_own_name_is_no_text_is_refused(tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"\xff")
    source.mkdir()
    with pytest.raises(BadInput, match="not valid UTF-8"):
        prepared(source)


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_image_among_grey_ones_is_named(tmp_path: Path, write_image, channels: int) -> None:
    for number in range(60):  # more than the sample that is looked at to choose grey
        write_image(tmp_path / "source" / f"{number:02d}.png", number, channels=channels if number == 31 else 1)
    auto, grey = prepared(tmp_path / "source"), prepared(tmp_path / "source", colour="grey")
    assert auto.channels == grey.channels == 1
    assert len(auto) == 60
    assert auto.manifest.summary["left_out"] == 0
    assert set(reasons(auto)) == ({("31.png", "colour_dropped")} if channels == 3 else set())
    assert reasons(grey) == {}  # as asked for


@pytest.mark.parametrize("layout", ["images", "classes", "masks"])
def test_nothing_usable_is_one_line(tmp_path: Path, layout: str) -> None:
    for folder in ("a", "masks"):
        for number in range(5):
            path = tmp_path / "source" / folder / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"broken")
    with pytest.raises(BadInput) as caught:
        prepared(tmp_path / "source", layout=layout)
    message = str(caught.value)
    assert "no usable image" in message
    assert "more)" in message
    assert "\n" not in message
    assert list_datasets() == []
