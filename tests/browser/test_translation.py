"""A mask is drawn and painted, and an image is turned and wiped, in a real browser."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from medgan.common.pictures import encode_png
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.shaping import Ellipse
from medgan.training.config import train_config
from medgan.training.loop import train

from .steps import go, no_error, settled

pytestmark = pytest.mark.browser

TINY = {"size": 64, "width": 8, "discriminator_width": 8, "batch_size": 2, "steps": 2, "samples": 2}


def test_a_mask_from_sliders_and_from_a_file(server: str, page: Page, tmp_path: Path) -> None:
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=24, size=64, name="lesions"))
    train(train_config("pix2pix", lesions.id, name="painter", options=TINY))
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
    expect(page.get_by_text("Real images of lesions under their own masks")).to_be_visible()
    no_error(page)


def test_an_image_is_turned_and_wiped(server: str, page: Page) -> None:
    films = prepare_phantoms(PhantomConfig(family="chest_xray", count=36, size=64, name="films"))
    classes = {"domain_a": "normal", "domain_b": "tuberculosis"}
    train(train_config("cyclegan", films.id, name="turner", options=TINY | classes))
    page.goto(server)
    settled(page)
    go(page, "Normal and abnormal")
    expect(page.get_by_role("img", name="turned into tuberculosis")).not_to_have_count(0)
    expect(page.get_by_text("it is not a finding")).to_be_visible()
    page.get_by_role("combobox", name="Turn").click()
    page.get_by_role("option", name="tuberculosis to normal").click()
    settled(page)
    page.get_by_role("radio", name="Wipe").click()
    settled(page)
    line = page.get_by_role("slider", name="Wipe between left, Real image")
    line.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuetext", "51 % of the left image")
    assert "turned=tuberculosis" in page.url
    no_error(page)
