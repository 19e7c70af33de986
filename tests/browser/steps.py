"""What a visitor does and sees."""

import re

from playwright.sync_api import Page, expect

PATIENCE_MS = 180_000

expect.set_options(timeout=PATIENCE_MS)


def go(page: Page, name: str) -> None:
    """Follow a link of the side bar and wait until its page stands."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    settled(page)
    title = "Synthetic medical images" if name == "Overview" else name
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def settled(page: Page) -> None:
    """The page's script has run to its end, and nothing went wrong in it."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    drawn(page)
    expect(page.get_by_test_id("stSpinner")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def drawn(page: Page) -> None:
    """The script has run to its end; also below a dialog, which hides the page's heading."""
    page.wait_for_timeout(300)  # the server must have heard of the click before it can have finished
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def no_error(page: Page) -> None:
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def set_number(page: Page, label: str, value: int) -> None:
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(str(value))
    field.press("Tab")


def steps_shown(page: Page) -> int:
    """The last training step that the loss curve shows: drawn lines, and the text that describes them."""
    chart = page.get_by_test_id("stPlotlyChart").first
    if not chart.is_visible() or chart.locator("path.js-line").count() == 0:
        return 0
    found = re.search(r"to (\d+):", chart.get_attribute("aria-label") or "")
    return int(found[1]) if found else 0
