"""Models that paint images into masks, and models that draw masks: which there are, and which are looked at."""

from collections.abc import Sequence

import streamlit as st

from medgan.app import cards, session
from medgan.app.first_model import Needed
from medgan.app.sources import given_part
from medgan.app.words import plain
from medgan.training.run import Run

MOST_BESIDE = 2
"""Further models side by side; more would be too small to be seen well."""
NEEDED = Needed(
    gan="pix2pix",
    purpose="Here you give a model the mask of a lesion, and it paints the lesion into it. For that it must have "
    "learned from images with masks.",
    once_saved="it can paint",
    data="a data set with masks. Add a folder of images with masks, or have phantoms drawn.",
    link="Add images with masks",
    fits=lambda dataset: bool(dataset.structures),
)


def painters(runs: Sequence[Run]) -> list[Run]:
    """Runs that make images from masks."""
    parts = {run.id: run.config.model.parts for run in runs}
    return [run for run in runs if parts[run.id].given == ("masks",) and "images" in parts[run.id].drawn]


def mask_drawers(runs: Sequence[Run], structures: int) -> list[Run]:
    """Runs that draw masks of so many structures from noise."""
    return [
        run
        for run in runs
        if run.can_sample
        and not given_part(run)
        and "masks" in run.config.model.parts.drawn
        and len(run.record.data.structures) == structures
    ]


def choose(able: Sequence[Run]) -> Run:
    """The widget that chooses the model that paints."""
    chosen = session.select("Model", "run", cards.run_choices(able))
    return cards.open_run(chosen or able[0].id)


def choose_beside(run: Run, able: Sequence[Run]) -> list[Run]:
    """Models whose results stand beside those of the chosen one; draws nothing where no other takes such masks."""
    others = [other for other in able if other.id != run.id and _takes_the_same(other, run)]
    if not others:
        return []
    with st.popover("Compare models", icon=":material/compare:"):
        words = {other.id: plain(f"{other.name} · {cards.run_facts(other)}") for other in others}
        added = session.several("Models beside it", "beside", words)
        if len(added) > MOST_BESIDE:
            st.caption(f":material/info: Only the first {MOST_BESIDE} are shown; switch one off to see another.")
    return [other for other in others if other.id in added[:MOST_BESIDE]]


def _takes_the_same(other: Run, run: Run) -> bool:
    return other.record.data.structures == run.record.data.structures
