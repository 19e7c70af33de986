"""A reader study: what is made of the answers, and how far readers agree."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from medgan.common.errors import BadInput
from medgan.studies.agreement import cohen_kappa, fleiss_kappa, in_words, kappa
from medgan.studies.reader import ReaderSession
from medgan.studies.reader_scores import ReaderScores, area, newcombe, share_right
from medgan.studies.reading import Reading

from .conftest import read


class TestScores:
    def test_one_reader(self, session: ReaderSession) -> None:
        answers = read(session, "ada", right=0.7).answers()
        scores = ReaderScores.of(session)
        [ada] = scores.readers()
        truth = (session.items["truth"] == "synthetic").to_numpy()[[answer.item for answer in answers]]
        ratings = np.array([answer.rating for answer in answers])
        right = int(((ratings > 0) == truth).sum())
        exact = stats.binomtest(right, 20)
        assert ada.right.value == right / 20
        assert (ada.right.low, ada.right.high) == tuple(exact.proportion_ci(0.95))
        assert ada.p_value == scores.p_value() == exact.pvalue
        assert ada.auroc is not None
        assert ada.auroc.value == pytest.approx(roc_auc_score(truth, ratings))
        pairs = [(s > r) + 0.5 * (s == r) for s, r in product(ratings[truth], ratings[~truth])]
        assert ada.auroc.value == pytest.approx(np.mean(pairs))
        assert ada.called_synthetic == (ratings > 0).mean()
        assert ada.median_seconds == 2.5
        assert scores.agreement() is None

    def test_groups_count_their_own_images(self, session: ReaderSession) -> None:
        for place, name in enumerate(("ada", "bob", "cid")):
            read(session, name, right=0.75, seed=place)
        scores = ReaderScores.of(session)
        groups = {(group.kind, group.name): group for group in scores.groups()}
        models = [group for (kind, _), group in groups.items() if kind == "model"]
        everything, real = groups["all", ""], groups["real", ""]
        assert everything.right.value == pytest.approx(scores.right.mean())
        assert [group.images for group in (everything, real, *models)] == [20, 10, 5, 5]
        assert real.right.value == pytest.approx(scores.right[:, ~scores.truth].mean())
        assert real.auroc is None
        for model in models:
            own = (session.items["source"] == model.name).to_numpy()
            assert model.right.value == pytest.approx(scores.right[:, own].mean())
            ratings = scores.ratings[:, own | ~scores.truth]
            expected = [roc_auc_score(scores.truth[own | ~scores.truth], row) for row in ratings]
            assert model.auroc is not None
            assert model.auroc.value == pytest.approx(np.mean(expected))

    def test_figures_of_all_wait_for_a_reader_who_has_finished(self, session: ReaderSession) -> None:
        read(session, "ada", count=19)
        assert ReaderScores.of(session).groups() == []
        read(session, "ada", count=1)
        read(session, "bob", count=3)
        scores = ReaderScores.of(session)
        assert scores.finished == ["ada"]
        assert [(one.reader, one.finished) for one in scores.readers()] == [("ada", True), ("bob", False)]
        assert scores.groups()[0].right.value == 1.0

    def test_images_that_deceive_come_first(self, session: ReaderSession) -> None:
        for name in ("ada", "bob"):
            reading = Reading.of(session, name)
            for item in range(20):
                truth = session.items["truth"][item]
                wrong = item == 7 or (item == 9 and name == "bob")
                reading.record(item, ({"real", "synthetic"} - {truth}).pop() if wrong else truth, 3, 1.0)
        table = ReaderScores.of(session).mistaken()
        assert table["image"].tolist()[:2] == [7, 9]
        assert table["wrong"].tolist()[:3] == [2, 1, 0]

    def test_those_who_all_are_right_have_an_interval_below_one(self, session: ReaderSession) -> None:
        for name in ("ada", "bob"):
            read(session, name)
        scores = ReaderScores.of(session)
        everything = scores.groups()[0]
        assert everything.right.value == 1.0
        assert everything.right.low == pytest.approx(stats.binomtest(20, 20).proportion_ci().low)
        assert everything.auroc is not None
        assert everything.auroc.low is not None
        assert 0.5 < everything.auroc.low < 1.0
        assert scores.p_value() == stats.binomtest(20, 20).pvalue

    def test_guessing_is_seldom_told_from_guessing(self) -> None:
        rng, kept, studies = np.random.default_rng(0), 0, 400
        for _ in range(studies):
            found = share_right(rng.random((3, 40)) < 0.5)
            assert found.low is not None
            assert found.high is not None
            kept += found.low <= 0.5 <= found.high
        assert kept / studies > 0.93

    def test_the_interval_of_an_area_holds_its_level(self) -> None:
        rng, kept, studies = np.random.default_rng(0), 0, 400
        truth = np.arange(60) < 30
        for _ in range(studies):
            found = area(np.round(rng.normal(size=(1, 60)) + 1.5 * truth, 1), truth)
            assert found is not None
            assert found.low is not None
            assert found.high is not None
            kept += found.low <= stats.norm.cdf(1.5 / np.sqrt(2)) <= found.high
        assert 0.92 < kept / studies < 0.99

    def test_the_interval_of_an_area_solves_its_equation_and_mirrors(self) -> None:
        low, high = newcombe(0.8, 30, 25)
        for end in (low, high):
            weight = 27.5 - 1
            variance = end * (1 - end) * (1 + weight * ((1 - end) / (2 - end) + end / (1 + end))) / 750
            assert abs(0.8 - end) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)
        assert newcombe(0.2, 30, 25) == pytest.approx((1 - high, 1 - low))
        low, high = newcombe(1.0, 30, 30)
        assert (round(low, 3), high) == (0.933, 1.0)
        assert newcombe(0.0, 30, 30) == pytest.approx((0.0, 1 - low))


class TestAgreement:
    def test_cohen_as_published_elsewhere(self) -> None:
        rng = np.random.default_rng(1)
        for share in (0.1, 0.5, 0.8):
            answers = (rng.random((2, 50)) < share).astype(int)
            assert float(cohen_kappa(answers)) == pytest.approx(cohen_kappa_score(*answers))

    def test_cohen_by_hand(self) -> None:
        first = [1] * 25 + [0] * 25
        second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15  # 20, 5, 10, 15: po = 0.7, pe = 0.5
        assert float(cohen_kappa([first, second])) == pytest.approx(0.4)

    def test_fleiss_by_hand(self) -> None:
        answers = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]])  # pairs 1, 1/3, 1/3, 1; half of all are 1
        assert float(fleiss_kappa(answers)) == pytest.approx((2 / 3 - 0.5) / 0.5)

    def test_fleiss_of_many_agrees_with_counting_pairs(self) -> None:
        answers = (np.random.default_rng(2).random((5, 30)) < 0.4).astype(int)
        observed = np.mean([answers[a] == answers[b] for a in range(5) for b in range(5) if a != b])
        share = answers.mean()
        expected = share**2 + (1 - share) ** 2
        assert float(fleiss_kappa(answers)) == pytest.approx((observed - expected) / (1 - expected))

    def test_two_get_cohens_and_more_get_fleiss(self) -> None:
        answers = (np.random.default_rng(3).random((3, 40)) < 0.5).astype(int)
        assert kappa(answers[:2]).value == float(cohen_kappa(answers[:2]))
        found = kappa(answers)
        assert found.value == float(fleiss_kappa(answers))
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high

    def test_readers_who_never_differ(self) -> None:
        same = kappa([[1, 0, 1, 0], [1, 0, 1, 0]])
        assert same.value == 1.0
        assert same.low is None
        assert np.isnan(kappa([[1, 1, 1], [1, 1, 1]]).value)

    @pytest.mark.parametrize("answers", [[[1, 2]], [1, 0], [[], []]])
    def test_what_are_no_answers_is_refused(self, answers: Any) -> None:
        with pytest.raises(BadInput, match="give 0 or 1"):
            kappa(answers)

    def test_a_single_reader_agrees_with_nobody(self) -> None:
        with pytest.raises(BadInput, match="two or more"):
            kappa([[1, 0, 1]])

    def test_words(self) -> None:
        assert [in_words(value) for value in (-0.1, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9)] == [
            *("poor", "slight", "slight", "fair", "moderate", "substantial", "almost perfect")
        ]


class TestCommand:
    def test_list_show_export(self, session: ReaderSession, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        from medgan.cli import main

        read(session, "ada", right=0.8)
        read(session, "bob", right=0.8, seed=1)

        def answer(*words: str) -> Any:
            capsys.readouterr()
            assert main(["readers", *words, "--json"]) == 0
            return json.loads(capsys.readouterr().out)

        [found] = answer("list")
        assert found["readers"] == {"ada": 20, "bob": 20}
        shown = answer("show", session.name)
        assert {reader["reader"] for reader in shown["readers"]} == {"ada", "bob"}
        assert shown["groups"][0]["images"] == 20
        assert shown["kappa"] == shown["kappa_of_pairs"]["ada, bob"]
        path = tmp_path / "answers.csv"
        assert answer("export", session.id, "--output", str(path))["answers"] == 40
        assert len(pd.read_csv(path)) == 40
        assert main(["readers", "show", session.id]) == 0
        assert "Cohen's kappa" in capsys.readouterr().out
        assert main(["readers", "show", "nobody"]) == 2
