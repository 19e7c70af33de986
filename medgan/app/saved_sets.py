"""Synthetic sets that were kept: look at them, download them."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from medgan.app import gallery, session
from medgan.app.words import ago, counted, plain
from medgan.studies.synthesis import SyntheticSet, export_zip

A_PAGE = 24


def show(sets: Sequence[SyntheticSet]) -> None:
    """One set at a time, in pages."""
    if not sets:
        st.info("No set is saved yet. Draw images, then choose “Save as a set”.", icon=":material/info:")
        return
    chosen = session.select("Set", "set", {found.id: _words(found) for found in sets})
    synthetic = next(found for found in sets if found.id == chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = session.choice("Shown", "shown", gallery.SIDE_WORDS, default="medium")
        st.space("stretch")
        st.download_button(
            "Download ZIP",
            data=lambda: _zipped(synthetic),
            file_name=f"{synthetic.name}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
    count = len(synthetic.images)
    first = session.page_number("page", -(-count // A_PAGE)) * A_PAGE
    images = synthetic.images[first : first + A_PAGE]
    seed = int(synthetic.manifest.summary["seed"])
    shows = str(synthetic.manifest.summary.get("label") or synthetic.manifest.summary["dataset"])
    pictures = gallery.synthetic_pictures(images, seed=seed, side=gallery.SIDES[size], shows=shows, first=first)
    gallery.show(pictures, gallery.SIDES[size])
    st.caption(
        f"Synthetic: drawn by the run {plain(str(synthetic.manifest.summary['run']))}, "
        f"{ago(synthetic.manifest.created)}. Not checked for copies of real images."
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
