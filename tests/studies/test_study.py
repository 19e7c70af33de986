"""Studies from arms to verdict: what each arm trains on, that nothing leaks, and that the verdicts fit the truth."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgan.common.errors import BadInput, Cancelled
from medgan.common.progress import Silent
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.arms import Arm, arms_of
from medgan.studies.marks import mark
from medgan.studies.material import Material
from medgan.studies.study import Study, run_study, study_config
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run

TINY = {"width": 8, "batch_size": 4, "steps": 2, "log_every": 1, "sample_every": 2, "samples": 4, "checkpoint_every": 2}
QUICK = {"backbone": "small", "epochs": 3}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films of two classes, and a tiny GAN of each class with a set that it drew."""
    home = tmp_path_factory.mktemp("study") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        films = prepare_phantoms(PhantomConfig(family="chest_xray", count=150, size=64, name="films"))
        for label in ("normal", "tuberculosis"):
            run = train(train_config("dcgan", films.id, label=label, name=label, options=TINY))
            generate(generate_config(run.id, count=60, seed=3, name=f"drawn-{label}"))
    return home


@pytest.fixture
def films(made: Path, medgan_home: Path) -> PreparedDataset:
    shutil.copytree(made, medgan_home, dirs_exist_ok=True)
    return PreparedDataset.open("films")


def names(**options: Any) -> list[str]:
    given = {"doses": (1.0,), "uses": ("mixed",), "classical": False, "real_shares": (1.0,)}
    return [arm.name for arm in arms_of([(("a",), "fake")], **given | options)]


class TestArms:
    def test_are_real_first_and_every_combination(self) -> None:
        assert names() == ["real", "real + fake 100%"]
        assert names(classical=True, doses=(0.5, 2.0)) == [
            "real", "real + classical", "real + fake 50%", "real + fake 200%",
        ]  # fmt: skip
        assert names(uses=("pretraining", "alone")) == ["real", "fake 100%, then real", "fake alone"]
        assert names(real_shares=(0.25,)) == ["real", "real 25%", "real 25% + fake 100%"]

    def test_nothing_to_compare_and_twice_the_same_are_refused(self) -> None:
        given: Any = {"doses": (1.0,), "uses": ("mixed",), "classical": False, "real_shares": (1.0,)}
        with pytest.raises(BadInput, match="nothing to compare"):
            arms_of([], **given)
        with pytest.raises(BadInput, match="two arms would be the same"):
            arms_of([(("a",), "fake"), (("a",), "fake")], **given)
        with pytest.raises(BadInput, match="share 2"):
            arms_of([], **given | {"real_shares": (2.0,)})


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

    def test_a_smaller_share_of_real_images_lies_within_a_larger_one(self, films: PreparedDataset) -> None:
        material = self.material(films)
        few, more = (material.real_of(Arm("r", real_share=share)) for share in (0.25, 0.5))
        assert {row.tobytes() for row in few.images} < {row.tobytes() for row in more.images}
        assert len(few) == pytest.approx(len(more) / 2, abs=2)

    def test_a_set_whose_gan_saw_test_images_is_refused(self, films: PreparedDataset) -> None:
        """The GAN is trained on the test part too, as a careless user's would be."""
        record = Run.open("normal").folder / "run.json"
        seen = json.loads(record.read_text())
        seen["seen_files"] += list(films.items["sha256"].iloc[films.indices("test", "normal")])
        record.write_text(json.dumps(seen))
        with pytest.raises(BadInput, match=r"its GAN normal learned from \d+ test images of data set films"):
            study_config("films", sets=("drawn-normal",), positive="tuberculosis")


class TestStudy:
    def config(self, **options: Any) -> Any:
        given = {
            "positive": "tuberculosis",
            "seeds": 2,
            "resamples": 99,
            "classifier": QUICK,
            "real_shares": (1.0, 0.5),
        }
        return study_config("films", name="study", **given | options)

    def test_holds_every_prediction_and_a_verdict_on_each_arm(self, films: PreparedDataset) -> None:
        both = "drawn-normal+drawn-tuberculosis"
        study = run_study(self.config(sets=(both,), doses=(0.5,), uses=("mixed", "pretraining"), real_shares=(1.0,)))
        rows, count = study.rows(), len(films.indices("test"))
        assert list(rows["arm"].unique()) == ["real", f"real + {both} 50%", f"{both} 50%, then real"]
        assert list(rows["seed"]) == [0, 1, 0, 1, 0, 1]
        assert study.per_image(0).shape == (2, count)
        assert study.predictions(1, 1).shape == (count,)
        assert rows["accuracy"].iloc[0] == pytest.approx(study.per_image(0)[0].mean())
        assert [verdict["arm"] for verdict in study.verdicts()] == list(rows["arm"].unique())[1:]
        assert study.manifest is not None
        assert films.id in study.manifest.parents

    def test_same_seeds_same_figures(self, films: PreparedDataset) -> None:
        first, second = (run_study(self.config()) for _ in range(2))
        assert first.id != second.id
        assert first.rows().equals(second.rows())
        assert first.verdicts() == second.verdicts()

    def test_a_stopped_study_goes_on_without_training_again(
        self, films: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = run_study(self.config())

        class StopAfterFirstArm(Silent):
            part = 0

            def update(self, done: int, total: int, message: str = "") -> None:
                self.part = max(self.part, done)

            def stop_requested(self) -> bool:
                return self.part >= 150

        config = self.config()
        with pytest.raises(Cancelled):
            run_study(config, StopAfterFirstArm())
        halted = Study.open(config.study)
        assert not halted.finished
        assert set(halted.rows()["arm"]) == {"real"}
        assert run_study(config).rows().equals(whole.rows())

    def test_grid_is_searched_on_validation_images_and_its_choice_is_used(self, films: PreparedDataset) -> None:
        study = run_study(self.config(grid=True, real_shares=(1.0,), seeds=1))
        grid = study.grid()
        assert len(grid) == 9
        assert set(study.rows()["arm"]) == {"real"}
        assert study.verdicts() == []

    def test_what_does_not_fit_is_one_line(self, films: PreparedDataset) -> None:
        for options, reason in (
            ({"positive": ""}, "which class is to be found"),
            ({"positive": "gout"}, "no class 'gout'"),
            ({"sets": ("nothing",)}, "no set named 'nothing'"),
            ({"seeds": 0}, "seeds"),
            ({"sets": ("drawn-normal",), "doses": (0.5,), "uses": ("alone",)}, "all of class normal"),
            ({"sets": ("drawn-normal",), "doses": (9.0,)}, "generate more, or give a smaller dose"),
        ):
            with pytest.raises(BadInput, match=reason):
                self.config(**options)


def test_segmentation_from_images_to_verdict(medgan_home: Path) -> None:
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=60, size=64, name="lesions"))
    segmenter = {"epochs": 2, "width": 8, "batch_size": 8}
    config = study_config(
        lesions.id, name="lesions", classical=True, real_shares=(1.0, 0.5), seeds=2, resamples=99, segmenter=segmenter
    )
    study = run_study(config)
    assert study.config.task == "segmentation"
    assert list(study.rows()["arm"].unique()) == ["real", "real + classical", "real 50%"]
    assert study.predictions(0, 0).shape == (len(lesions.indices("test")), 64, 64, 1)
    assert {"iou", "dice", "boundary_distance"} <= set(study.rows().columns)
    assert len(study.verdicts()) == 2
