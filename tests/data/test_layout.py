"""Each layout is recognised from names alone, and can be overridden."""

from pathlib import Path

import pytest

from medgan.common.errors import BadInput
from medgan.data.layout import LabelSource, Layout, SourceItem, detect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a source is laid out, away from the workspace in tmp_path."""
    return tmp_path / "source"


def touch(root: Path, *files: str) -> Path:
    """Empty files: a layout is found by names, before any pixel is read."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


SHENZHEN = (("CXR_png/CHNCXR_0001", ""), ("mask/CHNCXR_0001", "_mask"))


def kinds(layout: Layout) -> set[tuple[str, str]]:
    return {(problem.file, problem.kind) for problem in layout.problems}


def only_item(layout: Layout) -> SourceItem:
    assert len(layout.items) == 1
    return layout.items[0]


def test_folder_of_images(folder: Path) -> None:
    layout = detect(touch(folder, "a.png", "b.JPG", "sub/c.tiff", "notes.txt", "table.csv", "also.csv"))
    assert layout.kind == "images"
    assert [str(item.image) for item in layout.items] == ["a.png", "b.JPG", "sub/c.tiff"]
    assert layout.classes == {}
    assert {(problem.file, problem.reason) for problem in layout.problems} == {
        ("*.csv", "2 files ignored"),
        ("*.txt", "1 file ignored"),
    }
    assert layout.in_words() == "3 images"


def test_one_folder_a_class(folder: Path) -> None:
    layout = detect(touch(folder, "Normal/1.png", "Normal/2.png", "Viral Pneumonia/1.png", "overview.png"))
    assert layout.kind == "classes"
    assert layout.classes == {"normal": 2, "viral_pneumonia": 1}
    assert kinds(layout) == {("overview.png", "no_class")}
    assert layout.in_words() == "3 images, 2 classes: normal 2, viral_pneumonia 1"


@pytest.mark.parametrize(
    ("folders", "classes"),
    [
        (["0", "1"], ["0", "1"]),
        (["class_0", "class_1"], ["class_0", "class_1"]),
        (["label_0", "label_1"], ["0", "1"]),
        (["grade 1", "Grade 2"], ["grade_1", "grade_2"]),
        (["task1", "task2"], ["task1", "task2"]),
        (["正常", "肺炎"], ["正常", "肺炎"]),
        (["Нормальный", "Пневмония"], ["нормальный", "пневмония"]),
        (["ปกติ", "ปกตี"], ["ปกติ", "ปกตี"]),
        (["HER2+", "HER2-"], ["her2", "her2+"]),
    ],
)
def test_class_folders_of_any_script_and_with_digits(folder: Path, folders: list[str], classes: list[str]) -> None:
    layout = detect(touch(folder, *(f"{name}/{number}.png" for name in folders for number in range(2))))
    assert layout.kind == "classes"
    assert layout.classes == dict.fromkeys(classes, 2)
    assert layout.problems == ()


def test_one_name_in_two_unicode_forms_is_one_class(folder: Path) -> None:
    layout = detect(touch(folder, "train/saine\u0301/a.png", "test/sain\u00e9/b.png", "train/malade/c.png"))
    assert set(layout.classes) == {"malade", "sain\u00e9"}


@pytest.mark.parametrize("labels_from", ["auto", "folders"])
def test_folders_that_merge_into_one_class_are_named(folder: Path, labels_from: LabelSource) -> None:
    source = touch(folder, "a-b/1.png", "A b/2.png", "train/c/3.png", "test/C/4.png", "train_d/5.png", "test_d/6.png")
    layout = detect(source, labels_from=labels_from)
    assert kinds(layout) == {(".", "classes_alike")}
    assert layout.problems[0].reason == "folders A b, a-b count as one class, 'a_b'"
    assert detect(source, labels_from="none").problems == ()


def test_kaggle_layout_offers_its_own_splits(folder: Path) -> None:
    names = {"NORMAL": "IM-0001-0001.jpeg", "PNEUMONIA": "person1_virus_1.jpeg"}
    files = [
        f"chest_xray/{split}/{label}/{name}" for split in ("train", "val", "test") for label, name in names.items()
    ]
    layout = detect(touch(folder, *files))
    assert layout.kind == "classes"
    assert layout.classes == {"normal": 3, "pneumonia": 3}
    assert layout.source_splits == {"test": 2, "train": 2, "validation": 2}
    assert layout.family.name == "pneumonia"
    assert "its own splits: test 2, train 2, validation 2" in layout.in_words()


def test_last_digit_is_the_class_in_montgomery_and_shenzhen_names(folder: Path) -> None:
    layout = detect(touch(folder, "CHNCXR_0001_0.png", "CHNCXR_0002_0.png", "MCUCXR_0104_1.png"))
    assert layout.kind == "classes"
    assert layout.classes == {"normal": 2, "tuberculosis": 1}
    assert layout.family.name == "tuberculosis"


def test_labels_may_come_from_names_against_folders(folder: Path) -> None:
    files = ["PNEUMONIA/person1_virus_6.jpeg", "PNEUMONIA/person2_bacteria_7.jpeg", "NORMAL/IM-0001-0001.jpeg"]
    source = touch(folder, *files)
    assert detect(source).classes == {"normal": 1, "pneumonia": 2}
    by_names = detect(source, labels_from="names")
    assert by_names.classes == {"bacterial_pneumonia": 1, "normal": 1, "viral_pneumonia": 1}
    assert detect(source, labels_from="none").classes == {}


@pytest.mark.parametrize(
    ("image", "mask", "structure"),
    [
        ("images/x.jpg", "masks/x.png", "mask"),
        ("images/x.jpg", "mask/x_mask.png", "mask"),
        ("images/x.jpg", "masks_lung/x.png", "lung"),
        ("img/x.jpg", "leftLungMask/x_label.png", "left_lung"),
        ("lung_CT/train/x.tif", "lung_CT/train_label/x.tif", "mask"),
        ("images/train/x.png", "masks/train/x.png", "mask"),
        ("ISIC2018_Task1-2_Training_Input/x.jpg", "ISIC2018_Task1_Training_GroundTruth/x_segmentation.png", "mask"),
        ("CXR_png/x.png", "masks/x_mask.png", "mask"),
        ("x.png", "masks/x.png", "mask"),
        ("x.png", "x_mask.png", "mask"),
        ("masks_dataset/images/x.png", "masks_dataset/masks_heart/x.png", "heart"),
    ],
)
def test_images_and_masks(folder: Path, image: str, mask: str, structure: str) -> None:
    layout = detect(touch(folder, image, mask))
    assert layout.kind == "masks"
    item = only_item(layout)
    assert (str(item.image), [str(path) for path in item.masks]) == (image, [mask])
    assert layout.structures == (structure,)
    assert item.label == ""
    assert layout.problems == ()


@pytest.mark.parametrize("order", ["{what}/{number}", "{number}/{what}", "part {number}/{what}"])
def test_masks_in_numbered_folders_belong_to_the_same_number(folder: Path, order: str) -> None:
    names = [order.format(what=what, number=number) for what in ("images", "masks") for number in (0, 1, 10)]
    stray = order.format(what="masks", number=2)
    layout = detect(touch(folder, *(f"{name}/x.png" for name in [*names, stray])))
    pairs = {(str(item.image), str(item.masks[0])) for item in layout.items}
    assert pairs == {(image + "/x.png", image.replace("images", "masks") + "/x.png") for image in names[:3]}
    assert kinds(layout) == {(f"{stray}/x.png", "mask_without_image")}
    assert layout.structures == ("mask",)


def test_numbered_folders_of_images_and_masks(folder: Path) -> None:
    layout = detect(touch(folder, "1_images/x.png", "2_masks_lung/x.png", "3_masks_heart/x.png"))
    assert layout.structures == ("heart", "lung")


def test_second_mask_of_a_structure_is_named(folder: Path) -> None:
    layout = detect(touch(folder, "x.png", "x_mask.png", "x_segmentation.png", "y.png", "y_mask.png"))
    assert [[str(mask) for mask in item.masks] for item in layout.items] == [["x_mask.png"], ["y_mask.png"]]
    assert kinds(layout) == {("x_segmentation.png", "mask_repeated")}
    assert layout.problems[0].reason == "not used: x.png has its mask in x_mask.png"
    assert not layout.problems[0].left_out


def test_several_structures_in_one_order(folder: Path) -> None:
    layout = detect(
        touch(folder, *(f"{folder}/{name}.png" for folder in ("images", "masks_lung", "masks_heart") for name in "ab"))
    )
    assert layout.structures == ("heart", "lung")
    assert [str(mask) for mask in layout.items[0].masks] == ["masks_heart/a.png", "masks_lung/a.png"]
    assert layout.in_words() == "2 images with masks of heart, lung"


def test_masks_within_class_folders(folder: Path) -> None:
    files = [f"{label}/{folder}/{label}-1.png" for label in ("COVID", "Normal") for folder in ("images", "masks")]
    layout = detect(touch(folder, *files))
    assert layout.classes == {"covid": 1, "normal": 1}
    assert [str(item.masks[0]) for item in layout.items] == ["COVID/masks/COVID-1.png", "Normal/masks/Normal-1.png"]


def test_masks_and_classes_by_name(folder: Path) -> None:
    layout = detect(touch(folder, *(f"{where}_{label}{end}.png" for label in "01" for where, end in SHENZHEN)))
    assert layout.kind == "masks"
    assert layout.classes == {"normal": 1, "tuberculosis": 1}
    assert layout.structures == ("lung",)


def test_class_folder_of_the_structures_name(folder: Path) -> None:
    assert detect(touch(folder, "lesion/images/x.png", "lesion/masks_lesion/x.png")).structures == ("lesion",)


def test_challenge_folders_of_two_splits_stay_apart(folder: Path) -> None:
    files = [f"ISIC2018_Task1-2_{part}_Input/ISIC_000000{n}.jpg" for n, part in enumerate(("Training", "Validation"))]
    files += [
        f"ISIC2018_Task1_{part}_GroundTruth/ISIC_000000{n}_segmentation.png"
        for n, part in enumerate(("Training", "Validation"))
    ]
    layout = detect(touch(folder, *files))
    assert len(layout.items) == 2
    assert layout.source_splits == {"train": 1, "validation": 1}
    assert layout.structures == ("lesion",)
    assert layout.family.name == "melanoma"


def test_images_and_masks_that_do_not_match_are_named(folder: Path) -> None:
    layout = detect(touch(folder, "images/a.png", "images/b.png", "masks/a.png", "masks/c.png"))
    assert [item.image.stem for item in layout.items] == ["a"]
    assert kinds(layout) == {("images/b.png", "image_without_mask"), ("masks/c.png", "mask_without_image")}


def test_layout_can_be_overridden(folder: Path) -> None:
    source = touch(folder, "images/a.png", "masks/a.png")
    assert len(detect(source, "images").items) == 2
    classes = touch(folder / "more", "well/a.png", "ill/a.png")
    assert detect(classes, "images").classes == {}
    single = touch(folder / "single", "No findings/a.png")
    assert detect(single).kind == "images"
    assert detect(single, "classes").classes == {"no_findings": 1}
    assert detect(single, "classes").in_words() == "1 image, 1 class: no_findings 1"
    with pytest.raises(BadInput, match="no masks found"):
        detect(single, "masks")


def test_traps_on_disk(folder: Path) -> None:
    source = touch(folder, "a.png", ".hidden.png", ".DS_Store", "Thumbs.db", "__MACOSX/a.png", "scan.jp2", "1.bmp")
    (source / "2.bmp").touch()
    (source / "empty").mkdir()
    (source / "loop").symlink_to(source)
    layout = detect(source)
    assert [str(item.image) for item in layout.items] == ["a.png"]
    assert kinds(layout) == {
        ("empty", "empty_folder"),
        ("loop", "link_loop"),
        ("*.bmp", "not_supported"),
        ("*.jp2", "not_supported"),
    }
    assert "2 files: BMP is not supported yet" in {problem.reason for problem in layout.problems}


@pytest.mark.parametrize("what", ["missing", "file", "empty", "no images"])
def test_nothing_to_use_is_one_clear_line(folder: Path, what: str) -> None:
    if what == "file":
        folder.write_text("not a folder")
    elif what != "missing":
        folder.mkdir()
    if what == "no images":
        (folder / "a.bmp").touch()
    with pytest.raises(BadInput) as caught:
        detect(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    assert {"missing": "no such folder", "file": "not a folder", "empty": "holds no files"}.get(what, "BMP") in message
