"""A reader study in a real browser: read with the keyboard alone; nothing that is sent tells real from synthetic."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from medgan.studies.reader import ReaderSession, prepare_session, reader_config
from medgan.studies.reading import Reading
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

from .images import TINY, prepared, write_films
from .steps import no_error, settled

pytestmark = pytest.mark.browser

IMAGES = 8


@pytest.fixture
def session(medgan_home: Path, tmp_path: Path) -> ReaderSession:
    films = prepared(write_films(tmp_path / "sources", 16), "chest-films")
    run = train(train_config("fastgan", films.id, label="normal", name="drawer", options=TINY))
    generate(generate_config(run.id, count=IMAGES, seed=4, name="films"))
    config = reader_config(films.id, ("films",), part="all", images=IMAGES, name="blind", code="sesame")
    return prepare_session(config)


def telling_words(session: ReaderSession) -> set[str]:
    """Ids and names of what the images are from, and of the run behind them."""
    columns = ("source", "source_name", "source_item", "gan")
    words = {str(word) for column in columns for word in session.items[column]} - {""}
    return words | {"drawer", "sesame", session.config.seal}


def without_place(html: str) -> str:
    """A page without what every image has of its own: its number, the address of its pixels, made-up ids."""
    html = re.sub(r"/media/[0-9a-f]+\.png", "/media/PIXELS.png", html)
    html = re.sub(r"Image \d+ of", "Image N of", html)
    html = re.sub(r"((?:real|synthetic|[1-5])-|next-|break-|why-|words-)\d+\b", r"\1N", html)
    html = re.sub(r'(translateX\(-|aria-valuenow="|aria-valuetext=")[\d.]+', r"\1N", html)
    return re.sub(r'react-aria-?[\w:]+|:r\w+:|st-emotion-cache-\w+|\bid="[^"]*"', "ID", html)


def test_read_blinded_by_keyboard(server: str, page: Page, session: ReaderSession) -> None:
    frames: list[bytes] = []
    sizes: dict[str, int] = {}
    size = "async image => (await (await fetch(image.src)).blob()).size"

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(frame if isinstance(frame, bytes) else frame.encode()))

    page.on("websocket", listen)
    page.goto(f"{server}/reader_study?session={session.id}&reader=ada")
    seen = []
    for place in range(1, IMAGES + 1):
        image = page.get_by_role("img", name=f"Image {place} of {IMAGES}, to be judged")
        expect(image).to_be_visible()
        settled(page)
        sizes[str(image.get_attribute("src"))] = image.evaluate(size)
        seen.append(page.get_by_test_id("stMain").inner_html())
        page.keyboard.press("ArrowLeft" if place % 2 else "ArrowRight")
        expect(page.get_by_text("You chose: real" if place % 2 else "You chose: synthetic")).to_be_visible()
        settled(page)  # a key is heard once the buttons are drawn anew
        page.keyboard.press(str(place % 5 + 1))
        expect(page.get_by_text(f"({place % 5 + 1} of 5)")).to_be_visible()
        settled(page)
        if place == IMAGES:
            told = b"".join(frames).decode("latin-1") + "".join(seen) + " ".join(sizes)
        page.keyboard.press("n")
    expect(page.get_by_text("you have judged all 8 images")).to_be_visible()
    settled(page)
    no_error(page)

    assert page.url == f"{server}/reader_study?session={session.id}&reader=ada"
    assert [word for word in telling_words(session) if word in told] == []
    assert len({without_place(html) for html in seen}) == 1
    assert len(sizes) == IMAGES
    assert len(set(sizes.values())) == 1
    answers = Reading.of(session, "ada").answers()
    assert [(answer.answer, answer.confidence) for answer in answers] == [
        ("real" if place % 2 else "synthetic", place % 5 + 1) for place in range(1, IMAGES + 1)
    ]


def test_keys_typed_into_the_free_text_choose_nothing(server: str, page: Page, session: ReaderSession) -> None:
    page.goto(f"{server}/reader_study?session={session.id}&reader=ada")
    settled(page)
    words = page.get_by_role("textbox", name="In your own words")
    words.press_sequentially("n 2 b")
    words.press("Tab")
    settled(page)
    expect(page.get_by_text("You chose: nothing yet")).to_be_visible()
    expect(words).to_have_value("n 2 b")
