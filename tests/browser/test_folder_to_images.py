"""The whole way in a real browser: a folder of X-rays becomes synthetic X-rays in a ZIP file."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from medgan.training.run import list_runs

from .images import write_films
from .steps import go, no_error, set_number, settled, steps_shown

pytestmark = pytest.mark.browser

COUNT, SEED = 6, 11


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Sixty chest films in one folder a class."""
    return write_films(tmp_path / "films", 30)


def test_from_a_folder_to_synthetic_images(server: str, page: Page, films: Path) -> None:
    page.goto(server)
    settled(page)
    _add(page, films)
    _train(page)
    _generate_and_download(page)


def _add(page: Page, films: Path) -> None:
    """Name the folder, read what was found, prepare it at 64 pixels, look at the result."""
    go(page, "Data")
    page.get_by_role("textbox", name="Folder on this computer").fill(str(films))
    page.get_by_role("textbox", name="Folder on this computer").press("Enter")
    expect(page.get_by_text("Found 60 images")).to_be_visible()
    expect(page.get_by_text("2 classes")).to_be_visible()
    set_number(page, "Image size (pixels a side)", 64)
    settled(page)
    page.get_by_role("button", name="Prepare these images").click()
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("64 × 64").first).to_be_visible()
    expect(page.get_by_test_id("stMain").locator("img")).to_have_count(24)
    no_error(page)


def _train(page: Page) -> None:
    """Train FastGAN on one class, see the curve move, and stop it."""
    go(page, "Train")
    page.get_by_role("combobox", name="Which images to learn").click()
    page.get_by_role("option", name="normal").click()
    settled(page)
    set_number(page, "Training steps", 5000)
    page.get_by_text("More settings").click()
    set_number(page, "Network width", 8)
    set_number(page, "Images a step", 4)
    set_number(page, "Steps between two curve points", 1)
    set_number(page, "Steps between two sample grids", 5)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_test_id("stPlotlyChart").first.locator("path.js-line").first).to_be_visible()
    first = _wait_for_step(page, beyond=0)
    _wait_for_step(page, beyond=first)  # nobody touched the page: it follows the run by itself
    expect(page.get_by_role("img", name="Grid of synthetic images")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("stopped at step")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    settled(page)
    no_error(page)


def _wait_for_step(page: Page, *, beyond: int) -> int:
    for _ in range(180):
        if (step := steps_shown(page)) > beyond:
            return step
        page.wait_for_timeout(1000)
    pytest.fail(f"the loss curve did not go beyond step {beyond}")


def _generate_and_download(page: Page) -> None:
    """Draw a few images of a seed, download them, and open the ZIP."""
    settled(page)
    page.get_by_role("link", name="Draw images with this model").click()
    settled(page)
    set_number(page, "Images", COUNT)
    settled(page)
    set_number(page, "Seed", SEED)
    settled(page)
    expect(page.get_by_text(f"Synthetic · seed {SEED} · no. 0")).to_be_visible()
    expect(page.get_by_role("img", name="Synthetic image")).to_have_count(COUNT)
    assert f"seed={SEED}" in page.url
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download ZIP").click()
    with zipfile.ZipFile(downloading.value.path()) as archive:
        table = pd.read_csv(archive.open("items.csv"))
        assert archive.testzip() is None
        assert "synthetic" in archive.read("README.txt").decode()
        assert list(table["file"]) == [name for name in archive.namelist() if name.endswith(".png")]
        assert set(table["class"]) == {"normal"}
        assert set(table["seed"]) == {SEED}
        assert set(table["run"]) == {next(run.id for run in list_runs() if not run.shipped)}
        with Image.open(io.BytesIO(archive.read(table["file"][0]))) as picture:
            assert picture.size == (64, 64)
    assert len(table) == COUNT
    no_error(page)
