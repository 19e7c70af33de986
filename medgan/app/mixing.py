"""Real images among synthetic ones, on request and always called real: guessing is what the reader study is for."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence

import numpy as np
import streamlit as st

from medgan.app import cached, gallery, looks, session
from medgan.app.gallery import Cell, Picture, Uint8
from medgan.app.pairs import Mode
from medgan.app.shown import Look
from medgan.app.words import plain
from medgan.common.artefact import MANIFEST
from medgan.common.pictures import encode_png
from medgan.common.repro import derive_seed
from medgan.data.dataset import PreparedDataset
from medgan.metrics.pictures import Pictures, resized
from medgan.training.run import Run

EVERY = 3
"""A real image follows after so many synthetic ones."""


def choose(run: Run | None, mode: Mode) -> PreparedDataset | None:
    """A switch, where there are real images to mix in; the data set that the run learned from where it is on."""
    if run is None or mode == "beside" or "images" not in run.config.model.parts.drawn:
        return None
    dataset = next((found for found in cached.datasets() if found.id == run.record.dataset_id), None)
    if dataset is None:
        return None
    on = session.toggle("Mix in real images", "real", help="Images that the model learned from, each called real")
    return dataset if on else None


def mixed(cells: Sequence[Cell], reals: Sequence[Picture]) -> list[Cell]:
    """Real images spread among synthetic ones, each after EVERY of them."""
    found: list[Cell] = []
    left = iter(reals)
    for place, cell in enumerate(cells, start=1):
        found.append(cell)
        if place % EVERY == 0 and (picture := next(left, None)) is not None:
            found.append(Cell(picture))
    return found


def real_pictures(
    dataset: PreparedDataset, label: str, synthetic: int, first: int, size: int, look: Look
) -> list[Picture]:
    """Real training images for a page of synthetic ones that begins with number `first`.

    label: their class; any where it is empty. size: pixels a side of the synthetic images, so that both show as much.
    """
    rows = dataset.indices("train", label if label in dataset.classes else None)
    shuffled = np.random.default_rng(derive_seed(dataset.id, label, "mixed in")).permutation(rows)
    places = np.arange(first // EVERY, first // EVERY + synthetic // EVERY)
    chosen = shuffled[places[: len(shuffled)] % max(1, len(shuffled))]
    changed = looks.stamp(dataset.folder / MANIFEST)
    return _pictures(str(dataset.folder), changed, tuple(chosen.tolist()), size, look, dataset)


@st.cache_data(max_entries=12, show_spinner=False)
def _pictures(
    folder: str, changed: int, rows: tuple[int, ...], size: int, look: Look, _dataset: PreparedDataset
) -> list[Picture]:
    found = resized(Pictures(_dataset.images, _dataset.masks)[np.array(rows, np.int64)], size)
    assert found.images is not None
    items = _dataset.items.iloc[list(rows)]
    shown = []
    for place, (id, label) in enumerate(zip(items["id"], items["label"].fillna(""), strict=True)):
        image: Uint8 = look.viewing(found.images[place])
        if look.mode == "outline" and found.masks is not None:
            image = gallery.with_outlines(image, found.masks[place], look.side, exact=look.exact)
        words = " · ".join(part for part in (str(label).replace("_", " "), str(id)) if part)
        png = encode_png(gallery.enlarged(image, look.side, exact=look.exact))
        shown.append(Picture(png, f"**Real** · {plain(words)}", f"Real image: {words}"))
    return shown
