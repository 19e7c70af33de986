"""A synthetic set is scored and looked at in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

from .images import TINY, prepared, write_films
from .steps import go, no_error, settled

pytestmark = pytest.mark.browser


def test_a_set_is_scored_and_compared_with_real_images(server: str, page: Page, tmp_path: Path) -> None:
    real = prepared(write_films(tmp_path / "films", 24), "real-films")
    run = train(train_config("fastgan", real.id, label="normal", name="drawer", options=TINY))
    generate(generate_config(run.id, count=12, seed=4, name="films"))
    page.goto(server)
    settled(page)
    go(page, "Quality")
    page.get_by_role("button", name="Score this set").click()
    expect(page.get_by_role("heading", name="Score by score")).to_be_visible()  # the page follows the job by itself
    settled(page)
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart).to_have_attribute("aria-label", re.compile(r"Fréchet distance \(radiomic\)\. films: [\d.,]+ \("))
    page.get_by_role("button", name="films · FastGAN").click()
    expect(page.get_by_text("Every set is switched off")).to_be_visible()
    page.get_by_role("button", name="films · FastGAN").click()
    expect(chart).to_be_visible()
    page.get_by_role("radio", name="Copies").click()
    settled(page)
    expect(page.get_by_role("img", name="Left the synthetic image")).to_have_count(12)
    no_error(page)
    assert "view=copies" in page.url
    assert f"dataset={real.id}" in page.url
