"""A synthetic set is looked through and marked by keys, and a model explored, in a real browser."""

import io
import zipfile

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from medgan.data.dataset import PreparedDataset
from medgan.studies.marks import marks_of
from medgan.studies.synthesis import generate, generate_config

from .steps import drawn, go, no_error, settled

pytestmark = pytest.mark.browser


def test_a_set_is_marked_by_keys_and_leaves_curated(server: str, page: Page, phantoms: PreparedDataset) -> None:
    synthetic = generate(generate_config("phantom-chest-xray", count=6, seed=4, name="films"))
    page.goto(server)
    settled(page)
    go(page, "Generate")
    page.get_by_role("radio", name="Saved sets (1)").click()
    expect(page.get_by_text("6 not looked at")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="zoom_in icon").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Nearest training images")).to_be_visible()  # all of it is drawn: keys are heard
    for key, number in (("a", 1), ("x", 2), ("a", 3)):
        drawn(page)
        page.keyboard.press(key)
        expect(dialog.get_by_role("img", name=f"number {number}", exact=False).first).to_be_visible()
    drawn(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("2 accepted, 1 rejected, 3 not looked at")).to_be_visible()
    assert marks_of(synthetic).tolist() == ["accepted", "rejected", "accepted", "", "", ""]
    settled(page)
    page.get_by_role("button", name="close icon").last.click()
    expect(page.get_by_text("2 accepted, 2 rejected, 2 not looked at")).to_be_visible()
    page.get_by_role("button", name="Brightness, contrast").click()
    expect(page.get_by_text("128", exact=True)).to_be_visible()  # drawn only now, and yet at its own value
    page.keyboard.press("Escape")
    assert _downloaded(page) == [0, 2]
    assert "level=" not in page.url
    no_error(page)


def _downloaded(page: Page) -> list[int]:
    """Numbers of the accepted images in the ZIP."""
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_role("radio", name="All", exact=True)).to_be_checked()
    page.get_by_role("radio", name="Accepted", exact=True).click()
    ready = page.get_by_role("button", name="Download ZIP of 2")
    expect(ready).to_be_visible()
    with page.expect_download() as downloading:
        ready.click()
    with zipfile.ZipFile(downloading.value.path()) as archive:
        return pd.read_csv(io.BytesIO(archive.read("items.csv")))["index"].tolist()


def test_a_slider_leads_from_one_image_to_another(server: str, page: Page) -> None:
    page.goto(f"{server}/generate?view=explore")
    settled(page)
    expect(page.get_by_text("50 % from no. 0 to no. 1")).to_be_visible()
    slider = page.get_by_role("slider", name="How far from the first to the second")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.get_by_text("55 % from no. 0 to no. 1")).to_be_visible()
    settled(page)
    assert "share=55" in page.url
    expect(page.get_by_role("img", name="Synthetic image").first).to_be_visible()
    no_error(page)
