"""The trainings of a study come to the same wherever, and in whatever order, they are carried out."""

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgan.common.artefact import read_manifest, remove_artefact
from medgan.common.errors import BadInput, Cancelled
from medgan.common.jsonl import read_jsonl, write_jsonl
from medgan.common.progress import Progress, Silent
from medgan.common.spread import Call, one_by_one
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.downstream.classifier import ClassifierConfig
from medgan.studies import trainings as trainings_file
from medgan.studies.marks import mark
from medgan.studies.running import run_study
from medgan.studies.study import ROWS, VERDICTS, Study, StudyConfig, study_config
from medgan.studies.trainings import Trainings


@pytest.fixture
def lesions() -> PreparedDataset:
    return prepare_phantoms(PhantomConfig(family="dermoscopy", count=40, size=32, name="lesions"))


def config(**options: Any) -> StudyConfig:
    segmenter = {"epochs": 1, "width": 8, "batch_size": 8}
    given: dict[str, Any] = {"classical": True, "seeds": 2, "resamples": 99, "segmenter": segmenter}
    return study_config("lesions", **given | options)


def backwards(function: Callable[..., Any], calls: Sequence[Call], progress: Progress) -> Iterator[tuple[Call, Any]]:
    """The last call first, each as another machine would get it and send its result back."""
    for call in reversed(calls):
        sent, arguments = pickle.loads(pickle.dumps((function, call.arguments)))
        yield call, pickle.loads(pickle.dumps(sent(*arguments, progress)))


def test_elsewhere_and_in_another_order_it_is_the_same_study(lesions: PreparedDataset) -> None:
    here, there = run_study(config()), run_study(config(), spread=backwards)
    hashes = [
        {name: file.sha256 for name, file in read_manifest(study.folder).files.items()} for study in (here, there)
    ]
    assert len({found.pop("study.json") for found in hashes}) == 2, "it holds the study's id"
    assert hashes[0] == hashes[1]
    assert len(read_jsonl(here.folder / ROWS)) == 4


def test_rows_of_a_study_under_way_are_in_order(lesions: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*given: Any) -> Iterator[tuple[Call, Any]]:
        for number, found in enumerate(backwards(*given)):
            if number == 2:
                raise Cancelled("half-way")
            yield found

    asked = config()
    with pytest.raises(Cancelled):
        run_study(asked, spread=half)
    study = Study.open(asked.study)
    assert [row["seed"] for row in read_jsonl(study.folder / ROWS)] == [1, 0]
    assert study.rows()["seed"].tolist() == [0, 1]
    asked_for: list[tuple[Any, ...]] = []

    def noted(function: Any, calls: Sequence[Call], progress: Progress) -> Iterator[tuple[Call, Any]]:
        asked_for.extend(call.arguments for call in calls)
        yield from one_by_one(function, calls, progress)

    finished = run_study(asked, spread=noted)
    assert asked_for == [(0, (0,)), (0, (1,))], "what was tested is not trained again"
    assert finished.rows()["number"].tolist() == [0, 0, 1, 1]


def test_a_study_of_before_goes_on_with_its_rows(lesions: PreparedDataset) -> None:
    """Rows of earlier versions were written in the order of training, and one may stand there twice."""
    study = run_study(config())
    rows, whole = read_jsonl(study.folder / ROWS), study.rows()
    (study.folder / "manifest.json").unlink()
    write_jsonl(study.folder / ROWS, [rows[1], rows[0], *rows])
    again = run_study(study.config)
    assert again.rows().equals(whole)
    assert read_jsonl(again.folder / ROWS) == rows


def test_a_damaged_study_whose_data_are_gone_stays_as_it_is(lesions: PreparedDataset) -> None:
    study = run_study(config(seeds=1))
    (study.folder / VERDICTS).write_text("{")
    remove_artefact(lesions.folder)
    with pytest.raises(BadInput, match="lesions"):
        run_study(study.config)
    assert read_manifest(study.folder) == study.manifest
    assert (study.folder / VERDICTS).read_text() == "{"


def test_heads_that_are_trained_side_by_side_stay_one_group(
    lesions: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = config(seeds=3)
    assert Trainings(asked).groups == [(arm, (seed,)) for arm in (0, 1) for seed in (0, 1, 2)]
    monkeypatch.setattr(trainings_file, "trained_together", lambda _: True)
    classify = asked.model_copy(update={"task": "classification", "classifier": ClassifierConfig()})
    assert Trainings(classify).groups == [(0, (0, 1, 2)), (1, (0, 1, 2))]


def test_what_was_rejected_is_settled_when_the_study_begins(
    lesions: PreparedDataset, make_set: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medgan.studies.material.check_no_leak", lambda *_: [])  # the set's run is gone
    assert lesions.masks is not None
    drawn = make_set(lesions.images[:12], lesions.masks[:12], lesions.structures)
    mark(drawn, [3], "rejected")
    begun = Trainings(config(sets=("made",), doses=(0.25,)))
    mark(drawn, [4, 5], "rejected")
    sent: Trainings = pickle.loads(pickle.dumps(begun.with_settings({"learning_rate": 0.01, "dropout": 0.1})))
    np.testing.assert_array_equal(sent.material.accepted[drawn.id], [0, 1, 2, *range(4, 12)])
    assert (sent.task.config.learning_rate, sent.task.config.dropout) == (0.01, 0.1)
    assert len(pickle.dumps(begun)) < 10_000, "images are opened where it arrives"


def test_stopped_before_a_call_in_turn() -> None:
    class Stop(Silent):
        def stop_requested(self) -> bool:
            return True

    with pytest.raises(Cancelled, match="stopped before the first; what was done is kept"):
        list(one_by_one(lambda progress: Path(), [Call("the first")], Stop()))
