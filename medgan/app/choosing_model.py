"""The widgets that choose a model and the state of it that draws."""

from collections.abc import Sequence

import streamlit as st

from medgan.app import cards, session
from medgan.training.run import Run

SEED_HELP = "The same seed gives the same images, always; another gives others."


def choose(runs: Sequence[Run]) -> Run:
    """The model that draws; `runs` holds one or more."""
    chosen = session.select("Model", "run", cards.run_choices(runs))
    return cards.open_run(chosen or runs[0].id)


def choose_seed() -> int:
    """The seed of the random numbers behind the images."""
    return session.number("Seed", "seed", 0, 0, 2**31 - 1, help=SEED_HELP)


def choose_best(run: Run) -> bool:
    """Whether the generator that scored best draws instead of the last; a switch, where it was kept."""
    bests = run.bests()
    return bool(bests) and session.toggle(
        f"As it was when it scored best (step {bests[-1][0]:,})",
        "best",
        help="Training goes on past the best. Off: its last state draws. On: the one that scored best on the way.",
    )


def say_if_unfinished(run: Run) -> None:
    """What to expect of a model that still learns."""
    if not run.finished:
        st.caption(
            ":material/info: This model is not fully trained: it draws as it could at its last save, and other images "
            "once it has learned on. A set that you save uses the newest state."
        )
