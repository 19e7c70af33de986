"""Synthetic sets that were kept: look at them, mark what is good and what is not, download them."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import curation, enlarging, exporting, gallery, looks, mixing, session, shown, viewing
from medgan.app.choosing_sets import names_of, run_of
from medgan.app.drawing import choose_mode, legend_of
from medgan.app.enlarging import Album
from medgan.app.gallery import Cell
from medgan.app.pairs import Pairs, cell_width
from medgan.app.shown import Look
from medgan.app.words import ago, counted, plain
from medgan.common.artefact import MANIFEST
from medgan.studies.marks import marks_of
from medgan.studies.synthesis import SyntheticSet
from medgan.training.drawn import Drawn

A_PAGE = 24
Int64 = NDArray[np.int64]


def show(sets: Sequence[SyntheticSet]) -> None:
    """One set at a time, in pages."""
    if not sets:
        st.info("No set is saved yet. Draw images, then choose “Save as a set”.", icon=":material/info:")
        return
    names = names_of(sets)
    chosen = session.select("Set", "set", {found.id: _words(found, names[found.id]) for found in sets})
    synthetic = next(found for found in sets if found.id == chosen)
    marks = marks_of(synthetic)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        numbers = curation.choose(synthetic, marks)
        st.space("stretch")
        exporting.button(synthetic, marks)
    st.markdown(curation.counts_line(marks))
    if len(numbers):
        _page(synthetic, numbers, marks)
    else:
        st.info("No image of this set has this mark.", icon=":material/info:")


def _page(synthetic: SyntheticSet, numbers: Int64, marks: NDArray[np.str_]) -> None:
    """The images of one page, each with its marks."""
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with st.container(horizontal=True, vertical_alignment="center"):
        first = session.page_number("page", -(-len(numbers) // A_PAGE)) * A_PAGE
        chosen = numbers[first : first + A_PAGE]
        st.caption(f"{first + 1:,} to {first + len(chosen):,} of {counted(len(numbers), 'image')}", width="content")
        st.space("stretch")
        curation.rest_button(synthetic, chosen.tolist(), marks)
    pairs = _pairs(synthetic, chosen)
    with controls:
        size = session.choice("Shown", "shown", gallery.SIDE_WORDS, default="medium")
        mode = choose_mode(pairs)
        looked = viewing.choose(shown=pairs.base is not None)
        run = run_of(synthetic)
        real = mixing.choose(run, mode)
        gallery.legend(legend_of(pairs, mode))
    look = Look(mode, gallery.SIDES[size], looked)
    key = (synthetic.id, looks.stamp(synthetic.folder / MANIFEST), tuple(chosen.tolist()))
    pictures = shown.pictures(key, pairs, look)
    cells = [
        Cell(picture, _below(synthetic, number, str(marks[number]), wide=size == "large"))
        for number, picture in zip(chosen.tolist(), pictures, strict=True)
    ]
    if real is not None:
        label, side_px = str(synthetic.manifest.summary.get("label") or ""), int(synthetic.manifest.summary["size"])
        cells = mixing.mixed(cells, mixing.real_pictures(real, label, len(cells), first, side_px, look))
    gallery.show_cells(cells, cell_width(mode, look.side))
    _what_they_are(synthetic)
    album = Album(numbers.tolist(), lambda id: _pairs(synthetic, np.array([id])), run, mode, marked=synthetic)
    enlarging.show(album, looked)


def _below(synthetic: SyntheticSet, number: int, given: str, *, wide: bool) -> Callable[[], None]:
    """Marks and the way to the large view, below an image."""

    def draw() -> None:
        with st.container(horizontal=True, horizontal_alignment="center", gap="xsmall"):
            curation.buttons(synthetic, number, given, wide=wide)
            enlarging.button(number, f"no. {number}", wide=wide)

    return draw


def _what_they_are(synthetic: SyntheticSet) -> None:
    summary = synthetic.manifest.summary
    drawn_by = f"the run {plain(str(summary['run']))}"
    if synthetic.manifest.config.get("best"):
        drawn_by += f" as it was when it scored best (step {int(summary['step']):,})"
    st.caption(
        f"Synthetic: drawn by {drawn_by}, {ago(synthetic.manifest.created)}. Not checked for copies of real images: "
        "the Quality page does that, and the large view shows the nearest training images of one."
    )


def _pairs(synthetic: SyntheticSet, numbers: Int64) -> Pairs:
    """Some images of a set; what an image was drawn from is not kept in it, but for the mask."""
    images, masks = (None if part is None else np.asarray(part[numbers]) for part in _parts(synthetic))
    rows = synthetic.items.iloc[numbers]
    names = tuple(rows["drawn_from"].fillna("")) if "drawn_from" in rows else ()
    masked = images is not None and masks is not None and any(names)
    summary = synthetic.manifest.summary
    return Pairs(
        Drawn(images, masks),
        int(summary["seed"]),
        str(summary.get("label") or summary["dataset"]),
        given=Drawn(None, masks) if masked else None,
        structures=synthetic.structures,
        names=names if any(names) else (),
        labels=() if summary.get("label") else tuple(rows["label"].fillna("")),
        numbers=tuple(int(number) for number in numbers),
    )


def _parts(synthetic: SyntheticSet) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    return synthetic.drawn.images, synthetic.drawn.masks


def _words(synthetic: SyntheticSet, name: str) -> str:
    summary = synthetic.manifest.summary
    made = ago(synthetic.manifest.created)
    return f"{name} · {counted(int(summary['count']), 'image')} · seed {summary['seed']} · {made}"
