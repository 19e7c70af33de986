"""From a folder to a data set: content, identity, splits, and what happens when work is cut short."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import medgan
from medgan.common.artefact import MANIFEST, damaged_files
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import datasets_folder
from medgan.common.progress import Silent
from medgan.data import build
from medgan.data import prepare as preparing
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.data.prepare import prepare


class StopsAfter(Silent):
    """Asks to stop after so many looks at it."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def stop_requested(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def small(source: Path, **options: object) -> PrepareConfig:
    return PrepareConfig.parse({"source": source, "size": 16, **options})


def found(dataset: PreparedDataset) -> set[tuple[str, str]]:
    return {(problem.file, problem.kind) for problem in dataset.problems}


def test_classes(two_classes: Path) -> None:
    dataset = prepare(small(two_classes, name="films"))
    assert dataset.images.shape == (20, 16, 16, 1)
    assert dataset.images.dtype == np.uint8
    assert dataset.masks is None
    assert dataset.classes == ("ill", "well")
    assert dataset.name == "films"
    assert dataset.folder == datasets_folder() / dataset.id
    assert dataset.id.startswith("films-")
    assert damaged_files(dataset.folder) == []
    items = dataset.items
    assert list(items["file"]) == sorted(items["file"])
    assert items["id"].is_unique
    assert set(items["width"]) == {32}
    assert set(items["height"]) == {40}
    assert Counter(zip(items["split"], items["label"], strict=True)) == {
        ("train", "ill"): 8, ("validation", "ill"): 1, ("test", "ill"): 1,
        ("train", "well"): 8, ("validation", "well"): 1, ("test", "well"): 1,
    }  # fmt: skip
    assert dataset.manifest.summary["class_counts"]["train"] == {"ill": 8, "well": 8}


def test_masks(with_masks: Path) -> None:
    dataset = prepare(small(with_masks))
    assert dataset.structures == ("lung",)
    assert dataset.masks is not None
    assert dataset.masks.shape == (8, 16, 16, 1)
    assert set(np.unique(dataset.masks)) == {0, 1}
    assert dataset.masks[0, :8].mean() > 0.7  # the upper half, between the bars of padding
    assert dataset.masks[0, 8:].max() == 0


def test_rows_of_arrays_and_table_belong_together(two_classes: Path, write_image) -> None:
    (two_classes / "Ill" / "a3.png").write_bytes(b"broken")
    dataset = prepare(small(two_classes))
    assert len(dataset) == len(dataset.items) == len(dataset.images) == 19
    alone = two_classes.parent / "alone"
    for number in (7, 8):
        write_image(alone / f"a{number}.png", number)
    position = list(dataset.items["file"]).index("Ill/a7.png")
    np.testing.assert_array_equal(dataset.images[position], prepare(small(alone)).images[0])


def test_same_input_same_folder_built_once(two_classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(small(two_classes))
    monkeypatch.setattr(preparing, "build", lambda *_, **__: pytest.fail("built twice"))
    assert prepare(small(two_classes)).id == first.id
    moved = two_classes.parent / "elsewhere" / two_classes.name
    shutil.copytree(two_classes, moved)
    assert prepare(small(moved)).id == first.id


def test_other_content_or_options_other_folder(two_classes: Path, write_image) -> None:
    ids = {prepare(small(two_classes)).id}
    ids.add(prepare(small(two_classes, seed=1)).id)
    ids.add(prepare(small(two_classes, fit="squash")).id)
    write_image(two_classes / "well" / "b0.png", 999)
    ids.add(prepare(small(two_classes)).id)
    assert len(ids) == 4
    assert len(list_datasets()) == 4


def test_two_builds_give_the_same_bytes(two_classes: Path) -> None:
    first = prepare(small(two_classes))
    recorded = {name: record.sha256 for name, record in first.manifest.files.items()}
    shutil.rmtree(first.folder)
    second = prepare(small(two_classes))
    assert {name: record.sha256 for name, record in second.manifest.files.items()} == recorded


def test_patients_stay_together(tmp_path: Path, write_image) -> None:
    for person in range(12):
        for film in range(3):
            write_image(tmp_path / "p" / f"person{person}_virus_{film}.png", 10 * person + film)
            write_image(tmp_path / "p" / f"IM-{person:04d}-{film:04d}.png", 500 + 10 * person + film)
    dataset = prepare(small(tmp_path / "p"))
    assert dataset.manifest.summary["family"] == "pneumonia"
    assert dataset.classes == ("normal", "viral_pneumonia")
    assert dataset.items["patient_id"].nunique() == 24
    assert (dataset.items.groupby("patient_id")["split"].nunique() == 1).all()


def test_patients_of_known_names_stay_together_among_other_files(tmp_path: Path, write_image) -> None:
    for film in range(85):
        write_image(tmp_path / "p" / f"person{film % 17}_virus_{film}.png", film)
    for other in range(15):
        write_image(tmp_path / "p" / f"scan{other}.png", 500 + other)
    dataset = prepare(small(tmp_path / "p"))
    assert len(dataset) == 100
    assert dataset.items["patient_id"].nunique() == 17 + 15
    assert (dataset.items.groupby("patient_id")["split"].nunique() == 1).all()
    assert [problem.kind for problem in dataset.problems] == ["patient_unknown"]
    assert dataset.problems[0].reason.startswith("15 of 100 names tell no patient")


@pytest.mark.parametrize("pattern", ["", r"case_(\d+)"])
def test_no_patient_told_at_all_is_said_once(two_classes: Path, pattern: str) -> None:
    dataset = prepare(small(two_classes, patient_pattern=pattern))
    assert dataset.items["patient_id"].nunique() == 20
    reason = "no file name tells the patient; each image counts as one patient"
    assert [problem.reason for problem in dataset.problems] == [reason]
    assert dataset.manifest.summary["left_out"] == 0


def test_patient_pattern_reads_the_path(tmp_path: Path, write_image) -> None:
    for number in range(20):
        write_image(tmp_path / "source" / f"case_{number // 4}" / f"{number}.png", number)
    write_image(tmp_path / "source" / "other" / "x.png", 99)
    dataset = prepare(small(tmp_path / "source", layout="images", patient_pattern=r"case_(\d+)/"))
    assert set(dataset.items["patient_id"]) == {"0", "1", "2", "3", "4", "other/x"}
    assert found(dataset) == {("other/x.png", "patient_unknown")}


@pytest.mark.parametrize("pattern", ["case_[0-9", r"case_\d+"])
def test_bad_patient_pattern_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(BadInput, match="patient_pattern"):
        small(tmp_path, patient_pattern=pattern)


def test_same_names_in_two_folders_are_two_patients(tmp_path: Path, write_image) -> None:
    for label, start in (("ill", 0), ("well", 50)):
        for number in range(4):
            write_image(tmp_path / "s" / label / f"{number}.png", start + number)
    assert prepare(small(tmp_path / "s")).items["patient_id"].nunique() == 8


def test_duplicates_are_noted_and_share_a_split(two_classes: Path) -> None:
    for number in range(6):
        shutil.copy(two_classes / "Ill" / f"a{number}.png", two_classes / "Ill" / f"copy{number}.png")
    shutil.copy(two_classes / "Ill" / "a9.png", two_classes / "well" / "swapped.png")
    dataset = prepare(small(two_classes))
    assert len(dataset) == 27
    assert dataset.manifest.summary["duplicates"] == 7
    assert dataset.manifest.summary["left_out"] == 0
    assert (dataset.items.groupby("sha256")["split"].nunique() == 1).all()
    swapped = next(problem for problem in dataset.problems if problem.file == "well/swapped.png")
    assert swapped.reason == "same picture as Ill/a9.png, there of class 'ill'; kept in one split"


def test_same_picture_in_another_format_is_a_duplicate(two_classes: Path) -> None:
    from PIL import Image

    with Image.open(two_classes / "Ill" / "a0.png") as picture:
        picture.save(two_classes / "Ill" / "again.tiff")
    assert ("Ill/again.tiff", "duplicate") in found(prepare(small(two_classes)))


def test_source_splits(tmp_path: Path, write_image) -> None:
    source = tmp_path / "chest_xray"
    for split, start, count in (("train", 0, 12), ("test", 50, 4)):
        for number in range(count):
            write_image(source / split / "NORMAL" / f"{split}{number}.png", start + number)
            write_image(source / split / "PNEUMONIA" / f"{split}p{number}.png", start + 100 + number)
    shutil.copy(source / "train" / "NORMAL" / "train0.png", source / "test" / "NORMAL" / "leaked.png")
    own = prepare(small(source))
    assert own.manifest.summary["splits"]["test"] in {2, 3, 4}
    kept = prepare(small(source, use_source_splits=True))
    assert set(kept.items.loc[kept.items["source_split"] == "test", "split"]) == {"test"}
    assert kept.manifest.summary["splits"]["test"] == 9
    assert kept.manifest.summary["splits"]["validation"] >= 2
    kinds = Counter(problem.kind for problem in kept.problems)
    assert kinds == {"leak": 2, "duplicate": 1, "patient_unknown": 1}  # a leak by file and one by pixels
    assert "train and test" in next(problem.reason for problem in kept.problems if problem.kind == "leak")


def test_colour(tmp_path: Path, write_image, two_classes: Path) -> None:
    for number in range(3):
        write_image(tmp_path / "colour" / f"{number}.png", number, channels=3)
    assert prepare(small(tmp_path / "colour")).channels == 3
    assert prepare(small(tmp_path / "colour", colour="grey")).channels == 1
    assert prepare(small(two_classes, colour="rgb")).images.shape[-1] == 3


def test_stopping_leaves_nothing(two_classes: Path) -> None:
    for looks in (0, 5, 25):  # before, while hashing, while writing
        with pytest.raises(Cancelled):
            prepare(small(two_classes), StopsAfter(looks))
        assert list_datasets() == []
        assert [path for path in datasets_folder().glob("*") if path.is_dir()] == []


def test_unfinished_folder_is_not_listed_and_is_rebuilt(two_classes: Path) -> None:
    dataset = prepare(small(two_classes))
    (dataset.folder / MANIFEST).unlink()  # as a killed process leaves it
    (dataset.folder / "images.npy").write_bytes(b"torn")
    (dataset.folder / "masks.npy").write_bytes(b"torn")
    assert list_datasets() == []
    again = prepare(small(two_classes))
    assert again.id == dataset.id
    assert damaged_files(again.folder) == []
    assert not (again.folder / "masks.npy").exists()


def test_failing_build_leaves_nothing(two_classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "items_table", full_disk)
    with pytest.raises(OSError, match="No space"):
        prepare(small(two_classes))
    assert [path for path in datasets_folder().glob("*") if path.is_dir()] == []


def test_two_processes_prepare_the_same_at_once(two_classes: Path) -> None:
    program = (
        "import sys; from medgan.data.config import PrepareConfig; from medgan.data.prepare import prepare; "
        "print(prepare(PrepareConfig(source=sys.argv[1], size=256)).id)"
    )
    command = [sys.executable, "-c", program, str(two_classes)]
    repository = Path(medgan.__file__).parents[1]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository) for _ in range(2)]
    ids = {process.communicate()[0].strip() for process in started}
    assert [process.returncode for process in started] == [0, 0]
    assert [dataset.id for dataset in list_datasets()] == list(ids)
    assert damaged_files(list_datasets()[0].folder) == []


def test_progress_reaches_its_total(two_classes: Path) -> None:
    seen = []

    class Remembers(Silent):
        def update(self, done: int, total: int, message: str = "") -> None:
            seen.append((message, done, total))

    prepare(small(two_classes), Remembers())
    assert seen[19] == ("Reading files", 20, 20)
    assert seen[-1] == ("Preparing images", 20, 20)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"size": 8}, "size"),
        ({"size": 2048}, "size"),
        ({"window_low_hu": 500}, "window_low_hu"),
        ({"test_fraction": 0.9}, "test"),
    ],
)
def test_bad_options_are_refused(tmp_path: Path, options: dict[str, float], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        small(tmp_path, **options)


def test_bad_name_is_refused(two_classes: Path) -> None:
    with pytest.raises(BadInput, match="name"):
        prepare(small(two_classes, name="../outside"))
