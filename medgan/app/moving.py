"""Images of a model that were moved: between two of its images, around one; each drawn once and kept for a while."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from dataclasses import dataclass

import streamlit as st

from medgan.app import cached
from medgan.app.sources import Source, given_part
from medgan.common.repro import derive_seed
from medgan.training.drawn import Drawn
from medgan.training.latents import around, between, truncated
from medgan.training.run import Run

STEPS = 20
"""Steps of the way between two images; all are drawn at once, so that the slider answers quickly."""
NEIGHBOURS = 8
What = tuple[str, int, int, int]


def possible(run: Run) -> bool:
    """Whether a run's images come from random numbers, and a class at most, so that one can move among them."""
    return not given_part(run)


@dataclass(frozen=True)
class Start:
    """A model with the seed whose images are moved."""

    run: Run
    label: str
    """The class to draw, of a model that must be told one; else empty."""
    seed: int
    best: bool

    def images(self, first: int, count: int) -> Drawn:
        """Images number `first` to `first + count - 1` of the seed as they are."""
        return _drawn(*self.key(), ("images", first, count, 100), self)

    def way(self, first: int, second: int, variety: int) -> Drawn:
        """STEPS + 1 images from one to the other; variety: in percent."""
        return _drawn(*self.key(), ("way", first, second, variety), self)

    def neighbours(self, number: int, distance: int, variety: int) -> Drawn:
        """NEIGHBOURS images around one; distance: in percent of the way to other images."""
        return _drawn(*self.key(), ("neighbours", number, distance, variety), self)

    def key(self) -> tuple[str, int, str, int, bool]:
        """What its images depend on."""
        return str(self.run.folder), cached.generator_stamp(self.run, best=self.best), self.label, self.seed, self.best


@st.cache_data(max_entries=12, show_spinner=False)
def _drawn(folder: str, changed: int, label: str, seed: int, best: bool, what: What, _start: Start) -> Drawn:
    locked = cached.sampler(_start.run, best=best)
    of_seed = locked.sampler.latents
    kind, number, other, variety = what
    if kind == "images":
        latents = of_seed(seed, range(number, number + other))
    elif kind == "way":
        shares = [step / STEPS for step in range(STEPS + 1)]
        latents = between(of_seed(seed, [number]), of_seed(seed, [other]), shares)
    else:
        others = of_seed(derive_seed(seed, "neighbours", number), range(NEIGHBOURS))
        latents = around(of_seed(seed, [number]), others, other / 100)
    conditions = cached.origin(_start.run, Source(label=label)).conditions
    return locked.decode(truncated(latents, variety / 100), conditions)
