"""Parts of a page that follow running work: they refresh themselves while it runs, and not a moment longer."""

from collections.abc import Callable

import streamlit as st

from medgan.app.words import plainly

REFRESH_S = 2.0


def live(draw: Callable[[], bool], *, active: bool) -> None:
    """Draw a part of the page; while `active`, draw it again every two seconds.

    `draw` says whether it is still worth refreshing. When it no longer is, the whole page is drawn once more, and
    then without a timer.
    """

    def part() -> None:
        follow = active  # also where drawing fails this once: the next time may be better
        with plainly():
            follow = draw()
        if active and not follow:
            st.rerun(scope="app")

    st.fragment(part, run_every=REFRESH_S if active else None)()
