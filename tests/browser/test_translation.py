"""A mask is drawn and painted, and an image is turned and wiped, in a real browser."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from medgan.common.pictures import encode_png
from medgan.data.shaping import Ellipse
from medgan.training.config import train_config
from medgan.training.loop import train

from .images import TINY, prepared, write_films, write_lesions
from .steps import go, no_error, settled

pytestmark = pytest.mark.browser

TRANSLATORS = TINY | {"discriminator_width": 8}


def test_a_mask_from_sliders_and_from_a_file(server: str, page: Page, tmp_path: Path) -> None:
    lesions = prepared(write_lesions(tmp_path / "lesions", 24), "lesions")
    train(train_config("pix2pix", lesions.id, name="painter", options=TRANSLATORS))
    page.goto(server)
    settled(page)
    go(page, "Mask to lesion")
    expect(page.get_by_role("img", name="Synthetic image painted into the mask")).to_have_count(2)
    expect(page.get_by_role("img", name="Real image")).to_have_count(1)
    page.get_by_role("radio", name="Sliders").click()
    settled(page)
    mask = page.get_by_role("img", name="Mask drawn by sliders", exact=True)
    before = mask.get_attribute("src")
    page.get_by_role("slider", name="Height").press("ArrowRight")
    settled(page)
    expect(mask).not_to_have_attribute("src", before or "")
    assert "ellipse_height=41" in page.url
    page.get_by_role("radio", name="Your file").click()
    settled(page)
    own = tmp_path / "mine.png"
    own.write_bytes(encode_png(Ellipse().drawn(100) * np.uint8(255)))
    page.locator("input[type=file]").set_input_files(own)
    expect(page.get_by_role("img", name="Mask mine.png", exact=True)).to_be_visible()
    expect(page.get_by_text("real images of lesions score under their own masks")).to_be_visible()
    no_error(page)


def test_an_image_is_turned_and_wiped(server: str, page: Page, tmp_path: Path) -> None:
    films = prepared(write_films(tmp_path / "films", 18), "films")
    classes = {"domain_a": "normal", "domain_b": "viral_pneumonia"}
    train(train_config("cyclegan", films.id, name="turner", options=TRANSLATORS | classes))
    page.goto(server)
    settled(page)
    go(page, "Normal and abnormal")
    expect(page.get_by_role("img", name="turned into viral pneumonia")).not_to_have_count(0)
    expect(page.get_by_text("it is not a finding")).to_be_visible()
    page.get_by_role("combobox", name="Turn").click()
    page.get_by_role("option", name="viral pneumonia to normal").click()
    settled(page)
    page.get_by_role("radio", name="Wipe").click()
    settled(page)
    line = page.get_by_role("slider", name="Wipe between left, Real image")
    line.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuetext", "51 % of the left image")
    assert "turned=viral_pneumonia" in page.url
    no_error(page)
