"""Studies from config to verdict: what is kept, resumed, made again after damage, and refused."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput, Cancelled
from medgan.common.jsonl import write_jsonl
from medgan.common.progress import Silent
from medgan.common.spread import Call
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.downstream.augment import Augmentation
from medgan.downstream.classifier import ClassifierConfig
from medgan.downstream.segmenter import SegmenterConfig
from medgan.studies import tasks, trainings
from medgan.studies.arms import Arm
from medgan.studies.material import Material
from medgan.studies.running import run_study
from medgan.studies.study import GRID, ROWS, SEAL, VERDICTS, Study, study_config
from medgan.studies.tasks import Classification, Segmentation

QUICK = {"backbone": "small", "epochs": 3}


class TestStudy:
    def config(self, **options: Any) -> Any:
        given = {
            "name": "study",
            "positive": "tuberculosis",
            "seeds": 2,
            "resamples": 99,
            "classifier": QUICK,
            "real_shares": (1.0, 0.5),
        }
        return study_config("films", **given | options)

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

    @pytest.mark.parametrize("name", ["predictions/000-000000.npy", "per_image/001-000001.npy", "rows.jsonl"])
    def test_a_damaged_file_of_a_finished_study_is_made_again(self, films: PreparedDataset, name: str) -> None:
        config = self.config()
        study = run_study(config)
        assert study.manifest is not None
        recorded = study.manifest.files
        (study.folder / name).write_bytes(b"damaged")
        again = run_study(config)
        assert again.manifest is not None
        assert again.manifest.files == recorded

    def test_an_unfinished_study_trains_again_what_was_damaged(self, films: PreparedDataset) -> None:
        study = run_study(self.config())
        assert study.manifest is not None
        for name, damage in (
            ("per_image/000-000000.npy", lambda content: content[:-3]),
            ("per_image/001-000000.npy", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
            ("predictions/000-000001.npy", lambda content: bytes(len(content))),
            (ROWS, lambda content: content.replace(b'"accuracy": 0.', b'"accuracy": 1.', 1)),
            (ROWS, lambda content: content.replace(b'"sha256"', b'"sha257"', 1)),
            (ROWS, lambda content: content.replace(b'"seed": 1', b'"seed": 5', 1)),
            (ROWS, lambda content: content.replace(b'"number"', b'"nulber"', 1)),
        ):
            path, whole = study.folder / name, (study.folder / name).read_bytes()
            path.write_bytes(damage(whole))
            assert path.read_bytes() != whole
            (study.folder / MANIFEST).unlink()
            again = run_study(study.config)
            assert again.manifest is not None
            assert again.manifest.files == study.manifest.files

    def test_rows_of_earlier_versions_had_no_seal_and_stay(self, films: PreparedDataset) -> None:
        study = run_study(self.config(seeds=1))
        rows = [{name: value for name, value in row.items() if name != SEAL} for row in study.rows_in_order()]
        write_jsonl(study.folder / ROWS, rows)
        (study.folder / MANIFEST).unlink()

        def nothing(function: Any, calls: Sequence[Call], progress: Any) -> Iterator[tuple[Call, Any]]:
            assert not calls, "it is trained again"
            yield from ()

        assert run_study(study.config, spread=nothing).rows_in_order() == rows

    def test_damage_is_told_by_whoever_reads_it(self, films: PreparedDataset) -> None:
        study = run_study(self.config(seeds=1))
        for name in ("per_image/000-000000.npy", "predictions/000-000000.npy"):
            (study.folder / name).write_bytes((study.folder / name).read_bytes()[:-1])
        with pytest.raises(BadInput, match=r"per_image/000-000000.npy: damaged"):
            study.per_image(0)
        with pytest.raises(BadInput, match=r"predictions/000-000000.npy: damaged"):
            study.predictions(0, 0)
        (study.folder / "per_image/000-000000.npy").unlink()
        with pytest.raises(BadInput, match="nothing is left of arm 0"):
            study.per_image(0)
        told = (study.folder / VERDICTS).read_text()
        for word in ("verdicts", "arm", "difference", "label", "cannot be told", "p_value", "detectable"):
            assert f'"{word}"' in told
            (study.folder / VERDICTS).write_text(told.replace(f'"{word}"', f'"{word[:-1]}~"'))
            with pytest.raises(BadInput, match=r"verdicts.json: damaged"):
                study.verdicts()
        rows = (study.folder / ROWS).read_text()
        (study.folder / ROWS).write_text(rows.replace('"arm"', '"arl"', 1))
        assert study.rows()["arm"].tolist() == ["real 50%"]

    def test_same_seeds_same_figures(self, films: PreparedDataset) -> None:
        first, second = (run_study(self.config()) for _ in range(2))
        assert first.id != second.id
        assert first.rows().equals(second.rows())
        assert first.verdicts() == second.verdicts()

    def test_what_is_added_to_a_share_is_judged_against_it(self, films: PreparedDataset) -> None:
        study = run_study(self.config(sets=("drawn-normal+drawn-tuberculosis",), doses=(1.0,), seeds=1))
        scores = study.rows().set_index("arm")["accuracy"]
        added = "real 50% + drawn-normal+drawn-tuberculosis 100%"
        found = {verdict["arm"]: verdict for verdict in study.verdicts()}
        assert found[added]["real"] == pytest.approx(scores["real 50%"])
        assert found[added]["against"] == "real 50% alone"
        assert found["real 50%"]["real"] == pytest.approx(scores["real"])

    def test_a_line_torn_by_a_fault_takes_no_training_with_it(self, films: PreparedDataset, medgan_home: Path) -> None:
        config = self.config(seeds=1)
        folder = medgan_home / "workspace" / "studies" / config.study
        folder.mkdir(parents=True)
        (folder / ROWS).write_text('{"number": 0, "arm": "re')
        assert list(run_study(config).rows()["arm"]) == ["real", "real 50%"]

    def test_a_study_goes_on_with_the_network_that_it_began_with(
        self, films: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Stop(Silent):
            def stop_requested(self) -> bool:
                return True

        config = self.config()
        with pytest.raises(Cancelled):
            run_study(config, Stop())
        other = trainings.chosen_backbone("small")._replace(words="VGG16")
        monkeypatch.setattr(trainings, "chosen_backbone", lambda _: other)
        with pytest.raises(BadInput, match=r"began with small, not pre-trained, and would go on with VGG16"):
            run_study(config)

    def test_what_is_trained_seed_by_seed_is_kept_seed_by_seed(self, films: PreparedDataset) -> None:
        class StopAtSecondSeed(Silent):
            share = 0.0

            def update(self, done: int, total: int, message: str = "") -> None:
                self.share = done / total if total else self.share

            def stop_requested(self) -> bool:
                return self.share > 0 and len(Study.open(config.study).rows()) == 1

        config = self.config()
        with pytest.raises(Cancelled):
            run_study(config, StopAtSecondSeed())
        assert Study.open(config.study).rows()["seed"].tolist() == [0]

    def test_a_stopped_study_goes_on_without_training_again(
        self, films: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = run_study(self.config())

        class StopAfterFirstArm(Silent):
            share = 0.0

            def update(self, done: int, total: int, message: str = "") -> None:
                self.share = done / total if total else self.share

            def stop_requested(self) -> bool:
                return self.share >= 0.55  # in the first training of the second arm

        config = self.config()
        with pytest.raises(Cancelled):
            run_study(config, StopAfterFirstArm())
        halted = Study.open(config.study)
        assert not halted.finished
        assert set(halted.rows()["arm"]) == {"real"}
        assert run_study(config).rows().equals(whole.rows())

    def test_grid_is_searched_on_validation_images_and_its_choice_is_used(self, films: PreparedDataset) -> None:
        config = self.config(grid=True, real_shares=(1.0,), seeds=1)
        study = run_study(config)
        grid = study.grid()
        assert len(grid) == 9
        assert set(study.rows()["arm"]) == {"real"}
        assert study.verdicts() == []
        (study.folder / MANIFEST).unlink()
        (study.folder / GRID).write_text("{")
        assert run_study(config).grid().equals(grid), "an unfinished study searches again for settings it cannot read"

    def test_what_does_not_fit_is_one_line(self, films: PreparedDataset) -> None:
        for options, reason in (
            ({"positive": ""}, "which class is to be found"),
            ({"positive": "gout"}, "no class 'gout'"),
            ({"sets": ("nothing",)}, "no set named 'nothing'"),
            ({"seeds": 0}, "seeds"),
            ({"sets": ("drawn-normal",), "doses": (0.5,), "uses": ("alone",)}, "all of class normal"),
            ({"sets": ("drawn-normal",), "doses": (9.0,)}, "generate more, or give a smaller dose"),
            ({"sets": ("drawn-normal+normal",)}, "no set named 'normal'"),
            ({"sets": ("",)}, "one of the names is empty"),
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


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize(("cases", "missing"), [(True, "no image of class tuberculosis"), (False, "no other class")])
def test_a_part_without_a_class_is_told_before_anything_is_trained(
    films: PreparedDataset, part: str, cases: bool, missing: str
) -> None:
    items = films.items
    moved = (items["split"] == part) & ((items["label"] == "tuberculosis") == cases)
    items.loc[moved, "split"] = "test"
    items.to_parquet(films.folder / "items.parquet")
    with pytest.raises(BadInput, match=f"films: its {part} part has {missing}"):
        study_config("films", positive="tuberculosis", classical=True, classifier=QUICK)


def test_a_test_part_of_one_patient_is_told_before_anything_is_trained(films: PreparedDataset) -> None:
    items = films.items
    items.loc[items["split"] == "test", "patient_id"] = "p1"
    items.to_parquet(films.folder / "items.parquet")
    with pytest.raises(BadInput, match="films: its test part has one patient"):
        study_config("films", positive="tuberculosis", classical=True, classifier=QUICK)


class Trained(Exception):
    """Carries what a network would have been trained with."""


@pytest.mark.parametrize("classical", [True, False])
def test_each_kind_of_classical_augmentation_can_be_switched_off(
    films: PreparedDataset, classical: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Augmentation(flip=False, rotation_degrees=10, zoom_share=0)
    arm = Arm("real", classical=classical)

    def refuse(configs: Any, *_: Any) -> None:
        raise Trained(configs if isinstance(configs, SegmenterConfig) else configs[0])

    monkeypatch.setattr(tasks, "train_classifiers", refuse)
    monkeypatch.setattr(tasks, "train_segmenter", refuse)
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=20, size=32, name="lesions"))
    materials = [Material.open(dataset, [arm], with_masks=dataset is lesions, seed=0) for dataset in (films, lesions)]
    for task in (
        Classification(materials[0], ClassifierConfig(augmentation=wanted, backbone="small"), "tuberculosis"),
        Segmentation(materials[1], SegmenterConfig(augmentation=wanted)),
    ):
        with pytest.raises(Trained) as caught:
            next(iter(task.outcomes(arm, [5], Silent())))
        [config] = caught.value.args
        assert config.augmentation == wanted.model_copy(update={"enabled": classical})
        assert config.seed == 5
