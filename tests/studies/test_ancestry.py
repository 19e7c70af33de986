"""Ancestry of synthetic sets: told in words, and no held-out image gets past it, however it is hidden."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgan.common.artefact import read_manifest, write_atomic
from medgan.common.errors import BadInput
from medgan.common.home import datasets_folder, runs_folder, sets_folder
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.prepare import prepare
from medgan.studies import ancestry
from medgan.studies.ancestry import ancestry_of, check_no_leak, notes_on
from medgan.studies.leaks import Sighting
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run, list_runs

TINY: dict[str, Any] = {"size": 64, "width": 8, "batch_size": 2, "steps": 1, "samples": 1}
PATIENT = r"(p\d+)_"


def write_lesions(source: Path, views: str, patients: int = 10) -> Path:
    """Images `p03_a.png` with masks: as many of each patient as there are views, no two alike."""
    for place in range(patients):
        for view in views:
            rng = np.random.default_rng([place, ord(view)])
            name = f"p{place:02d}_{view}.png"
            for folder, pixels in (("images", rng.integers(0, 256, (64, 64), np.uint8)), ("masks", None)):
                (source / folder).mkdir(parents=True, exist_ok=True)
                mask = np.zeros((64, 64), np.uint8)
                mask[16 : 40 + place, 16:48] = 255
                Image.fromarray(mask if pixels is None else pixels).save(source / folder / name)
    return source


def prepared(source: Path, name: str, **options: Any) -> PreparedDataset:
    """A fifth for validation, a fifth for the test."""
    options = {"size": 64, "patient_pattern": PATIENT, "validation_fraction": 0.2, "test_fraction": 0.2} | options
    return prepare(PrepareConfig(source=source, name=name, **options))


def dcgan(dataset: PreparedDataset, content: str = "images") -> Run:
    return train(train_config("dcgan", dataset.id, name=f"dcgan-{dataset.name}", options=TINY | {"content": content}))


def pix2pix(dataset: PreparedDataset) -> Run:
    name = f"pix2pix-{dataset.name}"
    return train(train_config("pix2pix", dataset.id, name=name, options=TINY | {"discriminator_width": 8}))


def drawn(run: Run, name: str = "drawn", **options: Any) -> SyntheticSet:
    return generate(generate_config(run.id, count=options.pop("count", 3), name=name, **options))


def in_common(a: PreparedDataset, part: str, b: PreparedDataset) -> int:
    """Images that lie in a's training part and in that part of b."""
    train = set(a.items["sha256"][a.items["split"] == "train"])
    return len(train & set(b.items["sha256"][b.items["split"] == part]))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_lesions(tmp_path / "lesions", "ab")


@pytest.fixture
def lesions(source: Path) -> PreparedDataset:
    return prepared(source, "lesions")


def test_what_was_drawn_from_the_training_part_may_be_used(lesions: PreparedDataset) -> None:
    made = drawn(pix2pix(lesions))
    assert ancestry.test_images_seen(made, lesions) == []
    assert check_no_leak(made, lesions) == ()
    assert ancestry_of(made).words == (
        "drawn by pix2pix-lesions from masks of lesions (train); it learned from lesions (train)"
    )


def test_a_chain_is_told_in_words(lesions: PreparedDataset) -> None:
    masks = drawn(dcgan(lesions, "masks"), "masks")
    made = drawn(pix2pix(lesions), source="masks", deform=0.05)
    found = ancestry_of(made)
    assert [member.synthetic.id for member in found.sets] == [made.id, masks.id]
    assert found.words == (
        "drawn by pix2pix-lesions from elastically deformed masks of set masks, which was drawn by dcgan-lesions; "
        "both learned from lesions (train)"
    )
    assert check_no_leak(made, lesions) == ()


class TestCheats:
    def test_a_gan_that_learned_from_another_split(self, source: Path, lesions: PreparedDataset) -> None:
        other = prepared(source, "other", seed=1)
        test, validation = in_common(other, "test", lesions), in_common(other, "validation", lesions)
        assert test > 0
        made = drawn(dcgan(other))
        assert ancestry.test_images_seen(made, lesions) == [
            Sighting("dcgan-other", "learned", test, validation, of_patients=0)
        ]
        line = f"set drawn: its GAN dcgan-other learned from {test} test .*images? of data set lesions; train it on"
        with pytest.raises(BadInput, match=line):
            check_no_leak(made, lesions)
        shutil.rmtree(other.folder)  # the files that it saw are still known
        with pytest.raises(BadInput, match=line):
            check_no_leak(made, lesions)

    @pytest.mark.parametrize("part", ["test", "validation", "all"])
    def test_masks_of_another_part(self, lesions: PreparedDataset, part: str) -> None:
        made = drawn(pix2pix(lesions), part=part, count=20)
        splits = lesions.manifest.summary["splits"]
        expected = {name: splits[name] if part in {name, "all"} else 0 for name in ("test", "validation")}
        assert ancestry.test_images_seen(made, lesions) == [Sighting("drawn", "drawn", **expected, of_patients=0)]
        with pytest.raises(BadInput, match=r"set drawn: it was drawn from .* of data set lesions; draw it from the"):
            check_no_leak(made, lesions)

    def test_masks_of_the_training_part_of_another_split(self, source: Path, lesions: PreparedDataset) -> None:
        other = prepared(source, "other", seed=1)
        made = drawn(pix2pix(lesions), source=other.id, count=len(other))
        [seen] = ancestry.test_images_seen(made, lesions)
        assert (seen.how, seen.test) == ("drawn", in_common(other, "test", lesions))

    def test_a_chain_through_a_set_of_masks(self, source: Path, lesions: PreparedDataset) -> None:
        other = prepared(source, "other", seed=1)
        drawn(dcgan(other, "masks"), "masks")
        made = drawn(pix2pix(lesions), source="masks")
        [seen] = ancestry.test_images_seen(made, lesions)
        assert (seen.who, seen.test) == ("dcgan-other", in_common(other, "test", lesions))
        with pytest.raises(BadInput, match="set drawn: its GAN dcgan-other learned from"):
            check_no_leak(made, lesions)

    def test_a_chain_from_painted_test_masks(self, lesions: PreparedDataset) -> None:
        run = pix2pix(lesions)
        drawn(run, "painted", part="test")
        made = drawn(run, source="painted")
        with pytest.raises(BadInput, match=r"set painted, which it comes from, was drawn from \d test images"):
            check_no_leak(made, lesions)

    def test_the_same_files_at_another_size(self, source: Path, lesions: PreparedDataset) -> None:
        larger = prepared(source, "larger", size=96, seed=1)
        made = drawn(dcgan(larger))
        [seen] = ancestry.test_images_seen(made, lesions)
        assert (seen.test, seen.of_patients) == (in_common(larger, "test", lesions), 0)

    def test_the_same_pixels_in_other_files(self, source: Path, lesions: PreparedDataset, tmp_path: Path) -> None:
        copied = tmp_path / "copied"
        for path in sorted(source.rglob("*.png")):
            (copied / path.parent.name).mkdir(parents=True, exist_ok=True)
            copy = copied / path.parent.name / f"{path.stem[::-1]}.png"
            Image.open(path).save(copy, compress_level=0)
        other = prepared(copied, "other", seed=3, patient_pattern="")
        assert in_common(other, "test", lesions) == 0
        [seen] = ancestry.test_images_seen(drawn(dcgan(other)), lesions)
        assert seen.test > 0

    def test_other_images_of_the_same_patients(self, lesions: PreparedDataset, tmp_path: Path) -> None:
        other = prepared(write_lesions(tmp_path / "later", "cd"), "later", seed=1)
        made = drawn(dcgan(other))
        [seen] = ancestry.test_images_seen(made, lesions)
        assert seen.of_patients == seen.test + seen.validation > 0
        with pytest.raises(BadInput, match=r"\d+ by other images of the patient"):
            check_no_leak(made, lesions)

    def test_the_same_phantoms_at_another_size(self) -> None:
        larger, smaller, others = (
            prepare_phantoms(PhantomConfig(family="chest_xray", count=30, size=size, seed=seed, name=f"films{place}"))
            for place, (size, seed) in enumerate([(96, 0), (64, 0), (64, 1)])
        )
        train = smaller.items.set_index("patient_id")["split"] == "train"
        test = larger.items.set_index("patient_id")["split"] == "test"
        made = drawn(dcgan(smaller))
        [*seen] = ancestry.test_images_seen(made, larger)
        assert sum(sighting.test for sighting in seen) == int((train & test).sum())
        assert ancestry.test_images_seen(made, others) == []  # the same names, other phantoms

    def test_images_of_other_people_with_the_same_names(self, lesions: PreparedDataset, tmp_path: Path) -> None:
        renamed = prepared(
            write_lesions(tmp_path / "elsewhere", "xy"), "elsewhere", seed=1, patient_pattern=r"(p\d+)_[xy]"
        )
        assert ancestry.test_images_seen(drawn(dcgan(renamed)), lesions) == []

    def test_the_splits_of_the_source_are_the_users_choice(self, source: Path, tmp_path: Path) -> None:
        """A GAN is not blamed for patients that the training part and the test part share by themselves."""
        divided = tmp_path / "divided"
        for path in source.rglob("*.png"):
            part = "train" if path.stem.endswith("a") else "test"
            (divided / part / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, divided / part / path.parent.name)
        dataset = prepared(divided, "divided", use_source_splits=True)
        test = dataset.items[dataset.items["split"] == "test"]
        train = dataset.items[dataset.items["split"] == "train"]
        assert set(test["patient_id"]) & set(train["patient_id"])
        assert ancestry.test_images_seen(drawn(dcgan(dataset)), dataset) == []


class TestWhatIsGone:
    """Deleting the evidence is no way around the check."""

    @pytest.mark.parametrize("gone", ["run", "set of masks", "data set of masks"])
    def test_what_would_tell_is_asked_for(self, gone: str, source: Path, lesions: PreparedDataset) -> None:
        other = prepared(source, "other", seed=1)
        run = pix2pix(lesions)
        masks = drawn(run, "masks", source=other.id)
        made = drawn(run, source="masks")
        folder = {
            "run": runs_folder() / run.id,
            "set of masks": sets_folder() / masks.id,
            "data set of masks": datasets_folder() / other.id,
        }[gone]
        shutil.rmtree(folder)
        with pytest.raises(BadInput, match=f"set drawn: .*{folder.name}, which it was made from, is gone"):
            check_no_leak(made, lesions)
        assert folder.name in ancestry_of(made).words

    def test_a_run_of_before_files_were_recorded(
        self, source: Path, lesions: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = prepared(source, "other", seed=1)
        run = dcgan(other)
        made = drawn(run)
        expected = ancestry.test_images_seen(made, lesions)
        monkeypatch.setattr(Run, "seen_files", frozenset())
        assert expected == ancestry.test_images_seen(made, lesions) != []
        shutil.rmtree(other.folder)
        with pytest.raises(BadInput, match=f"{other.id}, which it was made from, is gone"):
            check_no_leak(made, lesions)

    def test_files_without_their_data_set_leave_a_note(self, source: Path, lesions: PreparedDataset) -> None:
        again = prepared(source, "again")  # the same split
        made = drawn(dcgan(again))
        assert check_no_leak(made, lesions) == ()
        shutil.rmtree(again.folder)
        [note] = check_no_leak(made, lesions)
        assert f"data set {again.id}, which its GAN dcgan-again learned from, is not here" in note


def test_a_gan_that_does_not_tell_leaves_a_note(lesions: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    [shipped] = [run for run in list_runs() if run.name == "phantom-dermoscopy"]
    made = drawn(shipped)
    [note] = check_no_leak(made, lesions)
    assert note == (
        "set drawn: its GAN phantom-dermoscopy came with the program and does not tell its training images; "
        "test images may be among them"
    )
    run = dcgan(lesions)
    write_atomic(run.folder / "run.json", run.record.model_copy(update={"dataset_id": ""}).to_json())
    monkeypatch.setattr(Run, "seen_files", frozenset())
    [note] = notes_on(drawn(run, "imported"))
    assert "dcgan-lesions was imported" in note
    assert "learned from images that are not known" in ancestry_of(SyntheticSet.open("imported")).words


def test_an_ancestor_is_found_by_its_id(lesions: PreparedDataset) -> None:
    """A new run of the name of an old one takes nothing over."""
    made = drawn(dcgan(lesions))
    dcgan(lesions)
    run = ancestry_of(made).run
    assert isinstance(run, Run)
    assert run.id == read_manifest(made.folder).summary["run"]
