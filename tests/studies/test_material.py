"""What each arm of a study trains on: doses, marks, sets that are joined, and that nothing leaks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgan.common.artefact import write_manifest
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.arms import Arm
from medgan.studies.marks import mark
from medgan.studies.material import Material, at_size
from medgan.studies.study import study_config
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run

from .conftest import TINY


class TestMaterial:
    def material(self, dataset: PreparedDataset, *arms: Arm) -> Material:
        return Material.open(dataset, arms, with_masks=False, seed=0)

    def ids(self, *sets: str) -> tuple[str, ...]:
        return tuple(SyntheticSet.open(name).id for name in sets)

    def test_a_dose_is_taken_of_each_class(self, films: PreparedDataset) -> None:
        arm = Arm("a", self.ids("drawn-normal", "drawn-tuberculosis"), 0.5, "mixed")
        found = self.material(films, arm).synthetic_of(arm)
        for label in ("normal", "tuberculosis"):
            real = int((films.items["label"].iloc[films.indices("train")] == label).sum())
            assert (found.labels == label).sum() == round(0.5 * real)

    def test_a_set_that_is_too_small_says_so(self, films: PreparedDataset) -> None:
        arm = Arm("a", self.ids("drawn-normal"), 5.0, "mixed")
        with pytest.raises(BadInput, match=r"takes \d+ synthetic images of class normal, there are 60"):
            self.material(films, arm).synthetic_of(arm)

    def test_rejected_images_are_left_out(self, films: PreparedDataset) -> None:
        synthetic = SyntheticSet.open("drawn-normal")
        mark(synthetic, range(0, 30), "rejected")
        arm = Arm("a", (synthetic.id,), 0.5, "mixed")
        found = self.material(films, arm).synthetic_of(arm)
        assert np.array_equal(found.images, synthetic.drawn.images[30 : 30 + len(found)])  # type: ignore[index]

    @pytest.mark.parametrize("size", [64, 32])
    def test_sets_of_which_every_image_was_rejected_say_so(self, films: PreparedDataset, size: int) -> None:
        synthetic = SyntheticSet.open("drawn-normal")
        mark(synthetic, range(60), "rejected")
        if size != films.size:  # brought to the data set's size
            films = prepare_phantoms(PhantomConfig(family="chest_xray", count=40, size=size, name="small", seed=9))
        arm = Arm("a", (synthetic.id,), 0.5, "mixed")
        for with_masks in (False, True):
            material = replace(self.material(films, arm), with_masks=with_masks and films.masks is not None)
            with pytest.raises(BadInput, match="a: every synthetic image was rejected"):
                material.synthetic_of(arm)

    def test_marks_count_as_they_were_when_the_study_began(self, films: PreparedDataset) -> None:
        synthetic = SyntheticSet.open("drawn-normal")
        mark(synthetic, [0, 1], "rejected")
        arm = Arm("a", (synthetic.id,), 0.5, "mixed")
        material = self.material(films, arm)
        before = material.synthetic_of(arm).images
        mark(synthetic, range(2, 40), "rejected")
        assert np.array_equal(material.synthetic_of(arm).images, before)
        assert material.left_out == ("set drawn-normal: 2 of 60 images, which a person rejected, left out",)

    def test_sets_of_one_class_that_are_joined_take_turns(self, films: PreparedDataset) -> None:
        again = generate(generate_config("normal", count=60, seed=4, name="again"))
        arm = Arm("a", (*self.ids("drawn-normal"), again.id), 0.5, "mixed")
        found = self.material(films, arm).synthetic_of(arm)
        drawn = SyntheticSet.open("drawn-normal").drawn.images
        assert drawn is not None
        assert again.drawn.images is not None
        half = -(-len(found) // 2)
        assert np.array_equal(found.images, np.concatenate([drawn[:half], again.drawn.images[: len(found) - half]]))

    def test_a_smaller_share_of_real_images_lies_within_a_larger_one(self, films: PreparedDataset) -> None:
        material = self.material(films)
        few, more = (material.real_of(Arm("r", real_share=share)) for share in (0.25, 0.5))
        assert {row.tobytes() for row in few.images} < {row.tobytes() for row in more.images}
        assert len(few) == pytest.approx(len(more) / 2, abs=2)

    def test_a_set_whose_gan_saw_test_images_is_refused(
        self, films: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The GAN is trained on the test part too, as a careless user's would be."""
        seen = films.items["sha256"].iloc[films.indices("test", "normal")]
        monkeypatch.setattr(Run, "seen_files", frozenset(seen))
        with pytest.raises(BadInput, match=r"its GAN normal learned from \d+ test images of data set films"):
            study_config("films", sets=("drawn-normal",), positive="tuberculosis")


def test_masks_of_sets_that_are_joined_take_turns_and_have_the_same_structures(medgan_home: Path) -> None:
    slices = prepare_phantoms(PhantomConfig(family="chest_ct", count=20, size=64, name="slices"))
    run = train(train_config("pix2pix", "slices", options=TINY | {"discriminator_width": 8, "batch_size": 2}))
    one, two = (generate(generate_config(run.id, count=10, seed=seed, name=f"set{seed}")) for seed in (1, 2))
    arm = Arm("a", (one.id, two.id), 0.5, "mixed")
    found = Material.open(slices, [arm], with_masks=True, seed=0).synthetic_of(arm)
    half = -(-len(found) // 2)
    assert 0 < half < len(found)
    assert one.drawn.images is not None
    assert two.drawn.images is not None
    assert np.array_equal(
        found.images, np.concatenate([one.drawn.images[:half], two.drawn.images[: len(found) - half]])
    )

    one.manifest.summary["structures"].reverse()
    write_manifest(one.folder, one.manifest)
    with pytest.raises(BadInput, match="in the same order"):
        Material.open(slices, [arm], with_masks=True, seed=0)


def test_no_pictures_have_the_size_that_is_asked_for() -> None:
    assert at_size(np.empty((0, 64, 64, 3), np.uint8), 32).shape == (0, 32, 32, 3)
