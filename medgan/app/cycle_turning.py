"""Images turned to the other class and back, and what is usual for a model: kept between reruns."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import cached, given, looks
from medgan.app.cycle_models import Turn
from medgan.common.artefact import MANIFEST
from medgan.common.images import to_uint8
from medgan.data.dataset import PreparedDataset
from medgan.training.parts import as_part
from medgan.training.round_trip import RoundTrip, distance, round_trip

Uint8 = NDArray[np.uint8]
USUAL = 8
"""Images that the usual figures are taken from; networks see batches of eight in any case."""


def turned(turn: Turn, images: Uint8) -> RoundTrip:
    """Images (n, h, w, c) of the class to turn from, of any size, turned and turned back."""
    there, back = turn.domains
    return round_trip(lambda domain, some: _translated(turn, domain, some), there, back, _as_seen(turn, images))


def _translated(turn: Turn, domain: str, images: Uint8) -> Uint8:
    drawn = given.draw(turn.run, domain, images).images
    assert drawn is not None
    return drawn


def _as_seen(turn: Turn, images: Uint8) -> Uint8:
    """Images at the size of the networks."""
    return to_uint8(as_part("images", np.array(images), turn.run.config.model.size))


@dataclass(frozen=True)
class Usual:
    """Mean figures of a few real images, in grey levels of 0 to 255."""

    images: int
    change: float
    """By the translation."""
    loss: float
    """After the way back."""
    apart: float
    """Of two different images of the class."""
    needless: float
    """Change of images that are of the target class already, by the same translation; nan where there are none."""


def usual(turn: Turn, dataset: PreparedDataset) -> Usual:
    """What the model does to images of the chosen part."""
    run, source = turn.run, turn.source
    key = (str(run.folder), cached.generator_stamp(run), str(dataset.folder), looks.stamp(dataset.folder / MANIFEST))
    return _usual(*key, source.part, source.label, turn, dataset)


@st.cache_data(max_entries=16, show_spinner=False)
def _usual(
    folder: str, changed: int, data: str, made: int, part: str, label: str, _turn: Turn, _dataset: PreparedDataset
) -> Usual:
    images = _some(_turn, _dataset, _turn.ends[0])
    trip = turned(_turn, images)
    of_target = _as_seen(_turn, _some(_turn, _dataset, _turn.ends[1]))
    needless = np.nan
    if len(of_target):
        needless = float(distance(of_target, _translated(_turn, _turn.domains[0], of_target)).mean())
    apart = float(distance(trip.given, np.roll(trip.given, 1, axis=0)).mean()) if len(images) > 1 else np.nan
    return Usual(len(images), float(trip.change.mean()), float(trip.loss.mean()), apart, needless)


def _some(turn: Turn, dataset: PreparedDataset, label: str) -> Uint8:
    """Up to eight images of a class, from all over the chosen part; none where the data set has no such class."""
    split = None if turn.source.part == "all" else turn.source.part
    if label not in dataset.classes:
        rows = dataset.indices(split) if label == turn.ends[0] else np.empty(0, np.int64)
    else:
        rows = dataset.indices(split, label)
    chosen = rows[np.linspace(0, len(rows) - 1, min(USUAL, len(rows))).astype(int)]
    return np.asarray(dataset.images[chosen])
