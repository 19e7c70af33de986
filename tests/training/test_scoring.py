"""Scores during training: written, resumed to the same, the best generator kept, training untouched by them."""

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from medgan.common.errors import BadInput, Cancelled
from medgan.common.progress import Silent
from medgan.common.tensors import read_tensors
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.metrics.spaces import SPACES
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import ScoreSpace, train_config
from medgan.training.loop import train
from medgan.training.run import GENERATOR_FILE, SCORES_FILE, Run
from medgan.training.scoring import Scorer, targets

OPTIONS: dict[str, Any] = {
    "width": 8, "batch_size": 4, "steps": 6, "log_every": 2, "sample_every": 6, "checkpoint_every": 4, "samples": 4,
    "score_every": 2, "score_images": 16,
}  # fmt: skip


def trained(dataset: PreparedDataset, name: str, *, gan: str = "dcgan", **options: Any) -> Run:
    return train(train_config(gan, dataset.id, name=name, options=OPTIONS | options))


def test_every_feature_space_can_be_chosen() -> None:
    assert set(get_args(ScoreSpace)) == {"none", *SPACES}


def test_scores_are_written_and_training_is_the_same_as_without(phantoms: PreparedDataset) -> None:
    scored = trained(phantoms, "scored", score_space="radiomic")
    plain = trained(phantoms, "plain")
    assert list(scored.scores()["step"]) == [2, 4, 6]
    assert (scored.scores()["value"] > 0).all()
    assert plain.scores().empty
    first, second = (read_tensors(run.folder / GENERATOR_FILE)[0] for run in (scored, plain))
    assert all(first[name].equal(second[name]) for name in first)


def test_the_best_generator_is_kept_and_draws_when_asked(phantoms: PreparedDataset) -> None:
    run = trained(phantoms, "scored", score_space="radiomic")
    scores = run.scores()
    best = int(scores["step"][scores["value"].idxmin()])
    assert run.bests()[-1][0] == best
    assert len(run.bests()) <= 2
    drawn = generate(generate_config(run.id, count=2, name="best", best=True))
    assert drawn.manifest.summary["step"] == best
    plain = trained(phantoms, "plain")
    with pytest.raises(BadInput, match="was not scored during training"):
        generate(generate_config(plain.id, count=2, name="none", best=True))


def test_a_stopped_run_resumes_to_the_same_scores(phantoms: PreparedDataset) -> None:
    whole = trained(phantoms, "whole", score_space="radiomic")

    class StopAt(Silent):
        step = 0

        def update(self, done: int, total: int, message: str = "") -> None:
            self.step = done

        def stop_requested(self) -> bool:
            return self.step >= 4

    config = train_config("dcgan", phantoms.id, name="halted", options=OPTIONS | {"score_space": "radiomic"})
    with pytest.raises(Cancelled):
        train(config, StopAt())
    halted = Run.open("halted")
    with open(halted.folder / "scores.jsonl", "a") as stream:
        stream.write('{"step": 6, "space": "radiomic", "value": 0.001}\n')  # of steps that were lost
    shutil.copy(halted.folder / "checkpoint-00000004.safetensors", halted.folder / "best-00000006.safetensors")
    again = train(config)
    assert again.scores().equals(whole.scores())
    kept = [run.bests()[-1] for run in (whole, again)]
    assert kept[0][0] == kept[1][0]
    first, second = (read_tensors(path)[0] for _, path in kept)
    assert all(first[name].equal(second[name]) for name in first)


def test_a_score_that_has_lost_a_field_is_none(phantoms: PreparedDataset) -> None:
    run = trained(phantoms, "scored", score_space="radiomic", steps=2)
    scores, whole = run.folder / SCORES_FILE, (run.folder / SCORES_FILE).read_text()
    for lost in ("step", "value"):
        scores.write_text(whole + whole.replace(lost, lost.upper()))
        assert run.scores()["step"].tolist() == [2]
        Scorer(run, phantoms).rewind(2)
        assert scores.read_text() == whole


def test_of_two_domains_each_direction_is_scored_against_the_other_class(phantoms: PreparedDataset) -> None:
    options = {"domain_a": "normal", "domain_b": "tuberculosis", "discriminator_width": 8, "batch_size": 1, "steps": 2}
    run = trained(phantoms, "turner", gan="cyclegan", score_space="radiomic", **options)
    found = targets(run.config, phantoms, run.record.data)
    labels = [set(phantoms.items["label"].iloc[rows]) for _, rows in found]
    assert labels == [{"tuberculosis"}, {"normal"}]
    assert [conditions.part for conditions, _ in found if conditions] == ["images", "images_b"]
    assert len(run.scores()) == 1


def test_images_with_masks_are_scored_together(medgan_home: Path) -> None:
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=24, size=64, name="lesions"))
    run = trained(lesions, "pairs", gan="fastgan", score_space="radiomic", content="images_and_masks", steps=2)
    assert len(run.scores()) == 1


def test_a_space_without_weights_is_refused_before_training(phantoms: PreparedDataset) -> None:
    with pytest.raises(BadInput, match="weights download inception"):
        trained(phantoms, "none", score_space="inception")
    with pytest.raises(BadInput, match="no run"):
        Run.open("none")
