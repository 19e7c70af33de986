"""A reader study: what is shown, and what is kept of the answers."""

import re
import shutil
from typing import Any

import numpy as np
import pandas as pd
import pytest

from medgan.common.artefact import damaged_files
from medgan.common.errors import BadInput
from medgan.common.home import readers_folder
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.marks import mark
from medgan.studies.reader import ReaderSession, list_sessions, prepare_session, reader_config
from medgan.studies.reader_images import Source
from medgan.studies.reading import Reading, answers_table, readings_of
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run

from .conftest import read


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

    def test_an_answer_torn_by_a_fault_is_asked_for_again(self, session: ReaderSession) -> None:
        reading = read(session, "ada", count=3)
        before = reading.answers()
        with open(reading.path, "a") as stream:
            stream.write('{"item": 3, "pla')
        assert reading.answers() == before
        read(session, "ada", count=1)
        assert [answer.place for answer in reading.answers()] == [1, 2, 3, 4]

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

    def test_letters_of_any_script_may_stand_in_a_name(self, session: ReaderSession) -> None:
        reading = Reading.of(session, "Dr. Müller")
        reading.record(0, "real", 3, 4.0)
        assert [found.reader for found in readings_of(session)] == ["dr.-müller"]
        assert all(Reading.of(session, name).begin() for name in ("李明", "हिन्दी", "สมชาย ใจดี", "İsmail"))

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
