"""What the Downstream and Thesis pages make of studies and published tables, without a page."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from medgan.app import downstream_arms
from medgan.app.downstream_arms import planned
from medgan.app.downstream_sets import Candidate, _by_gan
from medgan.app.downstream_words import SCORES, Score, best_of, cell, found_in_short
from medgan.app.thesis_tables import ours, table
from medgan.common.artefact import Manifest
from medgan.data.dataset import PreparedDataset
from medgan.downstream.scores import ClassifierScores, SegmenterScores
from medgan.studies.arms import Arm
from medgan.studies.beside import Beside
from medgan.studies.figures import MAIN, Interval
from medgan.studies.material import Material
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.thesis import THESIS


def candidate(name: str, gan: str = "fastgan") -> Candidate:
    created, summary = datetime.now(UTC), {"gan": gan}
    manifest = Manifest(kind="set", id=name, name=name, created=created, config={}, summary=summary)
    return Candidate(SyntheticSet(Path(name), manifest), name, ())


class TestWords:
    def test_every_score_of_the_table_is_one_that_is_measured(self) -> None:
        assert set(SCORES["classification"]) <= set(ClassifierScores.__annotations__)
        assert set(SCORES["segmentation"]) <= set(SegmenterScores.__annotations__)
        assert {task: next(iter(scores)) for task, scores in SCORES.items()} == MAIN

    def test_a_cell_has_its_interval_where_there_is_one(self) -> None:
        assert cell(Interval(0.8123, 0.79, 0.834), Score("Accuracy")) == "0.812 (0.790 to 0.834)"
        assert cell(Interval(0.8123), Score("Accuracy")) == "0.812"
        assert cell(None, Score("Accuracy")) == "·"

    def test_the_best_is_the_lowest_where_lower_is_better(self) -> None:
        means = {"a": Interval(1200.0), "b": Interval(1300.0), "c": Interval(1200.01)}
        assert best_of(means, Score("Pixels", lower_is_better=True, form=",.1f")) == {"a", "c"}
        assert best_of(means, Score("Pixels", form=",.1f")) == {"b"}

    def test_none_is_best_where_all_look_alike(self) -> None:
        assert best_of({"a": Interval(0.50001), "b": Interval(0.50002)}, Score("Accuracy")) == set()

    @pytest.mark.parametrize(
        ("labels", "words"),
        [
            (["helps"], "Of 1 arm beside real images alone: 1 helps."),
            (["hurts", "cannot be told", "hurts"], "Of 3 arms beside real images alone: 2 hurt and 1 cannot be told."),
        ],
    )
    def test_all_verdicts_in_a_sentence(self, labels: list[str], words: str) -> None:
        assert found_in_short([{"label": label} for label in labels]) == words


class TestArms:
    @pytest.fixture(autouse=True)
    def images(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(downstream_arms, "images_of", lambda sets: Counter({"normal": 9}) if sets else Counter())
        monkeypatch.setattr(downstream_arms, "rejected_of", lambda sets: 0)

    @pytest.mark.parametrize("share", [1.0, 0.3])
    def test_numbers_are_those_that_a_study_draws(self, phantoms: PreparedDataset, share: float) -> None:
        arm = Arm("arm", ("kept",), dose=0.5, use="mixed", real_share=share)
        [found] = planned([arm], [candidate("kept")], phantoms, with_masks=False)
        real = Material(phantoms, {}, with_masks=False, seed=0).real_of(arm)
        assert found.real == len(real)
        assert found.synthetic == {"normal": round(0.5 * int(np.sum(real.labels == "normal")))}
        assert not found.shortage

    def test_a_dose_that_takes_more_than_there_is_is_told(self, phantoms: PreparedDataset) -> None:
        arm = Arm("arm", ("kept",), dose=2, use="alone")
        [found] = planned([arm], [candidate("kept")], phantoms, with_masks=False)
        assert found.real == 0
        assert "of class normal, there are 9" in found.shortage
        [masked] = planned([arm], [candidate("kept")], phantoms, with_masks=True)
        assert masked.shortage == f"takes {2 * len(phantoms.indices('train'))} images, there are 9"


def test_sets_of_one_gan_are_used_together() -> None:
    sets = [candidate("a"), candidate("b", "cyclegan"), candidate("c")]
    assert _by_gan(sets) == [(("a", "c"), "a+c"), (("b",), "b")]


class TestThesisTable:
    def test_our_figure_is_named_where_it_is_another_score(self) -> None:
        here = Interval(12.34, 10, 14)
        assert ours(Beside("real", "FID", 104.99, here, "FID")) == "12.3 (10 to 14)"
        assert ours(Beside("real", "FID", 104.99, here, "Fréchet distance (radiomic)")) == (
            "12.3 (10 to 14), Fréchet distance (radiomic)"
        )

    def test_a_row_a_published_row_and_what_is_empty_there_is_empty(self) -> None:
        rows = [
            Beside("real", "mean IoU", None, None, "mean IoU"),
            Beside("fastgan", "mean IoU", 0.74, None, "mean IoU"),
        ]
        found = table(rows)
        assert found["Mean IoU, published"].tolist() == ["", "0.74"]
        assert found["Mean IoU, ours"].tolist() == ["·", "·"]

    def test_experiments_are_of_the_kinds_that_have_a_view(self) -> None:
        from medgan.app.thesis_view import VIEWS

        assert {chosen.kind for chosen in THESIS.values()} == set(VIEWS)
