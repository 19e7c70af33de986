"""Where a mask comes from: an item of a data set or of a saved set, a mask model, sliders, or a file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import cached, cards, choosing_source, gallery, mask_models, mask_sliders, session, strip
from medgan.app.gallery import Picture
from medgan.app.sources import Source, fitting_sources, what_is_missing
from medgan.common.pictures import encode_png
from medgan.data.mask_file import mask_of_file
from medgan.studies.origins import Origin
from medgan.training.parts import as_part
from medgan.training.run import Run

Uint8 = NDArray[np.uint8]
WORDS = {"items": "Data set or saved set", "gan": "Mask model", "drawn": "Sliders", "file": "Your file"}
FILE_TYPES = ["png", "jpg", "jpeg", "tif", "tiff"]
LARGEST_FILE_MB = 20


@dataclass(frozen=True)
class ChosenMask:
    """A mask with what is known of it."""

    masks: Uint8
    """(size, size, structures) of 0/1, as the model sees it."""
    name: str
    real: Uint8 | None = None
    """The image (h, w, c) that the mask was drawn on; None where the mask is no real one."""
    learned: bool = False
    """Whether the model learned from that image."""
    source: Source | None = None
    """What a whole set can be drawn from, to have this mask in it."""


def choose_kind(run: Run, runs: Sequence[Run]) -> str:
    """The widget that chooses where the mask comes from; what there is nothing of is not offered."""
    drawers = mask_models.mask_drawers(runs, len(run.record.data.structures))
    there = {"items": bool(_fitting(run)), "gan": bool(drawers), "drawn": True, "file": True}
    return session.choice("Mask from", "mask_from", {kind: WORDS[kind] for kind, is_there in there.items() if is_there})


def choose(run: Run, runs: Sequence[Run], kind: str) -> ChosenMask | None:
    """The widgets that choose a mask of that kind for a model; None where there is none yet.

    Raises BadInput, in one line, where a file is no mask.
    """
    if kind == "items":
        return _of_items(run, _fitting(run))
    if kind == "gan":
        return _of_model(run, mask_models.mask_drawers(runs, len(run.record.data.structures)))
    if not _fitting(run):
        st.caption(f":material/info: {what_is_missing(run)} Masks can be drawn here all the same.")
    return _of_sliders(run) if kind == "drawn" else _of_file(run)


def _fitting(run: Run) -> dict[str, str]:
    return fitting_sources(run, cached.datasets(), cached.sets())


def resized(masks: Uint8, size: int) -> Uint8:
    """Masks (h, w, structures) of 0/1 as a network of that size sees them."""
    signed = as_part("masks", np.ascontiguousarray(masks[None]), size)[0]
    return (signed.permute(1, 2, 0).numpy() > 0).astype(np.uint8)


def _of_items(run: Run, fitting: dict[str, str]) -> ChosenMask:
    masks, part_place, number_place = st.columns([5, 4, 3])
    with masks:
        id = choosing_source.choose_fitting(run, fitting)
    with part_place:
        part = choosing_source.choose_part("mask_part", id, default="test")
    source, size = Source(id, part), run.config.model.size
    origin = cached.origin(run, source)
    assert origin.conditions is not None
    count = len(origin.conditions.chosen)
    with number_place:
        number = session.number(f"Mask (1 to {count:,})", "mask", 1, 1, count)
    strip.show(
        "mask", "masks", number, count, lambda place: _small(_row(origin, place, size), place, origin.item(place))
    )
    place = number - 1
    dataset = choosing_source.opened(id)
    row = origin.conditions.chosen[place]
    real = None if dataset is None else np.asarray(dataset.images[row])
    learned = dataset is not None and str(dataset.items["sha256"].iloc[row]) in run.seen_files
    return ChosenMask(_row(origin, place, size), origin.item(place), real, learned, source)


def _row(origin: Origin, place: int, size: int) -> Uint8:
    assert origin.conditions is not None
    return resized(origin.conditions.rows[origin.conditions.chosen[place]].astype(np.uint8), size)


def _of_model(run: Run, drawers: Sequence[Run]) -> ChosenMask:
    model, seed_place, number_place = st.columns([6, 3, 3])
    with model:
        chosen = session.select("Masks drawn by", "mask_run", cards.run_choices(drawers))
    drawer = cards.open_run(chosen or drawers[0].id)
    with seed_place:
        seed = session.number("Seed of the masks", "mask_seed", 0, 0, 2**31 - 1, help="Another seed, ten other masks.")
    with number_place:
        number = session.number(f"Mask (1 to {strip.SHOWN})", "drawn_mask", 1, 1, strip.SHOWN)
    with st.spinner("Drawing masks …"):
        drawn = cached.draw(drawer, strip.SHOWN, seed).masks
    assert drawn is not None
    size = run.config.model.size
    names = [f"synthetic mask, seed {seed}, no. {place}" for place in range(strip.SHOWN)]
    strip.show(
        "drawn_mask",
        "masks",
        number,
        strip.SHOWN,
        lambda place: _small(resized(drawn[place], size), place, names[place]),
    )
    return ChosenMask(resized(drawn[number - 1], size), names[number - 1])


def _small(masks: Uint8, place: int, name: str) -> Picture:
    return Picture(encode_png(gallery.mask_picture(masks, strip.SIDE)), "", f"Mask {place + 1}: {name}")


def _of_sliders(run: Run) -> ChosenMask:
    structures, size = run.record.data.structures, run.config.model.size
    drawn = structures[0]
    if len(structures) > 1:
        drawn = session.choice("Structure", "ellipse_of", {name: name for name in structures})
    masks = np.zeros((size, size, len(structures)), np.uint8)
    masks[..., structures.index(drawn)] = mask_sliders.ellipse().drawn(size)
    return ChosenMask(masks, "drawn by sliders")


def _of_file(run: Run) -> ChosenMask | None:
    """A picture for each structure; those without one are left empty."""
    structures, size = run.record.data.structures, run.config.model.size
    masks, names = np.zeros((size, size, len(structures)), np.uint8), []
    for place, (cell, structure) in enumerate(zip(st.columns(len(structures)), structures, strict=True)):
        words = "Mask" if len(structures) == 1 else f"Mask of {structure}"
        with cell:
            file = st.file_uploader(
                f"{words}: white inside, black outside (PNG)",
                type=FILE_TYPES,
                key=f"mask file {structure}",
                max_upload_size=LARGEST_FILE_MB,
            )
        if file is not None:
            masks[..., place] = mask_of_file(file.getvalue(), file.name, size)
            names.append(file.name)
    if not names:
        st.info("Choose a black-and-white picture of the same framing as the images. It is not kept.")
        return None
    return ChosenMask(masks, ", ".join(names))
