"""Parts of a page that follow running work: they refresh themselves while it runs, and not a moment longer."""

from collections.abc import Callable

import streamlit as st

from medgan.app.words import plainly

REFRESH_S = 2.0
LOOK_AGAIN_S = 10.0
"""Between two looks whether stopped work was resumed elsewhere: in another tab, or from the command line."""


def live(
    draw: Callable[[], None], watched: Callable[[], frozenset[str]], resting: Callable[[], bool] = lambda: False
) -> None:
    """Draw a part of the page; while any of the watched jobs works, draw it again every two seconds.

    `watched` names the jobs that work now. When one of them ends, the whole page is drawn once more, since what it
    made belongs on it; where none is left, without a timer. `resting` says whether the part shows stopped work that
    can be resumed: then somebody looks now and again whether it was.
    """
    before = watched()

    def part() -> None:
        # First, so that the end is seen only on the page drawn anew: a click on what is about to be redrawn is lost.
        if before and watched() != before:
            st.rerun(scope="app")
        with plainly():
            draw()

    def look() -> None:
        if watched():
            st.rerun(scope="app")

    st.fragment(part, run_every=REFRESH_S if before else None)()
    if not before and resting():
        st.fragment(look, run_every=LOOK_AGAIN_S)()
