"""Signing in and out, and names that try to be HTML, in a real browser."""

from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.prepare import prepare
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

from ..browser.steps import settled
from ..browser.test_accessibility import RULES
from ..pages.conftest import TINY
from .conftest import NAME, PASSWORD, served

pytestmark = pytest.mark.browser

RUNS = "<img src=x onerror=window.ran=1>"
AS_A_CLASS = "<u>ran<script>ran=1"
"""Dots and blanks of a class's name are written as dashes."""


def test_signing_in_out_and_what_happens_to_other_windows(page: Page, locked: str) -> None:
    page.goto(f"{locked}/data?view=add")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.get_by_role("textbox", name="Name").fill(NAME)
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    settled(page)
    assert page.url == f"{locked}/data?view=add"
    expect(page.get_by_text(f"Signed in as {NAME}")).to_be_visible()
    page.reload()
    settled(page)
    other = page.context.new_page()
    other.goto(f"{locked}/jobs")
    settled(other)
    page.get_by_role("link", name="Sign out").click()
    for window in (page, other):
        expect(window.get_by_role("heading")).to_have_text("Sign in to medgan")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_has_no_barrier(browser: Browser, locked: str, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(f"{locked}/login")
    page.get_by_role("textbox", name="Name").fill("nobody at all")
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert [found["id"] for found in Axe().run(page, options=RULES).response["violations"]] == []


@pytest.fixture
def named_to_run(tmp_path: Path, medgan_home: Path) -> PreparedDataset:
    """A data set whose folder, classes and files are named as HTML that runs a script."""
    source = tmp_path / RUNS
    for label in (AS_A_CLASS, RUNS, "[a](javascript:ran=1)"):
        for number in range(6):
            path = source / label / f"{RUNS}{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((64, 64), 10 * number + len(label), np.uint8)).save(path)
    (source / f"{RUNS}.txt").write_text("no image")
    (source / RUNS / f"broken {RUNS}.png").write_bytes(b"no image")
    return prepare(PrepareConfig(source=source, size=64, name="named"))


def test_names_are_text_wherever_they_are_shown(
    page: Page, named_to_run: PreparedDataset, medgan_home: Path, tmp_path: Path
) -> None:
    run = train(train_config("dcgan", named_to_run.id, label=AS_A_CLASS, name="theirs", options=TINY))
    made = generate(generate_config(run.id, count=4, name="made"))
    shown = {
        f"data?{urlencode({'view': 'look', 'dataset': named_to_run.id})}": AS_A_CLASS,
        f"train?{urlencode({'view': 'watch', 'trained': run.id})}": "Settings of this run",
        f"generate?{urlencode({'view': 'saved', 'set': made.id})}": "Synthetic",
        f"reader_study?{urlencode({'session': RUNS, 'reader': RUNS})}": RUNS,
    }
    with served(medgan_home) as address:
        for where, text in shown.items():
            page.goto(f"{address}/{where}")
            harmless(page, text)
        page.goto(f"{address}/data?view=add")
        page.get_by_role("textbox", name="Folder on this computer").fill(str(tmp_path / RUNS))
        page.keyboard.press("Enter")
        harmless(page, AS_A_CLASS)


def harmless(page: Page, text: str) -> None:
    """The page shows a text; no name became an element or a link that runs."""
    expect(page.get_by_test_id("stMain")).to_contain_text(text)
    settled(page)
    assert page.evaluate("window.ran") is None
    assert page.locator('img[src="x"], [onerror], a[href^="javascript:"], u').count() == 0
