"""A newcomer's tour: every page opens, says what to do, and nothing is broken."""

import re

import pytest
from playwright.sync_api import Page, expect

from medgan.data.dataset import PreparedDataset

from .steps import go, no_error, settled

pytestmark = pytest.mark.browser

PAGES = ("Data", "Generate", "Train", "Jobs", "Overview")


def test_first_visit(server: str, page: Page) -> None:
    page.goto(server)
    settled(page)
    expect(page.get_by_text("What to do next")).to_be_visible()
    expect(page.get_by_text("For research; not for diagnosis")).to_be_visible()
    images = page.get_by_test_id("stMain").locator("img")
    expect(images.first).to_be_visible()
    assert all("synthetic" in (image.get_attribute("alt") or "") for image in images.all())
    for name in PAGES:
        go(page, name)
        no_error(page)
        scrolls = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
        assert not page.evaluate(scrolls), f"{name} is wider than the window"


def test_one_click_draws_phantoms_that_then_can_be_looked_at(server: str, page: Page) -> None:
    page.goto(server)
    settled(page)
    page.get_by_role("button", name="Draw phantom X-rays").click()
    expect(page.get_by_text("Data sets (1)")).to_be_visible()  # the page follows the job by itself
    settled(page)
    page.get_by_role("link", name="Look at the data set").click()
    settled(page)
    expect(page.get_by_test_id("stMain").locator("img")).to_have_count(24)
    for image in page.get_by_test_id("stMain").locator("img").all():
        assert "Image" in (image.get_attribute("alt") or "")
    no_error(page)


def test_back_brings_the_page_of_a_list_and_its_number(server: str, page: Page, phantoms: PreparedDataset) -> None:
    page.goto(f"{server}/data")
    settled(page)
    page.get_by_role("button", name="Next page", exact=True).click()
    expect(page).to_have_url(re.compile("page=2"))
    settled(page)
    shown = page.get_by_test_id("stPaginationPageActive")
    expect(shown).to_have_text("2")
    page.go_back()
    settled(page)
    expect(shown).to_have_text("1")
    page.go_forward()
    settled(page)
    expect(shown).to_have_text("2")


def test_a_bookmark_opened_first_on_a_new_server(server: str, page: Page) -> None:
    page.goto(f"{server}/jobs?show=done")
    settled(page)
    expect(page.get_by_text("For research; not for diagnosis")).to_be_visible()
    expect(page).to_have_title("medgan")
