"""From a form to a verdict in a real browser, and on to the pages that tell of it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from medgan.studies.study import list_studies
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

from .images import TINY, prepared, write_films
from .steps import go, no_error, set_number, settled

pytestmark = pytest.mark.browser


@pytest.fixture
def drawn(medgan_home: Path, tmp_path: Path) -> None:
    """Films of two classes, and a synthetic set of one of them."""
    films = prepared(write_films(tmp_path / "films", 30), "films")
    run = train(train_config("fastgan", films.id, label="normal", name="drawer", options=TINY))
    generate(generate_config(run.id, count=30, seed=4, name="drawn"))


@pytest.mark.usefixtures("drawn")
def test_from_a_form_to_a_verdict(server: str, page: Page) -> None:
    page.goto(server)
    settled(page)
    go(page, "Downstream")
    page.get_by_role("button", name="New study").click()
    settled(page)
    page.get_by_role("button", name="drawn · FastGAN").click()
    settled(page)
    set_number(page, "Seeds: trainings of each arm", 2)
    settled(page)
    page.get_by_text("How the networks are trained").click()
    set_number(page, "Most passes over the images", 5)
    settled(page)
    page.get_by_role("button", name="Start the study").click()
    expect(page.get_by_text("Of 1 arm beside real images alone")).to_be_visible()  # the page follows the job by itself
    settled(page)
    expect(page.get_by_role("heading", name="films")).to_be_visible()
    assert "studies=" in page.url
    no_error(page)

    go(page, "Jobs")
    page.get_by_role("button", name="Log").click()
    expect(page.get_by_text("attempt 1, process")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="See the study").click()
    settled(page)
    expect(page.get_by_text("Of 1 arm beside real images alone")).to_be_visible()
    page.get_by_role("link", name="Guide").last.click()
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Guide")
    assert "part=" in page.url
    [study] = list_studies()
    assert study.finished
    no_error(page)


def test_published_tables_stand_beside_ours(server: str, page: Page) -> None:
    page.goto(f"{server}/thesis")
    settled(page)
    expect(page.get_by_text("Table 4.1")).to_be_visible()
    for view, table in (("Segmenters", "Table 4.8"), ("Image quality", "Table 4")):
        page.get_by_role("radio", name=view).click()
        settled(page)
        expect(page.get_by_text(table).first).to_be_visible()
    no_error(page)
