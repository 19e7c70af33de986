"""Known sets as their publishers pack them: recognised, paired, labelled, prepared."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from medgan.common.errors import BadInput
from medgan.data.config import PrepareConfig
from medgan.data.families import DATASETS, choose_family
from medgan.data.layout import detect
from medgan.data.prepare import prepare

Write = Callable[..., Path]


def half_mask(path: Path, size: tuple[int, int], columns: slice) -> None:
    mask = np.zeros(size, np.uint8)
    mask[:, columns] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)


@pytest.fixture
def tuberculosis(tmp_path: Path, write_image: Write) -> Path:
    """Four Montgomery films with their two masks each, and eight of Shenzhen without; readings of all."""
    source = tmp_path / "downloads"
    montgomery, shenzhen = source / "MontgomerySet", source / "ChinaSet_AllFiles"
    for number in range(12):
        ours, prefix = (montgomery, "MCUCXR") if number < 4 else (shenzhen, "CHNCXR")
        stem = f"{prefix}_{number:04d}_{number % 2}"
        write_image(ours / "CXR_png" / f"{stem}.png", number)
        if ours == montgomery:
            half_mask(ours / "ManualMask" / "leftMask" / f"{stem}.png", (40, 32), slice(20, 28))
            half_mask(ours / "ManualMask" / "rightMask" / f"{stem}.png", (40, 32), slice(4, 12))
        finding = "bilateral PTB" if number % 2 else "normal"
        head = f"Patient's Sex: F \nPatient's Age: 02{number}Y" if number < 4 else f"male {number + 20}yrs"
        (ours / "ClinicalReadings").mkdir(exist_ok=True)
        (ours / "ClinicalReadings" / f"{stem}.txt").write_text(f"{head}\n{finding}\n")
    (montgomery / "CXR_png" / "Thumbs.db").touch()
    (montgomery / "NLM-MontgomeryCXRSet-ReadMe.pdf").touch()
    return source


def test_both_tuberculosis_sets_are_films_of_two_classes(tuberculosis: Path) -> None:
    layout = detect(tuberculosis)
    assert (layout.family.name, layout.kind) == ("tuberculosis", "classes")
    assert layout.classes == {"normal": 6, "tuberculosis": 6}
    assert {item.image.parent.name for item in layout.items} == {"CXR_png"}, "no mask is taken for a film"
    (unused,) = [problem for problem in layout.problems if problem.kind == "masks_unused"]
    assert unused.reason.startswith("8 masks not used: 4 of 12 images have one; ")


@pytest.mark.parametrize("inside", ["", "MontgomerySet"])
def test_left_and_right_lung_are_joined(tuberculosis: Path, inside: str) -> None:
    dataset = prepare(PrepareConfig(source=tuberculosis / inside, layout="masks", size=40, fit="squash", name="tb"))
    assert dataset.structures == ("lung",)
    assert len(dataset) == 4
    assert dataset.masks is not None
    row = np.asarray(dataset.masks[0, 20, :, 0])
    assert row[6:14].all(), "right lung"
    assert row[26:34].all(), "left lung"
    assert row.sum() == 20
    assert set(dataset.items["patient_id"]) == {f"MCUCXR_000{number}" for number in range(4)}


def test_montgomery_alone_is_films_with_masks(tuberculosis: Path) -> None:
    layout = detect(tuberculosis / "MontgomerySet")
    assert (layout.kind, layout.structures, layout.classes) == ("masks", ("lung",), {"normal": 2, "tuberculosis": 2})


def test_half_a_lung_is_not_the_lung(tuberculosis: Path) -> None:
    (tuberculosis / "MontgomerySet/ManualMask/leftMask/MCUCXR_0001_1.png").unlink()
    layout = detect(tuberculosis, "masks")
    assert len(layout.items) == 3
    assert "MontgomerySet/CXR_png/MCUCXR_0001_1.png" in {
        problem.file for problem in layout.problems if problem.kind == "image_without_mask"
    }


def test_shenzhen_masks_of_others_join_in(tuberculosis: Path) -> None:
    for number in range(4, 12):
        stem = f"CHNCXR_{number:04d}_{number % 2}"
        half_mask(tuberculosis / "ChinaSet_AllFiles" / "mask" / f"{stem}_mask.png", (40, 32), slice(4, 28))
    layout = detect(tuberculosis)
    assert (layout.kind, layout.structures, len(layout.items)) == ("masks", ("lung",), 12)
    assert [len(item.joined) for item in layout.items] == [0] * 8 + [1] * 4


def test_both_sets_in_one_folder_with_films_repeated_for_a_test(tmp_path: Path, write_image: Write) -> None:
    source = tmp_path / "Lung Segmentation"
    for number in range(6):
        stem = f"CHNCXR_{number:04d}_{number % 2}"
        write_image(source / "CXR_png" / f"{stem}.png", number)
        if number < 4:
            half_mask(source / "masks" / f"{stem}_mask.png", (40, 32), slice(4, 28))
        else:
            write_image(source / "test" / f"{stem}.png", number)
    layout = detect(source)
    assert (layout.kind, layout.structures, len(layout.items)) == ("masks", ("lung",), 4)
    assert layout.classes == {"normal": 2, "tuberculosis": 2}


def test_readings_are_in_the_table_and_contradictions_are_told(tuberculosis: Path) -> None:
    odd = tuberculosis / "ChinaSet_AllFiles/ClinicalReadings/CHNCXR_0004_0.txt"
    odd.write_text("femal 9month\nright PTB")
    dataset = prepare(PrepareConfig(source=tuberculosis, size=32, name="tb"))
    table = dataset.items.set_index("patient_id")
    assert list(table.loc["MCUCXR_0001", ["sex", "age_years", "finding"]]) == ["F", 21.0, "bilateral PTB"]
    assert list(table.loc["CHNCXR_0004", ["sex", "age_years", "finding"]]) == ["F", 0.75, "right PTB"]
    assert table.loc["CHNCXR_0004", "label"] == "normal"
    (problem,) = [found for found in dataset.problems if found.kind == "reading_differs"]
    assert problem.file.endswith("CHNCXR_0004_0.png")
    assert problem.reason == "its reading says 'right PTB'; its name says normal, which counts"
    assert not problem.left_out
    before = dataset.id
    odd.write_text("femal 9month\nnormal")
    assert prepare(PrepareConfig(source=tuberculosis, size=32, name="tb")).id != before


def radiography(folder: Path, write_image: Write, write_mask: Write, counts: dict[str, int]) -> Path:
    for label, count in counts.items():
        for number in range(1, count + 1):
            write_image(folder / label / "images" / f"{label}-{number}.png", len(label) * 100 + number, (30, 30))
            write_mask(folder / label / "masks" / f"{label}-{number}.png", (26, 26))
        (folder / f"{label}.metadata.xlsx").touch()
    return folder


@pytest.mark.parametrize("above", [True, False])
def test_radiography_database(tmp_path: Path, write_image: Write, write_mask: Write, above: bool) -> None:
    counts = {"COVID": 2, "Lung_Opacity": 3, "Normal": 4, "Viral Pneumonia": 2}
    folder = radiography(tmp_path / "archive" / "COVID-19_Radiography_Dataset", write_image, write_mask, counts)
    source = folder.parent if above else folder
    layout = detect(source)
    assert (layout.family.name, layout.kind, layout.structures) == ("covid_radiography", "masks", ("lung",))
    assert layout.classes == {"covid": 2, "lung_opacity": 3, "normal": 4, "viral_pneumonia": 2}
    dataset = prepare(PrepareConfig(source=source, size=32, name="covid"))
    assert len(dataset) == 11, "masks of fewer pixels than their films fit"
    assert dataset.masks is not None
    assert dataset.masks[:, :15].all()
    assert not dataset.masks[:, 17:].any()


def test_masks_of_another_shape_are_refused_even_where_sizes_may_differ(
    tmp_path: Path, write_image: Write, write_mask: Write
) -> None:
    source = radiography(tmp_path / "set", write_image, write_mask, {"Normal": 3, "COVID": 3})
    write_mask(source / "Normal" / "masks" / "Normal-1.png", (26, 20))
    dataset = prepare(PrepareConfig(source=source, size=32, name="covid"))
    assert len(dataset) == 5
    assert [problem.kind for problem in dataset.problems if problem.left_out] == ["size_differs"]


def test_loose_films_of_the_radiography_database_are_known_by_name(tmp_path: Path, write_image: Write) -> None:
    for number in range(3):
        write_image(tmp_path / "films" / f"Viral Pneumonia-{number}.png", number)
        write_image(tmp_path / "films" / f"Normal-{number}.png", 10 + number)
    layout = detect(tmp_path / "films")
    assert (layout.family.name, layout.classes) == ("pneumonia", {"normal": 3, "viral_pneumonia": 3})


def test_isic_2018_by_its_official_folders(tmp_path: Path, write_image: Write, write_mask: Write) -> None:
    for split, first in (("Training", 0), ("Validation", 50), ("Test", 70)):
        for number in range(first, first + 4):
            write_image(
                tmp_path / "isic" / f"ISIC2018_Task1-2_{split}_Input" / f"ISIC_{number:07d}.jpg", number, channels=3
            )
            truth = tmp_path / "isic" / f"ISIC2018_Task1_{split}_GroundTruth"
            write_mask(truth / f"ISIC_{number:07d}_segmentation.png")
        (tmp_path / "isic" / f"ISIC2018_Task1-2_{split}_Input" / "LICENSE.txt").touch()
    layout = detect(tmp_path / "isic")
    assert (layout.family.name, layout.kind, layout.structures) == ("melanoma", "masks", ("lesion",))
    assert layout.source_splits == {"train": 4, "validation": 4, "test": 4}
    assert not [problem for problem in layout.problems if problem.left_out]
    assert layout.published == DATASETS["melanoma"].published


def test_lung_heart_trachea_is_known_by_its_folders() -> None:
    patient = "ID00007637202177411956430"
    files = [PurePosixPath("train", patient, f"{number}.dcm") for number in range(30)]
    files += [PurePosixPath(f"nrrd_{name}", f"nrrd_{name}", f"{patient}_{name}.nrrd") for name in ("lung", "heart")]
    family = choose_family("auto", files)
    assert family.name == "lung_heart_trachea"
    assert {family.patient_of(file) for file in files} == {patient}
    assert family.structures["nrrd_noisy"] == ""


def many(folder: Path, write_image: Write, normal: int, ill: int) -> Path:
    for number in range(normal + ill):
        write_image(folder / f"CHNCXR_{number:04d}_{int(number >= normal)}.png", number, (16, 16))
    return folder


def test_published_split_has_the_published_numbers(
    tmp_path: Path, write_image: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"train": {"normal": 20, "tuberculosis": 17}, "test": {"normal": 5, "tuberculosis": 3}}
    _publish(monkeypatch, published)
    source = many(tmp_path / "films", write_image, 25, 20)
    found = {}
    for seed in (0, 1):
        config = PrepareConfig(
            source=source, size=16, name="tb", use_published_split=True, validation_fraction=0, seed=seed
        )
        dataset = prepare(config)
        assert dataset.manifest.summary["class_counts"] == {
            "train": {"normal": 20, "tuberculosis": 17},
            "validation": {"normal": 0, "tuberculosis": 0},
            "test": {"normal": 5, "tuberculosis": 3},
        }
        assert "published_split" not in {problem.kind for problem in dataset.problems}
        found[seed] = tuple(dataset.items["split"])
    assert found[0] != found[1]
    dataset = prepare(PrepareConfig(source=source, size=16, name="tb", use_published_split=True))
    assert dataset.manifest.summary["class_counts"]["validation"] == {"normal": 2, "tuberculosis": 2}
    assert dataset.manifest.summary["class_counts"]["test"] == published["test"], "validation is of train's"
    assert "published_split" not in {problem.kind for problem in dataset.problems}


def test_published_split_of_fewer_images_keeps_the_shares_and_says_so(
    tmp_path: Path, write_image: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(monkeypatch, {"train": {"normal": 40, "tuberculosis": 40}, "test": {"normal": 10, "tuberculosis": 10}})
    source = many(tmp_path / "films", write_image, 49, 25)
    config = PrepareConfig(source=source, size=16, name="tb", use_published_split=True, validation_fraction=0)
    dataset = prepare(config)
    assert dataset.manifest.summary["class_counts"]["test"] == {"normal": 10, "tuberculosis": 5}
    (problem,) = [found for found in dataset.problems if found.kind == "published_split"]
    assert problem.reason == (
        "train normal has 39 instead of 40; train tuberculosis has 20 instead of 40; "
        "test tuberculosis has 5 instead of 10"
    )


def test_published_split_where_there_is_none_is_refused(two_classes: Path) -> None:
    with pytest.raises(BadInput, match="no published split to take, it is no known set; leave use_published_split out"):
        prepare(PrepareConfig(source=two_classes, use_published_split=True))
    with pytest.raises(ValueError, match="the published split and the source's own splits exclude each other"):
        PrepareConfig(source=two_classes, use_published_split=True, use_source_splits=True)


def _publish(monkeypatch: pytest.MonkeyPatch, published: dict[str, dict[str, int]]) -> None:
    """Give the tuberculosis set a protocol of few images."""
    monkeypatch.setitem(DATASETS, "tuberculosis", replace(DATASETS["tuberculosis"], published=published))
