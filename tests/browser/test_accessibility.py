"""Every page in a real browser, checked with axe: names, roles, contrast, in the light and in the dark theme."""

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from medgan.studies.demo import demo_config, run_demo

from .steps import settled

pytestmark = pytest.mark.browser

PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py"))
RULES: dict[Literal["light", "dark"], dict[str, str | list[str]]] = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
"""What is looked for in each theme: the dark one differs in its colours alone."""
BACKGROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
OF_STREAMLIT = {"list", "listitem"}
"""Rules that Streamlit's own side bar breaks: its sections stand between the list and its items."""


def test_no_page_has_a_barrier_in_either_theme(browser: Browser, server: str) -> None:
    run_demo(demo_config(images=60, steps=2, seeds=2, epochs=1))
    page = browser.new_page(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    found, background = {}, set()
    for name in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(f"{server}/{'' if name == 'overview' else name}")
        for scheme, rules in RULES.items():
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(500)
            settled(page)
            background.add((scheme, page.evaluate(BACKGROUND)))
            violations = Axe().run(page, options={"runOnly": rules}).response["violations"]
            told = [
                f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in violations if one["id"] not in OF_STREAMLIT
            ]
            if told:
                found[scheme, name] = told
    assert not found
    assert len({colour for _, colour in background}) == len(background) == len(RULES), "the themes took turns"
