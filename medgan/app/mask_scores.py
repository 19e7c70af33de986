"""How well painted images follow their masks, beside what real images of the same kind score."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import given, looks
from medgan.app.words import listed, plain
from medgan.common.artefact import MANIFEST
from medgan.common.images import to_uint8
from medgan.data.dataset import PreparedDataset
from medgan.metrics.mask_following import Reference, following, reference
from medgan.training.parts import as_part

Uint8 = NDArray[np.uint8]
PAIRS = 48
"""Real pairs that the reference is taken from."""
FIRST, THIRD = 0.25, 0.75


def scores(images: Uint8, masks: Uint8) -> tuple[float, ...]:
    """The score of each image (n, h, w, c) under the same masks (h, w, structures); nan where it cannot be told."""
    return _scores(given.digest(images), given.digest(masks), images, masks)


@st.cache_data(max_entries=64, show_spinner=False)
def _scores(images: str, masks: str, _images: Uint8, _masks: Uint8) -> tuple[float, ...]:
    return tuple(following(image, _masks) for image in _images)


def of_real_pairs(dataset: PreparedDataset, size: int) -> Reference:
    """What the data set's own pairs score at a size: of its test part, or of all where that holds too few."""
    return _of_real_pairs(str(dataset.folder), looks.stamp(dataset.folder / MANIFEST), size, dataset)


@st.cache_data(max_entries=8, show_spinner=False)
def _of_real_pairs(folder: str, changed: int, size: int, _dataset: PreparedDataset) -> Reference:
    assert _dataset.masks is not None
    rows = _dataset.indices("test")
    rows = rows if len(rows) >= PAIRS else _dataset.indices(None)
    chosen = rows[np.linspace(0, len(rows) - 1, min(PAIRS, len(rows))).astype(int)]
    images = to_uint8(as_part("images", np.array(_dataset.images[chosen]), size))
    masks = as_part("masks", np.array(_dataset.masks[chosen]), size).permute(0, 2, 3, 1).numpy() > 0
    return reference(images, masks.astype(np.uint8))


def reading(found: Sequence[float], dataset: PreparedDataset | None, size: int) -> str:
    """One line on what the scores say; for Markdown."""
    told = [score for score in found if not np.isnan(score)]
    if not told:
        return "Whether the image follows the mask cannot be told here: the mask is too small, or fills the image."
    line = f"How well the image follows the mask: {listed([f'{score:.2f}' for score in told])} of 1."
    if dataset is None or not (real := of_real_pairs(dataset, size)).told:
        return f"{line} Nothing to compare with: the data set that the model learned from is not here."
    first, middle, third = np.quantile(real.own, [FIRST, 0.5, THIRD])
    return (
        f"{line} Near what real images of {plain(dataset.name)} score under their own masks, {middle:.2f} (the middle "
        f"half {first:.2f} to {third:.2f}), is good; far below, the lesion is not where the mask says; far above, it "
        f"is simpler than a real one. Under another image's mask, so by chance: {np.median(real.others):.2f}."
    )


METHOD = (
    "The image is split into a bright and a dark part around the mask (Otsu's threshold, blue channel in colour), and "
    "the part that fits better is compared with the mask: area they share over area of both (IoU)."
)
