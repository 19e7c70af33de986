"""Drawing from pictures that lie in no data set: masks from sliders or files, images that a model drew itself."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from hashlib import blake2b

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import cached
from medgan.training.conditions import Conditions
from medgan.training.drawn import Drawn
from medgan.training.run import Run

Uint8 = NDArray[np.uint8]


def draw(run: Run, part: str, rows: Uint8, count: int | None = None, seed: int = 0) -> Drawn:
    """An image drawn from each picture (n, h, w, c): bytes, or 0/1 where they are masks.

    count: draw so many instead, numbers 0 to count - 1 of the seed, the pictures in turn.
    """
    key = (str(run.folder), cached.generator_stamp(run), part, digest(rows), count or len(rows), seed)
    return _drawn(*key, run, rows)


def digest(rows: Uint8) -> str:
    """What tells pictures from all others: their content and shape."""
    return blake2b(np.ascontiguousarray(rows).tobytes(), digest_size=16).hexdigest() + str(rows.shape)


@st.cache_data(max_entries=24, show_spinner=False)
def _drawn(folder: str, changed: int, part: str, content: str, count: int, seed: int, _run: Run, _rows: Uint8) -> Drawn:
    conditions = Conditions(part, _rows, np.arange(len(_rows)))
    return cached.sampler(_run).draw(count, seed, conditions)
