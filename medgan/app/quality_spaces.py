"""Choosing the feature space that scores are taken in, and how to get the ones that are not here."""

import streamlit as st

from medgan.app import session
from medgan.app.words import plain
from medgan.metrics.spaces import SPACES
from medgan.weights import row, status_of, terms

COMMAND = "python -m medgan weights"
ABSENT = "The feature space that this address names is not here: its weights are missing. This is another one."


def choose() -> str:
    """The feature space; only those that can be used here are offered."""
    options = {name: space.full_title for name, space in SPACES.items() if space.present}
    told = "  \n".join(f"**{plain(SPACES[name].title)}**: {plain(SPACES[name].summary)}" for name in options)
    chosen = session.select("Feature space: what images are compared by", "space", options, help=told, gone=ABSENT)
    assert chosen is not None  # radiomic needs no weights
    return chosen


def say_whether_fid(chosen: str) -> None:
    """Where FID cannot be had, say so, and what stands in its place; beside it, how to get what is not here."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    if not SPACES["inception"].present:
        left.caption(
            ":material/info: **No FID here:** it needs the weights of the Inception network. What you see is the "
            f"**Fréchet distance ({plain(SPACES[chosen].title)})**.",
        )
    with right:
        how_to_get_others()


def how_to_get_others() -> None:
    """Feature spaces whose weights are not here, with the ways to get them; draws nothing where all are."""
    absent = [name for name, space in SPACES.items() if not space.present]
    if not absent:
        return
    words = "Get FID and other feature spaces" if "inception" in absent else "Get other feature spaces"
    with st.popover(words, icon=":material/download:", width="stretch"):
        st.markdown(
            "These networks come from their publishers, not with medgan. Type the command in a terminal; it shows "
            "size, source and licence, asks, and checks the file. Then reload this page."
        )
        for name in absent:
            _how_to_get(SPACES[name].weights)
        st.caption("More on this: docs/weights.md, among medgan’s own files.")


def _how_to_get(weights: str) -> None:
    wanted = row(weights)
    damaged = " Its file here is damaged." if status_of(weights).state == "damaged" else ""
    st.markdown(f"**{plain(wanted.title)}**, {wanted.size_mib:g} MiB, for {plain(wanted.purpose)}.{damaged}")
    st.code(f"{COMMAND} download {weights}", language="bash")
    st.caption(
        f"Without internet: fetch {plain(wanted.file_name)} on another machine, carry it over, and type "
        f"`{COMMAND} import {weights} {wanted.file_name}`. It is taken if its checksum (SHA-256) begins with "
        f"`{wanted.checksum}`. {plain(terms(weights))}"
    )
