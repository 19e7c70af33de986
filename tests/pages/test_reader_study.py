"""The Reader study page: setting up, reading blinded, stopping and going on, and results for those who may see them."""

import errno
import shutil
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from medgan.app.reader_screen import blinded_png
from medgan.data.dataset import list_datasets
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.reader import ReaderSession, list_sessions, prepare_session, reader_config
from medgan.studies.reading import Reading

from .conftest import Open, captions, pictures, press, texts

IMAGES = 8


@pytest.fixture
def session(populated: Path) -> ReaderSession:
    films = next(found.id for found in list_datasets() if found.name == "phantom-chest_xray")
    return prepare_session(reader_config(films, ("kept",), part="all", images=IMAGES, name="blind", code="sesame"))


def without_code(session: ReaderSession) -> ReaderSession:
    """One of the same images that opens its results to each reader at the end."""
    ids = session.manifest.config["dataset"], ("kept",)
    return prepare_session(reader_config(*ids, part="all", images=IMAGES, name="open"))


def judge(app: AppTest, word: str, sure: str = "Sure") -> AppTest:
    """Answer the image on the screen."""
    return press(press(press(app, word), sure), "Next image")


def read(session: ReaderSession, name: str, count: int = IMAGES) -> Reading:
    """A reader who calls every image real."""
    reading = Reading.of(session, name)
    for item in range(count):
        reading.record(item, "real", 3, 4.0)
    return reading


def test_without_anything_it_says_what_to_do_first(open_page: Open) -> None:
    app = open_page("reader_study")
    assert "No session yet" in texts(app)
    app = press(app, "New session")
    assert not app.exception
    assert "No real images are here yet" in texts(app)


@pytest.mark.usefixtures("populated")
def test_a_session_is_set_up_and_read_to_its_end(open_page: Open) -> None:
    app = open_page("reader_study", view="new")
    app.number_input(key="url:images").set_value(IMAGES).run()
    app.button_group(key="url:real_part").set_value("all").run()
    assert "part of the training" in texts(app) or "training part" in texts(app)
    app = press(app, "Make the session")
    assert not app.exception
    assert not app.error
    [made] = list_sessions()
    assert "You will see 8 images" in texts(app)
    app.text_input[0].set_value("Ada")
    app = press(app, "Begin, or go on")
    assert dict(app.query_params) == {"session": made.id, "reader": "ada"}
    for place in range(1, IMAGES + 1):
        assert pictures(app) == [f"Image {place} of {IMAGES}, to be judged"]
        assert captions(app) in ([], [""])
        app = judge(app, "Real")
        assert not app.exception
    answers = Reading.of(made, "ada").answers()
    assert [answer.answer for answer in answers] == ["real"] * IMAGES
    assert {answer.confidence for answer in answers} == {4}
    assert "you have judged all 8 images" in texts(app)
    assert "were right about 4 of 8" in texts(app)
    assert "Guessing may give as much (p = 1.000)" in texts(app)
    assert len(pictures(app)) == 4  # the synthetic ones, called real
    assert all(words.startswith("synthetic") and "called real by 1 of 1" in words for words in pictures(app))


def test_setting_up_says_where_a_gan_saw_the_test_images_elsewhere(populated: Path, open_page: Open) -> None:
    films = next(found for found in list_datasets() if found.name == "phantom-chest_xray")
    other = prepare_phantoms(PhantomConfig(family="chest_xray", count=36, size=64, name="elsewhere"))
    learned = films.items["split"] == "train"
    other.items.assign(split=learned.map({True: "test", False: "train"})).to_parquet(other.folder / "items.parquet")
    told = "its GAN tiny learned from 10 test images of elsewhere"
    app = open_page("reader_study", view="new", dataset=other.id)
    assert not app.exception
    assert told in texts(app)
    assert told not in texts(open_page("reader_study", view="new", dataset=films.id))


class TestReading:
    def test_nothing_on_the_page_tells_real_from_synthetic(self, session: ReaderSession, open_page: Open) -> None:
        app = open_page("reader_study", session=session.id, reader="ada")
        seen = set()
        for place in range(1, IMAGES + 1):
            words = [texts(app), *pictures(app), *(button.label for button in app.button), str(app.main)]
            seen.add("\n".join(words[:-1]).replace(f"Image {place} of", "Image N of"))
            for row in session.items.itertuples():
                for telling in (row.source, row.source_name, row.source_item, row.gan, row.label):
                    assert not telling or telling not in words[-1]
            app = judge(app, "Synthetic")
        assert len(seen) == 1

    def test_an_answer_needs_both_and_says_what_was_chosen(self, session: ReaderSession, open_page: Open) -> None:
        app = open_page("reader_study", session=session.id, reader="ada")
        assert "You chose: nothing yet" in texts(app)
        app = press(app, "Synthetic")
        assert next(button for button in app.button if button.label == "Next image").disabled
        app = press(press(app, "Real"), "Certain")
        assert "You chose: real, certain (5 of 5)" in texts(app)
        assert Reading.of(session, "ada").answers() == []
        press(app, "Next image")
        [answer] = Reading.of(session, "ada").answers()
        assert (answer.answer, answer.confidence) == ("real", 5)

    def test_reasons_are_kept_and_do_not_stay_for_the_next_image(self, session: ReaderSession, open_page: Open) -> None:
        app = open_page("reader_study", session=session.id, reader="ada")
        app.button_group[0].set_value(["anatomy"])
        app.text_input[0].set_value("odd ribs")
        app = judge(app, "Synthetic", "Guess")
        [answer] = Reading.of(session, "ada").answers()
        assert (answer.reasons, answer.comment, answer.confidence) == (("anatomy",), "odd ribs", 1)
        assert app.button_group[0].value == []
        assert app.text_input[0].value == ""

    def test_an_answer_that_finds_no_room_is_not_lost_silently(
        self, session: ReaderSession, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def without_room(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        app = open_page("reader_study", session=session.id, reader="ada")
        monkeypatch.setattr(Reading, "record", without_room)
        app = judge(app, "Real")
        assert not app.exception
        assert ["the disk is full" in error.value for error in app.error] == [True]
        assert pictures(app) == [f"Image 1 of {IMAGES}, to be judged"]

    def test_a_break_hides_the_image_and_stops_the_clock(
        self, session: ReaderSession, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [0.0]
        monkeypatch.setattr("medgan.app.reader_screen.time.monotonic", lambda: now[0])
        app = open_page("reader_study", session=session.id, reader="ada")
        now[0] += 10
        app = press(app, "Take a break")
        assert pictures(app) == []
        now[0] += 1000
        app = press(app, "Go on")
        assert pictures(app) == ["Image 1 of 8, to be judged"]
        now[0] += 5
        judge(app, "Real")
        assert [answer.seconds for answer in Reading.of(session, "ada").answers()] == [15.0]

    def test_leaving_and_going_on(self, session: ReaderSession, open_page: Open) -> None:
        app = judge(open_page("reader_study", session=session.id, reader="ada"), "Real")
        app = press(press(app, "Take a break"), "Leave, and go on another time")
        assert "You will see 8 images" in texts(app)
        assert "reader" not in app.query_params
        app.text_input[0].set_value("ADA")
        app = press(app, "Begin, or go on")
        assert "a reader of this name, **ada**, who has judged 1 of 8 images. Is that you?" in app.warning[0].value
        app = press(app, "Yes, go on")
        assert pictures(app) == ["Image 2 of 8, to be judged"]

    def test_two_people_of_one_name_do_not_mix(self, session: ReaderSession, open_page: Open) -> None:
        pages = [open_page("reader_study"), open_page("reader_study")]
        for app in pages:
            app.text_input[0].set_value("AB")
            press(app, "Begin, or go on")
        first, second = pages
        assert first.query_params["reader"] == "ab"
        assert "reader" not in second.query_params
        assert "who has judged 0 of 8 images. Is that you?" in second.warning[0].value
        press(second, "No, I am somebody else")
        assert not second.warning
        assert "or **ab-2**" in second.info[0].value
        second.text_input[0].set_value("ab-2")
        press(second, "Begin, or go on")
        assert second.query_params["reader"] == "ab-2"

    @pytest.mark.parametrize(("session_id", "reader"), [("gone", "ada"), ("", "ada"), (None, "../up")])
    def test_an_address_that_leads_nowhere_is_one_line(
        self, session: ReaderSession, open_page: Open, session_id: str | None, reader: str
    ) -> None:
        app = open_page("reader_study", session=session.id if session_id is None else session_id, reader=reader)
        assert not app.exception
        assert len(app.error) == 1
        assert "You will see 8 images" in texts(press(app, "All sessions"))

    def test_a_name_is_needed(self, session: ReaderSession, open_page: Open) -> None:
        app = press(open_page("reader_study"), "Begin, or go on")
        assert "Type your name or initials first" in app.error[0].value


class TestResults:
    def test_they_are_closed_to_those_who_have_not_finished(self, session: ReaderSession, open_page: Open) -> None:
        read(session, "bob")
        read(session, "ada", 3)
        for app in (open_page("reader_study"), open_page("reader_study", session=session.id, reader="ada")):
            assert not app.exception
            assert "Results of" not in texts(app)
            assert not app.table
            assert not app.get("download_button")

    def test_with_a_code_who_is_done_sees_their_own_figure_alone(self, session: ReaderSession, open_page: Open) -> None:
        read(session, "bob")
        read(session, "ada")
        app = open_page("reader_study", session=session.id, reader="bob")
        assert not app.exception
        words = texts(app)
        assert "you have judged all 8 images" in words
        assert "**You** were right about 4 of 8 (50%)" in words
        assert "ada" not in words
        assert pictures(app) == []
        assert not app.table
        assert not app.get("plotly_chart")
        assert not app.get("download_button")

    def test_without_a_code_they_open_to_each_reader_at_the_end(self, session: ReaderSession, open_page: Open) -> None:
        uncoded = without_code(session)
        read(uncoded, "bob")
        read(uncoded, "ada", 1)
        app = open_page("reader_study", session=uncoded.id, reader="bob")
        assert "Results of open" in texts(app)
        assert len(pictures(app)) == 4

    def test_the_code_opens_them(self, session: ReaderSession, open_page: Open) -> None:
        read(session, "bob")
        app = open_page("reader_study")
        code = next(field for field in app.text_input if "code" in field.label)
        app = code.set_value("mellon").run()
        assert "not the code" in app.error[0].value
        app = next(field for field in app.text_input if "code" in field.label).set_value("sesame").run()
        assert not app.exception
        assert "Results of blind" in texts(app)
        assert app.get("download_button")

    def test_several_readers(self, session: ReaderSession, open_page: Open) -> None:
        uncoded = without_code(session)
        for name in ("bob", "cid", "dan"):
            read(uncoded, name)
        app = open_page("reader_study", session=uncoded.id, reader="bob")
        assert not app.exception
        assert "The 3 readers together called 50%" in texts(app)
        assert "is not defined: everybody always said the same" in texts(app)
        readers, groups, *_ = (element.value for element in app.table)
        assert readers["Reader"].tolist() == ["**bob**", "**cid**", "**dan**"]
        assert groups["Images"].tolist()[:3] == ["**All images**", "**Real**", "**Synthetic\\: kept (FastGAN)**"]
        [chart] = app.get("plotly_chart")
        assert "guessing gives 50%" in chart.proto.alt

    def test_a_damaged_file_of_answers_is_one_line(self, session: ReaderSession, open_page: Open) -> None:
        path = read(session, "bob").path
        path.write_text('{"item": 1}\n')
        app = open_page("reader_study", session=session.id, reader="bob")
        assert not app.exception
        assert len(app.error) == 1
        assert "damaged" in app.error[0].value


def test_the_overview_says_how_many_have_finished(session: ReaderSession, open_page: Open) -> None:
    app = open_page("overview")
    assert "Reader studies (1)" in texts(app)
    assert "Nobody has begun" in texts(app)
    read(session, "bob")
    read(session, "ada", 3)
    app = app.run()
    assert not app.exception
    assert "1 of 2 readers has finished" in texts(app)
    link = next(link.proto for link in app.main.get("page_link") if link.proto.label == "**blind**")
    assert parse_qs(link.query_string) == {"view": ["sessions"], "session": [session.id]}


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_all_images_are_alike_but_for_their_pixels(channels: int) -> None:
    rng = np.random.default_rng(0)
    flat = np.full((64, 64, channels), 7, np.uint8)
    noise = rng.integers(0, 256, (64, 64, channels)).astype(np.uint8)
    files = [blinded_png(image) for image in (flat, noise)]
    assert len({len(file) for file in files}) == 1
    for file in files:
        picture = Image.open(BytesIO(file))
        assert picture.size == (480, 480)
        assert picture.info == {}
    heads = [file[: file.index(b"IDAT")] for file in files]
    assert heads[0] == heads[1]


def test_what_a_session_shows_outlives_its_sources(session: ReaderSession, open_page: Open, medgan_home: Path) -> None:
    for name in ("datasets", "sets"):
        shutil.rmtree(medgan_home / "workspace" / name)
    app = judge(open_page("reader_study", session=session.id, reader="ada"), "Real")
    assert not app.exception
    assert pictures(app) == ["Image 2 of 8, to be judged"]
