"""The training images that an image is most like, how far they are, and what that distance means."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

import hashlib

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import gallery, looks
from medgan.app.gallery import Picture
from medgan.app.quality_words import figure
from medgan.app.viewing import Viewing
from medgan.app.words import plain
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.common.home import datasets_folder
from medgan.common.pictures import encode_png
from medgan.metrics.pictures import Pictures, resized
from medgan.studies.copies import FEATURES, PIXELS
from medgan.studies.lookalikes import LearnedImages, Lookalike, Lookalikes
from medgan.training.drawn import Drawn
from medgan.training.run import RUN_FILE, Run

SIDE, COLUMNS = 160, 4
A_WHILE_S = 900
"""Features may have been kept meanwhile."""
KIND_WORDS = {PIXELS: "pixel by pixel", FEATURES: "in brightness and texture"}
SPREAD = (5, 95)
"""Percentiles between which nine of ten distances lie."""


def show(run: Run | None, drawn: Drawn, viewing: Viewing) -> None:
    """What one drawn item is most like among the images that its model learned from."""
    st.markdown("**Nearest training images**")
    if run is None:
        st.caption("The run that drew this image is gone, so it is not known what it learned from.")
        return
    try:
        with st.spinner("Looking at the training images …"):
            known = _learned(run)
            found = _nearest(_run_key(run), _digest(drawn), known, drawn)
    except BadInput as error:
        words = plain(str(error))
        st.caption(f":material/info: {words[:1].upper()}{words[1:]}.")
        return
    _pictures(known, found, drawn, viewing)
    for kind, nearest in found.found.items():
        st.caption(_reading(kind, nearest[0], known.usual[kind]))
    _verdict(known, found)


def _pictures(known: LearnedImages, found: Lookalikes, drawn: Drawn, viewing: Viewing) -> None:
    shown = [(kind, one) for kind, nearest in found.found.items() for one in nearest]
    for cell, (kind, one) in zip(st.columns(COLUMNS, gap="xsmall"), shown, strict=False):
        picture = _picture(known, kind, one, drawn.pictures.shape[1], viewing)
        cell.image(picture.png, caption=picture.caption, alt=picture.alternative, width="stretch", output_format="PNG")


def _picture(known: LearnedImages, kind: str, one: Lookalike, size: int, viewing: Viewing) -> Picture:
    dataset = known.dataset
    pictures = resized(Pictures(dataset.images, dataset.masks).only(known.part)[np.array([one.row])], size)
    image = Drawn(pictures.images, pictures.masks).pictures[0]
    png = encode_png(gallery.enlarged(viewing(image) if pictures.images is not None else image, SIDE))
    name = str(dataset.items["id"].iloc[one.row])
    mirrored = ", mirrored" if one.mirrored else ""
    words = f"nearest {KIND_WORDS[kind]}{mirrored}: distance {figure(one.distance)}"
    caption = f"**Real** · {'pixels' if kind == PIXELS else 'texture'} {plain(figure(one.distance))}{mirrored}"
    return Picture(png, caption, f"Real training image {name}, {words}")


def _reading(kind: str, nearest: Lookalike, usual: NDArray[np.float64]) -> str:
    low, high = (figure(float(value)) for value in np.percentile(usual, SPREAD))
    closer = int((usual <= nearest.distance).sum())
    return (
        f"**{KIND_WORDS[kind].capitalize()}: {figure(nearest.distance)}** from the nearest (0 is the same picture). "
        f"Real images that the model did not learn from: mostly {low} to {high}; {closer} of {len(usual)} are closer."
    )


def _verdict(known: LearnedImages, found: Lookalikes) -> None:
    if found.flagged:
        st.warning(
            "Closer to a training image than nearly all unseen real images are. Compare the two: it may be a copy.",
            icon=":material/flag:",
        )
    else:
        st.caption("Not suspiciously close. This is a screening, no proof of privacy.")
    if known.seen is None:
        st.caption(
            f":material/info: There are {len(known.rows):,} training images, too many to look at their texture while "
            "you wait. Score a set of this model on the Quality page; from then on it is compared here too."
        )


def _run_key(run: Run) -> tuple[str, int, int]:
    dataset = looks.stamp(datasets_folder() / run.record.dataset_id / MANIFEST)
    return str(run.folder), looks.stamp(run.folder / RUN_FILE), dataset


def _learned(run: Run) -> LearnedImages:
    return _learned_once(_run_key(run), run)


@st.cache_resource(max_entries=2, ttl=A_WHILE_S, show_spinner=False)
def _learned_once(key: tuple[str, int, int], _run: Run) -> LearnedImages:
    return LearnedImages.of(_run)


@st.cache_data(max_entries=256, ttl=A_WHILE_S, show_spinner=False)
def _nearest(key: tuple[str, int, int], digest: str, _known: LearnedImages, _drawn: Drawn) -> Lookalikes:
    return _known.nearest_to(_drawn)


def _digest(drawn: Drawn) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for rows in (drawn.images, drawn.masks):
        if rows is not None:
            hashed.update(np.ascontiguousarray(rows).data)
    return hashed.hexdigest()
