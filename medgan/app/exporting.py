"""A set leaves as a ZIP: which of its images, how deep, and with which distances."""

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import session
from medgan.studies.exports import ExportOptions, export_zip
from medgan.studies.synthesis import SyntheticSet

ONLY = {"all": "All", "not-rejected": "All but rejected", "accepted": "Accepted"}
BITS = {"8": "8 bit", "16": "16 bit"}


def button(synthetic: SyntheticSet, marks: NDArray[np.str_]) -> None:
    """What leaves and how, behind one button."""
    left = {"all": np.ones(len(marks), bool), "not-rejected": marks != "rejected", "accepted": marks == "accepted"}
    with st.popover("Download", icon=":material/download:"):
        only = session.choice("Images", "only", ONLY)
        bits = session.choice("Grey levels", "bits", BITS)
        distances = session.toggle(
            "Measure distances from training images",
            "distances",
            help="For the table, where the Quality page has not done it; up to half a minute for 1,000 images",
        )
        count = int(left[only].sum())
        options = ExportOptions.parse({"only": only, "bits": int(bits), "distances": distances})
        st.download_button(
            f"Download ZIP of {count:,}" if count else "No image has this mark",
            data=lambda: _zipped(synthetic, options),
            file_name=f"synthetic-{synthetic.name}.zip",
            mime="application/zip",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            disabled=not count,
        )
        st.caption(
            "PNG files that say they are synthetic, masks, a table with every mark, and a data card: what made the "
            "set, from what, how it scores, its limits. Pixels as they were drawn, whatever the brightness here."
        )


def _zipped(synthetic: SyntheticSet, options: ExportOptions) -> BinaryIO:
    """The set as an open ZIP file that nobody else can see."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.zip"
        export_zip(synthetic, path, options)
        return open(path, "rb")
