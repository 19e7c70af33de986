"""Synthetic sets that were kept: look at them, download them."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from medgan.app import gallery, session
from medgan.app.drawing import choose_mode, legend_of
from medgan.app.pairs import Pairs, cell_width
from medgan.app.words import ago, counted, plain
from medgan.studies.exports import export_zip
from medgan.studies.synthesis import SyntheticSet
from medgan.training.drawn import Drawn

A_PAGE = 24


def show(sets: Sequence[SyntheticSet]) -> None:
    """One set at a time, in pages."""
    if not sets:
        st.info("No set is saved yet. Draw images, then choose “Save as a set”.", icon=":material/info:")
        return
    chosen = session.select("Set", "set", {found.id: _words(found) for found in sets})
    synthetic = next(found for found in sets if found.id == chosen)
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    count = len(synthetic)
    first = session.page_number("page", -(-count // A_PAGE)) * A_PAGE
    pairs = _pairs(synthetic, first)
    with controls:
        size = session.choice("Shown", "shown", gallery.SIDE_WORDS, default="medium")
        mode = choose_mode(pairs)
        gallery.legend(legend_of(pairs, mode))
        st.space("stretch")
        st.download_button(
            "Download ZIP",
            data=lambda: _zipped(synthetic),
            file_name=f"{synthetic.name}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
    side = gallery.SIDES[size]
    gallery.show(pairs.pictures(mode, side), cell_width(mode, side))
    st.caption(
        f"Synthetic: drawn by the run {plain(str(synthetic.manifest.summary['run']))}, "
        f"{ago(synthetic.manifest.created)}. Not checked for copies of real images."
    )


def _pairs(synthetic: SyntheticSet, first: int) -> Pairs:
    """A page of a set; what an image was drawn from is not kept in it, but for the mask."""
    drawn = synthetic.drawn[first : first + A_PAGE]
    rows = synthetic.items.iloc[first : first + A_PAGE]
    names = tuple(rows["drawn_from"].fillna("")) if "drawn_from" in rows else ()
    masked = drawn.images is not None and drawn.masks is not None and any(names)
    summary = synthetic.manifest.summary
    return Pairs(
        drawn,
        int(summary["seed"]),
        str(summary.get("label") or summary["dataset"]),
        given=Drawn(None, drawn.masks) if masked else None,
        structures=synthetic.structures,
        names=names if any(names) else (),
        labels=() if summary.get("label") else tuple(rows["label"].fillna("")),
        first=first,
    )


def _words(synthetic: SyntheticSet) -> str:
    summary = synthetic.manifest.summary
    made = ago(synthetic.manifest.created)
    return f"{synthetic.name} · {counted(int(summary['count']), 'image')} · seed {summary['seed']} · {made}"


def _zipped(synthetic: SyntheticSet) -> BinaryIO:
    """The set as an open ZIP file that nobody else can see."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.zip"
        export_zip(synthetic, path)
        return open(path, "rb")
