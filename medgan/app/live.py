"""Parts of a page that follow running work: they refresh themselves while it runs, and not a moment longer."""

from collections.abc import Callable

import streamlit as st

from medgan.app.words import plainly

REFRESH_S = 2.0


def live(draw: Callable[[], None], watched: Callable[[], frozenset[str]]) -> None:
    """Draw a part of the page; while any of the watched jobs works, draw it again every two seconds.

    `watched` names the jobs that work now. When one of them ends, the whole page is drawn once more, since what it
    made belongs on it; where none is left, without a timer.
    """
    before = watched()

    def part() -> None:
        # First, so that the end is seen only on the page drawn anew: a click on what is about to be redrawn is lost.
        if before and watched() != before:
            st.rerun(scope="app")
        with plainly():
            draw()

    st.fragment(part, run_every=REFRESH_S if before else None)()
