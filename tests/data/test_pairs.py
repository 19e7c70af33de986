"""Pairs of a source and the image to make from it: how they are found, and how they are prepared."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgan.common.errors import BadInput
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.layout import Layout, detect
from medgan.data.prepare import prepare
from medgan.training.config import train_config
from medgan.training.feed import batches_of, training_data


def touch(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def paired(layout: Layout) -> list[tuple[str, str]]:
    return [(str(item.source), str(item.image)) for item in layout.items]


def kinds(found: Layout | PreparedDataset) -> set[tuple[str, str]]:
    return {(problem.file, problem.kind) for problem in found.problems if problem.left_out}


def small(source: Path, **options: object) -> PreparedDataset:
    return prepare(PrepareConfig.parse({"source": source, "size": 16, "layout": "pairs", **options}))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def two_folders(source: Path, write_image) -> Path:
    """Ten pairs: the film of seed 100 + n is made from that of seed n."""
    for number in range(10):
        write_image(source / "A" / f"p{number // 2}_{number}.png", number)
        write_image(source / "B" / f"p{number // 2}_{number}.png", 100 + number)
    return source


@pytest.fixture
def side_by_side(tmp_path: Path, write_image) -> Path:
    """Four pictures of 40 x 20 pixels, the left half dark, the right half bright."""
    folder = tmp_path / "joined"
    for number in range(4):
        write_image(folder / "train" / f"{number}.png", number, size=(20, 40))
        with Image.open(folder / "train" / f"{number}.png") as picture:
            pixels = np.array(picture) // 4
        pixels[:, 20:] += 180
        Image.fromarray(pixels).save(folder / "train" / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("of_source", "of_image"),
    [
        ("A", "B"),
        ("a", "b"),
        ("source", "target"),
        ("Sources", "Targets"),
        ("input", "output"),
        ("inputs", "images"),
        ("source_images", "images"),
        ("from", "to"),
        ("trainA", "trainB"),
        ("train/A", "train/B"),
        ("A/test", "B/test"),
        ("case 1/input", "case 1/target"),
        ("A/images", "B/images"),
        ("images/A", "images/B"),
    ],
)
def test_two_folders(source: Path, of_source: str, of_image: str) -> None:
    layout = detect(touch(source, f"{of_source}/x.png", f"{of_image}/x.jpg"), "pairs")
    assert layout.kind == "pairs"
    assert paired(layout) == [(f"{of_source}/x.png", f"{of_image}/x.jpg")]
    assert layout.problems == ()
    assert layout.classes == {}
    assert layout.in_words() == f"1 pair of images, the first from {of_source}/x.png to {of_image}/x.jpg"


def test_the_same_name_in_two_splits_or_cases_is_two_pairs(source: Path) -> None:
    folders = ("trainA", "trainB", "testA", "testB", "A/1", "A/2", "B/1", "B/2")
    layout = detect(touch(source, *(f"{folder}/x.png" for folder in folders)), "pairs")
    assert paired(layout) == [(image.replace("B", "A"), image) for _, image in paired(layout)]
    assert len(layout.items) == 4
    assert layout.source_splits == {"test": 1, "train": 1}
    assert layout.in_words().startswith("4 pairs of images")


def test_what_finds_no_partner_is_named(source: Path) -> None:
    files = ("A/1.png", "B/1.png", "A/2.png", "B/3.png", "A/4.png", "B/4.jpg", "B/4.png", "overview.png")
    layout = detect(touch(source, *files), "pairs")
    assert paired(layout) == [("A/1.png", "B/1.png"), ("A/4.png", "B/4.jpg")]
    assert kinds(layout) == {
        ("A/2.png", "source_without_image"),
        ("B/3.png", "image_without_source"),
        ("B/4.png", "image_without_source"),
        ("overview.png", "image_without_source"),
    }
    with pytest.raises(BadInput, match="two folders, such as A and B"):
        detect(touch(source / "other", "A/1.png", "B/2.png"), "pairs")


@pytest.mark.parametrize(
    ("folders", "kind"),
    [
        (("A", "B"), "pairs"),
        (("source", "target"), "pairs"),
        (("train/A", "train/B"), "pairs"),
        (("trainA", "trainB"), "classes"),
        (("a", "b"), "classes"),
        (("input", "images"), "images"),
        (("A", "B", "C"), "classes"),
    ],
)
def test_only_plain_names_are_taken_for_pairs_untold(source: Path, folders: tuple[str, ...], kind: str) -> None:
    stems = range(10)
    layout = detect(touch(source, *(f"{folder}/{stem}.png" for folder in folders for stem in stems)))
    assert layout.kind == kind


def test_plain_names_with_other_stems_are_classes(source: Path) -> None:
    layout = detect(touch(source, *(f"A/a{n}.png" for n in range(8)), *(f"B/b{n}.png" for n in range(8)), "A/b0.png"))
    assert layout.kind == "classes"


def test_prepared_pairs(two_folders: Path, write_image, tmp_path: Path) -> None:
    dataset = small(two_folders)
    assert dataset.sources is not None
    assert dataset.sources.shape == dataset.images.shape == (10, 16, 16, 1)
    assert dataset.source_channels == dataset.channels == 1
    assert dataset.masks is None
    assert dataset.classes == ()
    assert dataset.manifest.summary["layout"] == "pairs"
    assert "sources.npy" in dataset.manifest.files
    assert all(file.startswith("B/") for file in dataset.items["file"])
    alone = prepare(PrepareConfig(source=two_folders / "A", size=16))
    np.testing.assert_array_equal(dataset.sources, alone.images)
    assert alone.sources is None
    assert alone.source_channels == alone.manifest.summary["source_channels"] == 0
    of_images = prepare(PrepareConfig(source=two_folders / "B", size=16))
    np.testing.assert_array_equal(dataset.images, of_images.images)
    assert list(dataset.items["sha256"]) == list(of_images.items["sha256"])


def test_side_by_side(side_by_side: Path, write_image) -> None:
    write_image(side_by_side / "train" / "single.png", 99)
    dataset = small(side_by_side)
    assert dataset.sources is not None
    assert dataset.sources.shape == dataset.images.shape == (4, 16, 16, 1)
    assert dataset.sources.max() < 80 < 160 < dataset.images.min()
    assert set(dataset.items["width"]) == set(dataset.items["height"]) == {20}
    assert kinds(dataset) == {("train/single.png", "image_without_source")}
    assert "32 x 40 pixels" in next(problem.reason for problem in dataset.problems if problem.left_out)
    layout = detect(side_by_side, "pairs")
    assert layout.in_words() == "5 pairs of images, each from the left half of a picture to its right half"
    assert detect(side_by_side).kind == "images"


def test_unreadable_source_leaves_its_image_out(two_folders: Path) -> None:
    (two_folders / "A" / "p1_3.png").write_bytes(b"broken")
    dataset = small(two_folders)
    assert len(dataset) == len(dataset.images) == 9
    assert dataset.sources is not None
    assert len(dataset.sources) == 9
    assert kinds(dataset) == {("A/p1_3.png", "unreadable")}
    assert "B/p1_3.png" not in set(dataset.items["file"])


def test_sizes_may_differ_but_not_shapes(two_folders: Path, write_image) -> None:
    write_image(two_folders / "A" / "p0_0.png", 0, size=(80, 64))
    write_image(two_folders / "A" / "p0_1.png", 1, size=(32, 40))
    dataset = small(two_folders)
    assert kinds(dataset) == {("A/p0_1.png", "size_differs")}
    assert set(dataset.items["width"]) == {32}
    reasons = [problem.reason for problem in dataset.problems if problem.left_out]
    assert reasons == ["source is 40 x 32, its image 32 x 40 pixels: of another shape"]


@pytest.mark.parametrize("coloured", ["A", "B"])
def test_both_are_coloured_where_either_is(two_folders: Path, write_image, coloured: str) -> None:
    write_image(two_folders / coloured / "p0_0.png", 0, channels=3)
    dataset = small(two_folders)
    assert dataset.source_channels == dataset.channels == 3
    assert dataset.sources is not None
    assert dataset.sources.shape[-1] == 3
    assert small(two_folders, colour="grey").source_channels == 1


def test_coloured_source_among_grey_ones_is_noted(source: Path, write_image) -> None:
    for number in range(50):
        write_image(source / "A" / f"{number:02d}.png", number, channels=3 if number == 1 else 1)
        write_image(source / "B" / f"{number:02d}.png", 100 + number)
    dataset = small(source)
    assert dataset.source_channels == 1
    assert ("A/01.png", "colour_dropped") in {(problem.file, problem.kind) for problem in dataset.problems}


def test_id_depends_on_what_the_sources_show(two_folders: Path, write_image) -> None:
    first = small(two_folders).id
    moved = two_folders.parent / "elsewhere" / two_folders.name
    shutil.copytree(two_folders, moved)
    assert small(moved).id == first
    assert small(two_folders, layout="auto").id == first
    write_image(moved / "A" / "p0_0.png", 999)
    assert small(moved).id != first


def test_split_by_patient_as_without_sources(two_folders: Path) -> None:
    dataset = small(two_folders, patient_pattern=r"(p\d)_", test_fraction=0.2)
    assert (dataset.items.groupby("patient_id")["split"].nunique() == 1).all()
    alone = prepare(PrepareConfig(source=two_folders / "B", size=16, patient_pattern=r"(p\d)_", test_fraction=0.2))
    assert list(dataset.items["split"]) == list(alone.items["split"])
    assert set(dataset.items["split"]) == {"train", "validation", "test"}


def test_classes_are_of_the_folders_that_tell_no_role(source: Path, write_image) -> None:
    for number, label in enumerate(("ill", "ill", "well", "well", "rare")):
        write_image(source / label / "A" / f"{number}.png", number)
        write_image(source / label / "B" / f"{number}.png", 100 + number)
    dataset = small(source, labels_from="folders")
    assert dataset.classes == ("ill", "well")
    assert kinds(dataset) == {("rare/B/4.png", "single_image_class")}
    assert dataset.sources is not None
    assert len(dataset.sources) == len(dataset.images) == 4
    everything = small(source)
    assert everything.classes == ()
    assert everything.sources is not None
    kept = [index for index, file in enumerate(everything.items["file"]) if not file.startswith("rare")]
    np.testing.assert_array_equal(dataset.sources, everything.sources[kept])


def test_pairs_reach_pix2pix(two_folders: Path) -> None:
    dataset = small(two_folders, size=64)
    options = {"size": 64, "batch_size": 2, "translation": "sources_to_images"}
    config = train_config("pix2pix", dataset.id, options=options)
    data = training_data(config, dataset)
    assert data.source_channels == data.channels == 1
    batch = batches_of(config, dataset, data)(0)
    assert batch["sources"].shape == batch["images"].shape == (2, 1, 64, 64)
    assert not batch["sources"].equal(batch["images"])
