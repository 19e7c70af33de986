"""From a mask to an image: one mask, what a model paints into it, and the real image that the mask was drawn on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import cached, cards, choosing_source, gallery, session
from medgan.app.gallery import Picture, enlarged, mask_picture, with_outlines
from medgan.app.sources import Source
from medgan.app.words import plain
from medgan.common.pictures import encode_png
from medgan.data.dataset import PreparedDataset
from medgan.studies.origins import Origin
from medgan.training.drawn import Drawn
from medgan.training.parts import as_part
from medgan.training.run import Run

Uint8 = NDArray[np.uint8]
STRIP = 10
"""Masks to choose from at a time."""
STRIP_SIDE, SIDE = 96, 320
MOST_RESULTS, USUAL_RESULTS = 4, 2
WIDEST_ROW = 5
"""Pictures that stand in one row and can still be seen well."""
QUICK = {"view": "new", "gan": "pix2pix", "preset": "quick"}


@dataclass(frozen=True)
class Translation:
    """One mask with everything that belongs to it, (h, w, c) bytes."""

    mask: Uint8
    """As the network sees it, 0/1."""
    results: Drawn
    real: Uint8 | None
    """The image that the mask was drawn on; None where the mask is synthetic itself."""
    name: str
    structures: tuple[str, ...]

    def pictures(self, side: int, seed: int, *, outlined: bool, learned: bool) -> list[Picture]:
        """The mask, the synthetic images, the real image, in this order."""
        assert self.results.images is not None
        over = ", with the outline of the mask" if outlined else ""
        mask = Picture(encode_png(mask_picture(self.mask, side)), plain(f"Mask · {self.name}"), f"Mask {self.name}")
        found = [mask]
        for number, image in enumerate(self.results.images):
            found.append(
                Picture(
                    encode_png(self._seen(image, side, outlined)),
                    f"Synthetic · seed {seed} · no. {number}",
                    f"Synthetic image painted into the mask {self.name}{over}; seed {seed}, number {number}",
                )
            )
        if self.real is not None:
            caption = "Real image" + (" · the model learned from it" if learned else "")
            png = encode_png(self._seen(self.real, side, outlined))
            found.append(Picture(png, caption, f"Real image {self.name}{over}"))
        return found

    def _seen(self, image: Uint8, side: int, outlined: bool) -> Uint8:
        if not outlined:
            return enlarged(image, side)
        return with_outlines(enlarged(image, side), np.asarray(self.mask), side)


def painters(runs: Sequence[Run]) -> list[Run]:
    """Runs that make images from masks."""
    parts = {run.id: run.config.model.parts for run in runs}
    return [run for run in runs if parts[run.id].given == ("masks",) and "images" in parts[run.id].drawn]


def show(runs: Sequence[Run], datasets: Sequence[PreparedDataset]) -> None:
    """Choose a model and a mask; see what comes of it."""
    found = painters(runs)
    able = [run for run in found if run.can_sample]
    if not able:
        _nothing_yet(found, datasets)
        return
    model, masks, part_place, number_place = st.columns([6, 4, 4, 3])
    with model:
        chosen = session.select("Model", "run", cards.run_choices(able))
    run = cards.open_run(chosen or able[0].id)
    fitting = choosing_source.fitting_or_line(run)
    with masks:
        id = choosing_source.choose_fitting(run, fitting)
    with part_place:
        part = choosing_source.choose_part("mask_part", id, default="test")
    source = Source(id, part)
    origin = cached.origin(run, source)
    assert origin.conditions is not None
    with number_place:
        count = len(origin.conditions.chosen)
        number = session.number(f"Mask (1 to {count:,})", "mask", 1, 1, count)
    _strip(run, origin, number, count)
    _translated(run, source, origin, number - 1)


def _nothing_yet(found: Sequence[Run], datasets: Sequence[PreparedDataset]) -> None:
    """What to do where no model can paint into masks."""
    if found:
        run = found[0]
        st.info(f"The model {plain(run.name)} has nothing saved yet; it can paint after its first save.")
        st.page_link(
            "pages/train.py",
            label="Watch it learn",
            icon=":material/monitoring:",
            query_params={"view": "watch", "trained": run.id},
        )
        return
    st.markdown(
        "Here you give a model the mask of a lesion, and it paints the lesion into it. For that it must have learned "
        "from images with masks."
    )
    masked = next((dataset for dataset in datasets if dataset.structures), None)
    if masked is None:
        st.info("First: a data set with masks. Add a folder of images with masks, or have phantoms drawn.")
        st.page_link(
            "pages/data.py", label="Add images with masks", icon=":material/folder_open:", query_params={"view": "add"}
        )
        return
    st.info(
        f"No model has learned this yet. Train Pix2Pix on {plain(masked.name)}: the quick preset takes minutes.",
        icon=":material/info:",
    )
    st.page_link(
        "pages/train.py",
        label="Train Pix2Pix",
        icon=":material/model_training:",
        query_params=QUICK | {"dataset": masked.id},
    )


def _strip(run: Run, origin: Origin, number: int, count: int) -> None:
    """Small masks to choose from, with the chosen one among them; `number` counts from 1."""
    first = (number - 1) // STRIP * STRIP
    if count > STRIP:
        earlier, *cells, later = st.columns([2, *[4] * STRIP, 2], gap="xsmall", vertical_alignment="bottom")
        with earlier:
            _turn_button("Earlier masks", ":material/chevron_left:", first - STRIP + 1, possible=first > 0)
        with later:
            _turn_button("Later masks", ":material/chevron_right:", first + STRIP + 1, possible=first + STRIP < count)
    else:
        cells = st.columns(STRIP, gap="xsmall")
    for cell, place in zip(cells, range(first, min(first + STRIP, count)), strict=False):
        with cell, st.container(gap="xxsmall"):
            mask = as_the_network_sees(origin, place, run.config.model.size)
            png = encode_png(mask_picture(mask, STRIP_SIDE))
            st.image(png, width="stretch", alt=f"Mask {place + 1}: {origin.item(place)}", output_format="PNG")
            st.button(
                str(place + 1),
                key=f"mask {place}",
                type="primary" if place == number - 1 else "secondary",
                width="stretch",
                on_click=session.put,
                args=("mask", place + 1),
            )


def _turn_button(words: str, icon: str, number: int, *, possible: bool) -> None:
    """Go to the masks before or after those that are shown."""
    st.button(
        "",
        key=words,
        icon=icon,
        help=words,
        type="tertiary",
        width="stretch",
        disabled=not possible,
        on_click=session.put,
        args=("mask", number),
    )


def as_the_network_sees(origin: Origin, place: int, size: int) -> Uint8:
    """The mask (size, size, structures) of 0/1 behind image number `place`."""
    assert origin.conditions is not None
    row = origin.conditions.rows[origin.conditions.chosen[place : place + 1]].astype(np.uint8)
    mask: Uint8 = (as_part("masks", row, size)[0].permute(1, 2, 0).numpy() > 0).astype(np.uint8)
    return mask


def _translated(run: Run, source: Source, origin: Origin, place: int) -> None:
    """The mask, what the model paints, and the real image, side by side."""
    varied = cached.draws_variants(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = {str(count): str(count) for count in range(1, MOST_RESULTS + 1)}
        count = int(session.choice("Results", "results", words, default=str(USUAL_RESULTS))) if varied else 1
        seed = (
            session.number(
                "Seed",
                "seed",
                0,
                0,
                2**31 - 1,
                help="The same seed gives the same images, always; another gives others.",
            )
            if varied
            else 0
        )
        outlined = session.toggle("Outline the mask", "outline", default=True)
        structures = run.record.data.structures
        if len(structures) > 1:
            gallery.legend(structures)
        st.space("stretch")
        _set_link(run, source)
    with st.spinner("Painting …"):
        drawn = cached.draw(run, count, seed, source, place)
    dataset = choosing_source.opened(source.source)
    found = Translation(
        mask=as_the_network_sees(origin, place, run.config.model.size),
        results=drawn,
        real=_real_image(origin, place, dataset),
        name=origin.item(place),
        structures=structures,
    )
    pictures = found.pictures(SIDE, seed, outlined=outlined, learned=_has_learned(run, origin, place, dataset))
    _in_rows(pictures)
    _notes(run, source, varied=varied)


def _in_rows(pictures: Sequence[Picture]) -> None:
    """All in one row where they fit; else in two."""
    wide = len(pictures) if len(pictures) <= WIDEST_ROW else -(-len(pictures) // 2)
    for start in range(0, len(pictures), wide):
        for cell, picture in zip(st.columns(wide, gap="small"), pictures[start : start + wide], strict=False):
            cell.image(
                picture.png, caption=picture.caption, alt=picture.alternative, width="stretch", output_format="PNG"
            )


def _real_image(origin: Origin, place: int, dataset: PreparedDataset | None) -> Uint8 | None:
    if dataset is None or origin.conditions is None:
        return None
    return np.asarray(dataset.images[origin.conditions.chosen[place]])


def _has_learned(run: Run, origin: Origin, place: int, dataset: PreparedDataset | None) -> bool:
    """Whether the real image was among those that the model learned from."""
    if dataset is None or origin.conditions is None:
        return False
    return str(dataset.items["sha256"].iloc[origin.conditions.chosen[place]]) in run.record.seen_files


def _set_link(run: Run, source: Source) -> None:
    st.page_link(
        "pages/generate.py",
        label="Draw a whole set",
        icon=":material/auto_awesome_mosaic:",
        query_params={"view": "draw", "run": run.id, "source": source.source},
    )


def _notes(run: Run, source: Source, *, varied: bool) -> None:
    """What must be known of these images."""
    if not varied:
        st.caption(":material/info: This model has no noise of its own: it paints one image into each mask.")
    notes = "Synthetic images, painted by a model; not checked for copies of real images."
    if source.part != "train":
        notes += (
            " Looking at test masks is fine; a set that is to train a classifier or a segmenter must be drawn from "
            "the train part, as “Draw a whole set” does."
        )
    st.caption(notes)
    if not run.finished:
        st.caption(f":material/info: This model is not fully trained: step {cached.step(run):,} of {run.steps:,}.")
