"""A strip of small pictures with numbered buttons: which item of many is looked at."""

from collections.abc import Callable

import streamlit as st

from medgan.app import session
from medgan.app.gallery import Picture

SHOWN = 10
"""Pictures at a time."""
SIDE = 96


def show(name: str, what: str, number: int, count: int, picture: Callable[[int], Picture]) -> None:
    """Draw the pictures around number `number` of `count`, counted from 1; a click on another puts it into `name`.

    name: of the number in the address. what: they show, in the plural. picture: of a place, counted from 0.
    """
    first = (number - 1) // SHOWN * SHOWN
    if count > SHOWN:
        earlier, *cells, later = st.columns([2, *[4] * SHOWN, 2], gap="xsmall", vertical_alignment="bottom")
        with earlier:
            _turn(name, f"Earlier {what}", ":material/chevron_left:", first - SHOWN + 1, possible=first > 0)
        with later:
            _turn(name, f"Later {what}", ":material/chevron_right:", first + SHOWN + 1, possible=first + SHOWN < count)
    else:
        cells = st.columns(SHOWN, gap="xsmall")
    for cell, place in zip(cells, range(first, min(first + SHOWN, count)), strict=False):
        with cell, st.container(gap="xxsmall"):
            shown = picture(place)
            st.image(shown.png, width="stretch", alt=shown.alternative, output_format="PNG")
            st.button(
                str(place + 1),
                key=f"{name} {place}",
                type="primary" if place == number - 1 else "secondary",
                width="stretch",
                on_click=session.put,
                args=(name, place + 1),
            )


def _turn(name: str, words: str, icon: str, number: int, *, possible: bool) -> None:
    """Go to the pictures before or after those that are shown."""
    st.button(
        "",
        key=f"{name} {words}",
        icon=icon,
        help=words,
        type="tertiary",
        width="stretch",
        disabled=not possible,
        on_click=session.put,
        args=(name, number),
    )
