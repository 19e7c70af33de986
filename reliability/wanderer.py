"""Somebody at a browser who presses whatever there is."""

import random
import re
import time

from playwright.sync_api import ConsoleMessage, ElementHandle, Error, Page, Response, sync_playwright

from benchmarks.dashboard import PAGES, settled
from reliability.long_use import ACTS, LongUse

WORDS = r"delete|cancel|stop|pause|train$|start|prepare|download|forget|sign out|deploy|resume|score|save|export|upload"
NOT_PRESSED = re.compile(WORDS, re.I)
"""Buttons that end what the soak watches, or begin other long work."""
HELD_BACK = f"""
document.addEventListener("click", event => {{
  const button = event.target.closest("button");
  if (button && /{WORDS}/i.test(button.innerText)) {{ event.stopImmediatePropagation(); event.preventDefault(); }}
}}, true);
"""
"""In the page: a button may be given other words between the moment it was chosen and the click."""
PRESSED = ", ".join(
    f'[data-testid="stMain"] {element}'
    for element in (
        "button:enabled",
        '[role="tab"]',
        '[role="radio"]',
        "summary",
        'label[data-baseweb="checkbox"]',
        'label[data-baseweb="radio"]',
    )
)
MOVED = '[data-testid="stMain"] input[type="range"]'
PATIENCE_MS = 120_000
LOOKED_FOR = re.compile(r"/\w+/_stcore/(health|host-config)$|/media/\w+\.(png|jpg|webp|svg)$")
"""Streamlit's script looks for its server below the page's address before it looks at the top; and pictures are gone
from the server as soon as a page that is drawn anew needs others. Whether one is missing is looked for on the page."""
ANSWERED = ("Failed to load resource", "Client Error: Image source error")
"""What the console says of an answer that is an error, which is counted when it comes, or of such a picture."""
MISSING = "[...document.images].filter(one => one.complete && one.src && !one.naturalWidth).map(one => one.src)"


class Wanderer:
    """A user of their own browser."""

    def __init__(self, page: Page, address: str, use: LongUse, seed: int) -> None:
        self.page, self.address, self.use, self.random = page, address, use, random.Random(seed)
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(HELD_BACK)
        page.on("pageerror", lambda error: self.fault(f"script: {error}"))
        page.on("console", self.said)
        page.on("response", self.answered)
        self.page.goto(address)
        settled(page)

    def said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ANSWERED):
            self.fault(f"console: {message.text}")

    def answered(self, response: Response) -> None:
        if response.status >= 400 and not LOOKED_FOR.search(response.url):
            self.fault(f"{response.status} {response.url}")

    def fault(self, what: str) -> None:
        self.use.errors.append(f"{self.page.url.removeprefix(self.address)}: {what}"[:400])

    def act(self) -> None:
        """Do one thing, let the page settle, and look at it."""
        (name,) = self.random.choices(list(ACTS), list(ACTS.values()))
        before = self.page.url
        try:
            if getattr(self, name)():
                self.use.count(name, done=True)
        except Error:  # what was about to be pressed was drawn anew in that moment: a person would press again
            self.use.count(name, done=False)
        self.page.keyboard.press("Escape")
        self.page.wait_for_timeout(300)
        settled(self.page)
        if self.page.locator('[data-testid="stException"]').count():
            text = self.page.locator('[data-testid="stException"]').first.inner_text()
            self.fault(f"after {name} on {before.removeprefix(self.address)}: {text}")
            self.load()
        if self.page.evaluate(MISSING):
            self.page.wait_for_timeout(1_000)
            for picture in self.page.evaluate(MISSING):
                self.fault(f"after {name} on {before.removeprefix(self.address)}: a picture is missing, {picture}")

    def somewhere(self) -> str:
        """The path of a page."""
        page = self.random.choice(PAGES).stem
        return "/" if page == "overview" else f"/{page}"

    def turn(self) -> bool:
        self.turn_to(self.somewhere())
        return True

    def turn_to(self, path: str) -> None:
        self.page.locator(f'[data-testid=stSidebarNav] a[href$="{path}"]').click(timeout=5_000)

    def press(self) -> bool:
        # Elements, not locators: when the page is drawn anew, a locator may find another button than before.
        there = [one for one in self.page.query_selector_all(PRESSED) if one.is_visible()]
        self.random.shuffle(there)
        for one in there:
            if not NOT_PRESSED.search(one.inner_text() or one.get_attribute("aria-label") or ""):
                one.click(timeout=3_000)
                return True
        return False

    def move(self) -> bool:
        """Move a slider; where the page has none, one of the page of masks."""
        if not self.sliders():
            self.turn_to("/mask_to_lesion")
            self.page.wait_for_timeout(1_000)
            settled(self.page)
        there = self.sliders()
        if there:
            self.random.choice(there).press(self.random.choice(["ArrowRight", "ArrowLeft"]), timeout=3_000)
        return bool(there)

    def sliders(self) -> list[ElementHandle]:
        return [one for one in self.page.query_selector_all(MOVED) if one.is_visible()]

    def back(self) -> bool:
        self.page.evaluate("history.back()")
        self.page.wait_for_timeout(300)
        if not self.page.url.startswith(self.address):  # beyond the first page of this visit
            self.load()
        return True

    def load(self) -> bool:
        self.page.goto(f"{self.address}{self.somewhere()}")
        return True


def wander(address: str, use: LongUse, seed: int, chromium: str, until: float) -> None:
    """Open a browser of one's own and wander until a moment of the monotonic clock."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        wanderer = Wanderer(browser.new_page(viewport={"width": 1280, "height": 800}), address, use, seed)
        wanderer.act()  # one thing at least, however busy the machine
        while time.monotonic() < until:
            wanderer.act()
        browser.close()
