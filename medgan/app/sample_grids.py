"""The sample grids of a training as pages show them: their upper left images, in whole pairs, and what these are."""

from pathlib import Path

from medgan.app import cached, gallery
from medgan.app.sources import given_part
from medgan.training.conditions import columns_of
from medgan.training.run import Run

MOST = 4
"""Rows and columns that are shown: so many can be seen well."""
WORDS = {
    "noise": "**Synthetic.** Each place in the grid has the same random start at every step.",
    "pairs": "**Synthetic**: images, and right of each its mask. Each place has the same random start at every step.",
    "given": "In pairs: left {given}, right what the model makes of it, which is **synthetic**.",
}
ALTERNATIVES = {
    "noise": "always from the same random numbers",
    "pairs": "each with its mask on its right",
    "given": "each right of what it was made from",
}
GIVEN_WORDS = {"masks": "a real mask", "images": "a real image", "sources": "a source image"}


def show(run: Run, step: int, path: Path, side: int) -> None:
    """Draw a grid's upper left images, each about `side` pixels wide."""
    columns = min(MOST, columns_of(run.config.loop.samples))
    images = cached.first_of_grid(path, run.config.model.size, MOST, columns)
    alternative = f"Grid of synthetic images by {run.name} at training step {step}, {ALTERNATIVES[_kind(run)]}"
    gallery.sheet(images, alternative, columns=columns, side=side)


def words(run: Run) -> str:
    """What is synthetic in a run's grids, and what is not; Markdown."""
    return WORDS[_kind(run)].format(given=GIVEN_WORDS.get(given_part(run), ""))


def _kind(run: Run) -> str:
    if given_part(run):
        return "given"
    return "pairs" if len(run.config.model.parts.drawn) > 1 else "noise"
