"""One calm notice about what is damaged, and about a workspace that nothing can be written to."""

import os
from collections.abc import Sequence

import streamlit as st

from medgan.app import looks
from medgan.app.words import counted, plain
from medgan.common.artefact import MANIFEST
from medgan.common.home import home
from medgan.jobs.damage import PLACES, Found, look

LOOK_EVERY_S = 60
SHOWN = 8


def show() -> None:
    """Say what is damaged, with what to do about it; nothing where all is well."""
    if not os.access(home(), os.W_OK):
        st.warning(
            "The workspace is read-only at present: everything can be looked at, and nothing new can be started or "
            f"saved. Make the folder `{plain(str(home()))}` writable, then resume what was interrupted.",
            icon=":material/lock:",
        )
    found = damaged()
    if not found:
        return
    lines = [_line(one) for one in found[:SHOWN]]
    lines += [f"- and {len(found) - SHOWN} more: `python -m medgan check` lists them"] if len(found) > SHOWN else []
    things = f"{counted(len(found), 'thing')} in the workspace {'is' if len(found) == 1 else 'are'}"
    told = (
        f"{things} damaged. `python -m medgan check --repair` makes again what can be made again; nothing else changes."
    )
    st.warning("\n".join([told, *lines]), icon=":material/broken_image:")


def _line(found: Found) -> str:
    """What is wrong with one thing; what to do only where it cannot be made again."""
    problem = found.problem.partition(" (")[0]
    advice = "" if found.recipe() else f"; {found.advice()}"
    return f"- {found.place.words} **{plain(found.id)}**: {plain(problem)}{advice}"


def damaged() -> Sequence[Found]:
    """What is damaged; looked at anew when something was finished or deleted, and after a minute."""
    return _damaged(tuple(looks.stamps(place.root(), place.begins, MANIFEST) for place in PLACES))


@st.cache_resource(max_entries=2, ttl=LOOK_EVERY_S, show_spinner=False)
def _damaged(found: tuple[looks.Stamps, ...]) -> Sequence[Found]:  # noqa: ARG001 - part of the key
    return [one for one in look() if one.state == "damaged"]
