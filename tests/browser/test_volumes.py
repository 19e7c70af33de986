"""A volume with its labels, and a DICOM series, in a real browser: a folder becomes slices with outlines."""

import io
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from .images import write_scan, write_series
from .steps import no_error, set_number, settled

pytestmark = pytest.mark.browser

Write = Callable[[Path, int], Path]
SLICES = 7
COLOURED = 40
"""Levels between the channels of a pixel that is no grey."""


@pytest.mark.parametrize("write", [write_scan, write_series])
def test_a_folder_becomes_slices_with_outlines(server: str, page: Page, tmp_path: Path, write: Write) -> None:
    page.goto(f"{server}/data?view=add")
    settled(page)
    _add(page, write(tmp_path / "body", SLICES))
    _look(page)


def _add(page: Page, folder: Path) -> None:
    """Name the folder, read what was found, prepare it at 64 pixels with names for its labels."""
    page.get_by_role("textbox", name="Folder on this computer").fill(str(folder))
    page.get_by_role("textbox", name="Folder on this computer").press("Enter")
    expect(page.get_by_text("Found 1 volume with labels")).to_be_visible()
    set_number(page, "Image size (pixels a side)", 64)
    page.get_by_text("More settings").click()
    page.get_by_role("textbox", name="Structures of label volumes").fill("1=lung, 2=heart")
    page.get_by_role("textbox", name="Structures of label volumes").press("Enter")
    settled(page)
    page.get_by_role("button", name="Prepare these images").click()
    page.get_by_role("button", name="Look at it").click()
    settled(page)


def _look(page: Page) -> None:
    """Each slice in its order, outlined in colour, and grey where outlines are not wanted."""
    slices = page.get_by_role("img", name="with outlines of heart and lung")
    expect(slices).to_have_count(SLICES)
    expect(page.get_by_text("slice 1").first).to_be_visible()
    expect(page.get_by_text(f"slice {SLICES}")).to_be_visible()
    assert _coloured(page, slices.first) > COLOURED
    page.get_by_text("Outline the masks").click()
    expect(slices).to_have_count(0)
    settled(page)
    plain = page.get_by_role("img", name="of body")
    expect(plain).to_have_count(SLICES)
    assert _coloured(page, plain.first) == 0
    no_error(page)


def _coloured(page: Page, image: Locator) -> int:
    """The most that the channels of a pixel differ, of a picture as the browser got it."""
    address = image.get_attribute("src")
    assert address
    picture = Image.open(io.BytesIO(page.request.get(urljoin(page.url, address)).body())).convert("RGB")
    return int(np.ptp(np.asarray(picture).astype(int), axis=2).max())
