"""Window and level: how grey levels of bytes are shown. Only what is on screen changes, never a file."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import session

Uint8 = NDArray[np.uint8]

LEVEL, WINDOW, INVERTED = "level", "window", "inverted"
FULL = 256
"""Grey levels of a byte."""
MIDDLE = FULL // 2
NARROWEST = 16
STEP = 4
WORDS = {LEVEL: "Level (brightness)", WINDOW: "Window (contrast)", INVERTED: "Invert"}
HELP = {
    LEVEL: "The grey level shown as middle grey, 0 to 256. Lower is brighter.",
    WINDOW: "How many grey levels are spread from black to white. Fewer give more contrast.",
    INVERTED: "Black becomes white, as on some workstations.",
}
ONLY_THE_SCREEN = "Changes what you see, not the images: downloads, sets and scores keep the pixels as drawn."
ENLARGED = "enlarged "


@dataclass(frozen=True)
class Viewing:
    """How grey levels are shown, in grey levels of a byte; by default as they are."""

    level: int = MIDDLE
    """The middle of the window."""
    window: int = FULL
    """Its width."""
    inverted: bool = False

    @property
    def plain(self) -> bool:
        """Whether images are shown as they are."""
        return self == Viewing()

    def __call__(self, images: Uint8) -> Uint8:
        """Images of bytes, of any shape, as they are shown; each colour alike.

        The linear function of DICOM PS3.3, C.11.2.1.2, of which level 128 and window 256 change nothing.
        """
        if self.plain:
            return images
        levels = np.arange(FULL, dtype=np.float64)
        shown = ((levels - (self.level - 0.5)) / (self.window - 1) + 0.5) * (FULL - 1)
        table = np.rint(np.clip(shown, 0, FULL - 1)).astype(np.uint8)
        seen: Uint8 = (255 - table if self.inverted else table)[np.asarray(images)]
        return seen


def choose(*, shown: bool = True) -> Viewing:
    """Widgets behind one button; the values stand in the address. Not `shown` where there are no grey levels."""
    if not shown:
        return Viewing()
    with st.popover("Brightness, contrast", icon=":material/contrast:"), session.drawn_late():
        level = session.slider(WORDS[LEVEL], LEVEL, MIDDLE, 0, FULL, step=STEP, help=HELP[LEVEL])
        window = session.slider(WORDS[WINDOW], WINDOW, FULL, NARROWEST, FULL, step=STEP, help=HELP[WINDOW])
        inverted = session.toggle(WORDS[INVERTED], INVERTED, help=HELP[INVERTED])
        viewing = Viewing(level, window, inverted)
        st.button("As drawn", icon=":material/restart_alt:", disabled=viewing.plain, on_click=_reset)
        st.caption(ONLY_THE_SCREEN)
    return viewing


def choose_enlarged(page: Viewing) -> Viewing:
    """The same in a dialog above the page, whose own widgets follow."""
    start = {LEVEL: page.level, WINDOW: page.window, INVERTED: page.inverted}
    for name, value in start.items():  # told with every run, since the browser draws a dialog late
        st.session_state[ENLARGED + name] = st.session_state.get(ENLARGED + name, value)
    left, right, switch = st.columns([3, 3, 2], vertical_alignment="center")
    bounds = {LEVEL: (0, FULL), WINDOW: (NARROWEST, FULL)}
    found = {}
    for place, name in ((left, LEVEL), (right, WINDOW)):
        low, high = bounds[name]
        key = ENLARGED + name
        found[name] = place.slider(WORDS[name], low, high, step=STEP, key=key, on_change=_follow, args=(name,))
    with switch:
        inverted = st.toggle(WORDS[INVERTED], key=ENLARGED + INVERTED, on_change=_follow, args=(INVERTED,))
    return Viewing(found[LEVEL], found[WINDOW], inverted)


def forget_enlarged() -> None:
    """Let the next dialog begin with what the page shows."""
    for name in WORDS:
        st.session_state.pop(ENLARGED + name, None)


def _follow(name: str) -> None:
    """Bring the page's widget to what was chosen in the dialog."""
    if ENLARGED + name in st.session_state:  # a browser may tell of a dialog that is closed and forgotten already
        session.put(name, st.session_state[ENLARGED + name])


def _reset() -> None:
    for name, value in ((LEVEL, MIDDLE), (WINDOW, FULL), (INVERTED, False)):
        session.put(name, value)
