"""A reader study: what is shown, what is kept of the answers, and what is made of them."""

import json
import re
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from medgan.common.artefact import damaged_files
from medgan.common.errors import BadInput
from medgan.common.home import readers_folder
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.agreement import cohen_kappa, fleiss_kappa, in_words, kappa
from medgan.studies.marks import mark
from medgan.studies.reader import ReaderSession, list_sessions, prepare_session, reader_config
from medgan.studies.reader_images import Source
from medgan.studies.reader_scores import ReaderScores, area, newcombe, share_right
from medgan.studies.reading import Reading, answers_table, readings_of
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run


@pytest.fixture(scope="module")
def made(_phantoms_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the data set `phantoms`, two sets of 12 phantom films each, and a session of both."""
    home = tmp_path_factory.mktemp("reader") / "home"
    shutil.copytree(_phantoms_once, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        for seed in (1, 2):
            generate(generate_config("phantom-chest-xray", count=12, seed=seed, name=f"s{seed}"))
        prepare_session(reader_config("phantoms", ("s1", "s2"), part="all", images=20, code="opensesame", name="both"))
    return home


@pytest.fixture
def session(made: Path, medgan_home: Path) -> ReaderSession:
    """Its session, in this test's own copy."""
    shutil.copytree(made, medgan_home, dirs_exist_ok=True)
    return ReaderSession.open("both")


@pytest.fixture
def sets(session: ReaderSession) -> list[SyntheticSet]:
    """Its sets, in this test's own copy, without a session."""
    shutil.rmtree(readers_folder())
    return [SyntheticSet.open(name) for name in ("s1", "s2")]


def read(session: ReaderSession, name: str, *, right: float = 1.0, seed: int = 0, count: int | None = None) -> Reading:
    """A reader who answers rightly with a probability, until `count` images are answered."""
    reading, rng = Reading.of(session, name), np.random.default_rng(seed)
    for _ in range(len(session) if count is None else count):
        item = reading.next_item(reading.answers())
        assert item is not None
        truth = str(session.items["truth"][item])
        other = {"real": "synthetic", "synthetic": "real"}[truth]
        reading.record(item, truth if rng.random() < right else other, int(rng.integers(1, 6)), 2.5)
    return reading


class TestImages:
    def test_halves_and_shares_and_classes_are_equal(self, session: ReaderSession) -> None:
        items = session.items
        assert items["truth"].value_counts().to_dict() == {"real": 10, "synthetic": 10}
        assert items["source_name"].value_counts().to_dict() == {"phantoms": 10, "s1": 5, "s2": 5}
        assert set(SyntheticSet.open("s1").items["label"]) == {"normal"}
        assert set(items["label"]) == {"normal"}

    def test_images_are_those_that_the_table_names_and_none_is_there_twice(self, session: ReaderSession) -> None:
        phantoms = PreparedDataset.open("phantoms")
        assert len({image.tobytes() for image in session.images}) == len(session) == 20
        for row in session.items.itertuples():
            if row.truth == "real":
                place = phantoms.items["id"].tolist().index(row.source_item)
                shown, expected = session.images[row.Index], phantoms.images[place]
            else:
                drawn = SyntheticSet.open(row.source)
                place = drawn.items["file"].tolist().index(row.source_item)
                shown, expected = session.images[row.Index], drawn.drawn.pictures[place]
            assert np.array_equal(shown, expected)

    def test_the_order_tells_nothing_and_the_seed_decides(self, sets: list[SyntheticSet]) -> None:
        made = [
            prepare_session(reader_config("phantoms", ("s1",), part="all", images=20, seed=seed)) for seed in (0, 0, 1)
        ]
        first, again, other = (one.items.drop(columns="gan") for one in made)
        pd.testing.assert_frame_equal(first, again)
        assert not first.equals(other)
        truths = [(one.items["truth"] == "real").to_numpy() for one in made]
        assert all(0 < truth[:10].sum() < 10 for truth in truths)

    def test_classes_of_a_set_are_matched_and_take_turns(self, sets: list[SyntheticSet]) -> None:
        drawn = sets[0]
        items = drawn.items.assign(label=["normal"] * 9 + ["tuberculosis"] * 3)
        items.to_parquet(drawn.folder / "items.parquet")
        made = prepare_session(reader_config("phantoms", ("s1",), part="all", images=12))
        counts = made.items.groupby(["truth", "label"]).size().to_dict()
        assert set(counts.values()) == {3}
        assert {label for _, label in counts} == {"normal", "tuberculosis"}

    def test_rejected_images_are_not_shown(self, sets: list[SyntheticSet]) -> None:
        mark(sets[0], range(8), "rejected")
        made = prepare_session(reader_config("phantoms", ("s1",), part="all", images=8))
        shown = made.items.query("truth == 'synthetic'")["source_item"]
        assert set(shown) == set(sets[0].items["file"][8:])
        with pytest.raises(BadInput, match="has 4 different images that were not rejected, 5 are needed"):
            prepare_session(reader_config("phantoms", ("s1",), part="all", images=10))

    def test_patients_do_not_come_twice_before_all_have_come(self, sets: list[SyntheticSet]) -> None:
        dataset = PreparedDataset.open("phantoms")
        nth = dataset.items.groupby("label").cumcount()
        items = dataset.items.assign(patient_id=dataset.items["label"] + (nth // 2).astype(str))
        items.to_parquet(dataset.folder / "items.parquet")
        made = prepare_session(reader_config("phantoms", ("s1", "s2"), part="all", images=16))
        patient = dict(zip(items["id"], items["patient_id"], strict=True))
        assert len({patient[id] for id in made.items.query("truth == 'real'")["source_item"]}) == 8

    def test_what_would_give_images_away_is_refused(self, sets: list[SyntheticSet]) -> None:
        prepare_phantoms(PhantomConfig(family="chest_xray", count=12, size=32, name="small"))
        prepare_phantoms(PhantomConfig(family="dermoscopy", count=12, size=64, name="coloured"))
        for name, words in (("small", "64 pixels in grey.*32 pixels"), ("coloured", "in grey.*in colour")):
            with pytest.raises(BadInput, match=words):
                prepare_session(reader_config(name, ("s1",)))
        sets[0].items.assign(label="measles").to_parquet(sets[0].folder / "items.parquet")
        with pytest.raises(BadInput, match="shows measles; data set phantoms has no such class"):
            prepare_session(reader_config("phantoms", ("s1",)))
        assert list_sessions() == []

    def test_too_few_real_images_are_refused_and_leave_nothing(self, sets: list[SyntheticSet]) -> None:
        with pytest.raises(BadInput, match=r"its test part has \d+ images.*, 12 are needed; ask for fewer"):
            prepare_session(reader_config("phantoms", ("s1",), images=24))
        assert not readers_folder().exists() or not any(readers_folder().iterdir())

    @pytest.mark.parametrize(("images", "words"), [(9, "even number"), (6, "greater than or equal to 8")])
    def test_bad_numbers_are_refused(self, sets: list[SyntheticSet], images: int, words: str) -> None:
        with pytest.raises(BadInput, match=words):
            reader_config("phantoms", ("s1",), images=images)

    def test_the_organiser_is_told_what_else_may_give_images_away(self, session: ReaderSession) -> None:
        assert any("did not learn from phantoms" in note for note in session.notes)
        assert any("training part" in note for note in session.notes)

    def test_the_organiser_is_told_of_a_gan_that_saw_the_test_images_elsewhere(self, session: ReaderSession) -> None:
        films = PhantomConfig(family="chest_xray", count=36, size=64, seed=4, name="films")
        dataset, other = (prepare_phantoms(films.model_copy(update={"name": name})) for name in ("films", "elsewhere"))
        other.items.assign(split="train").to_parquet(other.folder / "items.parquet")
        for source in (dataset, other):
            options = {"size": 64, "width": 8, "batch_size": 4, "steps": 1, "samples": 1}
            run = train(train_config("dcgan", source.id, label="normal", name=source.name, options=options))
            generate(generate_config(run.id, count=4, name=f"by-{source.name}"))
        own, foreign = (SyntheticSet.open(f"by-{name}") for name in ("films", "elsewhere"))
        assert Source(dataset, "test", (own,), 0).notes == ()
        notes = Source(dataset, "test", (foreign,), 0).notes
        assert any(
            re.search(r"its GAN elsewhere learned from \d+ test .*images.* of films\. A copy", one) for one in notes
        )
        shutil.rmtree(other.folder)
        shutil.rmtree(Run.open("elsewhere").folder)
        assert any("is gone, so nobody can tell" in one for one in Source(dataset, "test", (foreign,), 0).notes)

    def test_the_code_opens_and_is_not_kept(self, session: ReaderSession) -> None:
        assert session.opened_by("opensesame")
        assert not session.opened_by("sesame")
        assert "opensesame" not in (session.folder / "manifest.json").read_text()
        without = prepare_session(reader_config("phantoms", ("s1",), part="all", images=8))
        assert not without.opened_by("")


class TestReading:
    def test_every_reader_sees_every_image_once_in_an_order_of_their_own(self, session: ReaderSession) -> None:
        orders = {name: [answer.item for answer in read(session, name).answers()] for name in ("ada", "bob")}
        assert all(sorted(order) == list(range(20)) for order in orders.values())
        assert orders["ada"] != orders["bob"]
        assert Reading.of(session, "ada").finished
        assert damaged_files(session.folder) == []

    def test_reading_goes_on_where_it_stopped(self, session: ReaderSession) -> None:
        first = read(session, "Ada", count=7)
        expected = first.next_item(first.answers())
        again = Reading.of(ReaderSession.open(session.id), " ada ")
        assert again.next_item(again.answers()) == expected
        assert [answer.place for answer in again.answers()] == list(range(1, 8))
        assert not again.finished

    @pytest.mark.parametrize("torn", ['{"item": 3, "pla', "\x00\x00", "[1, 2]"])
    def test_a_torn_last_line_is_shown_again_and_cut_off(self, session: ReaderSession, torn: str) -> None:
        reading = read(session, "ada", count=3)
        before = reading.answers()
        with open(reading.path, "a") as stream:
            stream.write(torn)
        assert reading.answers() == before
        read(session, "ada", count=1)
        lines = reading.path.read_text().splitlines()
        assert len(lines) == 4
        assert all(json.loads(line) for line in lines)

    def test_of_two_answers_the_first_counts(self, session: ReaderSession) -> None:
        reading = Reading.of(session, "ada")
        for answer in ("real", "synthetic"):
            reading.record(3, answer, 2, 1.0)
        assert [(given.item, given.answer) for given in reading.answers()] == [(3, "real")]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"answer": "maybe"}, "answer"),
            ({"confidence": 6}, "confidence"),
            ({"confidence": 0}, "confidence"),
            ({"item": 20}, "no image 20"),
            ({"item": -1}, "no image -1"),
            ({"reasons": ("mood",)}, "mood"),
        ],
    )
    def test_what_is_no_answer_is_refused_and_not_kept(
        self, session: ReaderSession, change: dict[str, Any], words: str
    ) -> None:
        reading = Reading.of(session, "ada")
        with pytest.raises(BadInput, match=words):
            reading.record(**{"item": 1, "answer": "real", "confidence": 3, "seconds": 1.0, **change})
        assert reading.answers() == []

    @pytest.mark.parametrize("line", ['{"item": 1}', '{"item": 99, "place": 1, "answer": "real"}'])
    def test_a_damaged_file_is_one_line(self, session: ReaderSession, line: str) -> None:
        reading = read(session, "ada", count=1)
        reading.path.write_text(f"{line}\n")
        with pytest.raises(BadInput, match=r"ada\.jsonl: damaged") as error:
            reading.answers()
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden"])
    def test_names_that_are_no_file_names_are_refused(self, session: ReaderSession, name: str) -> None:
        with pytest.raises(BadInput, match="name"):
            Reading.of(session, name)

    def test_blanks_and_capitals_do_not_tell_readers_apart(self, session: ReaderSession) -> None:
        assert Reading.of(session, "  Ada  Byron ").reader == Reading.of(session, "ada-byron").reader == "ada-byron"

    def test_the_table_holds_every_answer_beside_the_truth(self, session: ReaderSession) -> None:
        read(session, "ada", right=0.5)
        Reading.of(session, "bob").record(4, "synthetic", 5, 3.25, reasons=("anatomy", "edges"), comment='odd, "ribs"')
        table = answers_table(session)
        assert len(table) == 21
        assert (table["right"] == (table["truth"] == table["answer"])).all()
        [bob] = table[table["reader"] == "bob"].to_dict("records")
        assert (bob["image"], bob["rating"], bob["seconds"]) == (4, 5, 3.25)
        assert (bob["reasons"], bob["comment"]) == ("anatomy edges", 'odd, "ribs"')
        assert bob["source_item"] == session.items["source_item"][4]
        assert [reading.reader for reading in readings_of(session)] == ["ada", "bob"]


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
