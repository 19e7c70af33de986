"""A set leaves as a ZIP: which of its images, in which format, how deep, and with which distances.

A small one is made at the click. A larger one, or one whose distances are measured, is a job; then it lies in the
workspace, to be downloaded. Streamlit hands over no file from disk: it reads one whole. A button that is given a
function does so at the click only, and forgets the bytes when the page is next drawn; one that is given an open file
would do so whenever it is drawn.
"""

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import cached, session
from medgan.app.job_view import buttons, jobs_of, progress_line, state_badge, working, worth_showing
from medgan.app.live import live
from medgan.app.words import ago, plainly
from medgan.jobs import Job, Status, submit
from medgan.studies.export_formats import FORMATS
from medgan.studies.exports import ExportOptions, export_zip
from medgan.studies.kept_exports import KeptExport, export_config, file_name
from medgan.studies.synthesis import SyntheticSet

KIND = "export"
ONLY = {"all": "All", "not-rejected": "All but rejected", "accepted": "Accepted"}
BITS = {"8": "8 bit", "16": "16 bit"}
FILES = {
    "png": ("PNG files that say they are synthetic", ", masks beside them"),
    "dicom": ("DICOM files marked as synthetic, of a made-up patient", ", masks as DICOM segmentations"),
    "nifti": ("A NIfTI file that says it is synthetic, with all images as its slices", ", masks as a label volume"),
}
"""What leaves, and how masks do, by the format."""
DIRECT = 200
"""So many PNG images leave at the click, within about a second."""
EFFORT = {"image": 4, "masks": 8}
"""How many PNG images an image or its masks take as long as in DICOM."""
MIB = 2**20


def button(synthetic: SyntheticSet, marks: NDArray[np.str_]) -> None:
    """What leaves and how, behind one button."""
    left = {"all": np.ones(len(marks), bool), "not-rejected": marks != "rejected", "accepted": marks == "accepted"}
    with st.popover("Download", icon=":material/download:"), session.drawn_late():
        only = session.choice("Images", "only", ONLY)
        format = session.choice("Format", "format", {name: kind.title for name, kind in FORMATS.items()})
        deep = FORMATS[format].bits(16, int(synthetic.manifest.summary["channels"])) == 16
        bits = session.choice("Grey levels", "bits", BITS) if deep else "8"
        distances = session.toggle(
            "Measure distances from training images",
            "distances",
            help="For the table, where the Quality page has not done it; up to half a minute for 1,000 images",
        )
        count = int(left[only].sum())
        options = ExportOptions.parse({"only": only, "bits": int(bits), "format": format, "distances": distances})
        if count * _effort(synthetic, format) > DIRECT or (count and distances):
            _by_job(synthetic, options, marks, count)
        else:
            _at_once(synthetic, options, count)
        files, masks = FILES[format]
        st.caption(
            f"{files}{masks if _has_both(synthetic) else ''}; a table with every mark, and a data card: what made the "
            "set, from what, how it scores, its limits. Pixels as they were drawn, whatever the brightness here."
        )


def _effort(synthetic: SyntheticSet, format: str) -> int:
    """How many PNG images one image of the set takes as long as."""
    if format != "dicom":
        return 1
    return EFFORT["image"] + (EFFORT["masks"] if _has_both(synthetic) else 0)


def _has_both(synthetic: SyntheticSet) -> bool:
    """Whether there are masks beside images."""
    return bool(synthetic.structures and synthetic.manifest.summary["channels"])


def _at_once(synthetic: SyntheticSet, options: ExportOptions, count: int) -> None:
    st.download_button(
        f"Download ZIP of {count:,}" if count else "No image has this mark",
        data=lambda: _zipped(synthetic, options),
        file_name=file_name(synthetic.name),
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        disabled=not count,
    )


def _zipped(synthetic: SyntheticSet, options: ExportOptions) -> BinaryIO:
    """The set as an open ZIP file that nobody else can see."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.zip"
        export_zip(synthetic, path, options)
        return open(path, "rb")


def _by_job(synthetic: SyntheticSet, options: ExportOptions, marks: NDArray[np.str_], count: int) -> None:
    """Have the ZIP made, follow that, and hand it over."""
    job = job_of(synthetic, options)
    made = next((one for one in cached.exports() if one.fits(synthetic, options, marks)), None)

    def draw() -> None:
        status = job.status() if job else None
        if job and status and status.state != "done" and worth_showing(status):
            _job_line(job, status)
        if status and status.active:
            return
        if made:
            _ready(made)
        _make_button(synthetic, options, count, again=made is not None)

    live(draw, lambda: working(KIND) & {job.id if job else ""})


def job_of(synthetic: SyntheticSet, options: ExportOptions) -> Job | None:
    """The newest job that exports a set so."""
    wanted = {"set": synthetic.id, "options": options.model_dump(mode="json")}
    return next((job for job in jobs_of(KIND) if wanted.items() <= job.config.items()), None)


def _job_line(job: Job, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status)
        buttons(job, status, "export")
    progress_line(job, status)


def _ready(made: KeptExport) -> None:
    images, size = int(made.manifest.summary["images"]), made.bytes / MIB
    st.download_button(
        f"Download ZIP of {images:,}",
        data=lambda: made.path.open("rb"),
        file_name=made.path.name,
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
    st.caption(f"{size:,.1f} MiB, made {ago(made.manifest.created)}")


def _make_button(synthetic: SyntheticSet, options: ExportOptions, count: int, *, again: bool) -> None:
    words = "Make it again, with scores as they are now" if again else f"Make a ZIP of {count:,}"
    if st.button(words, icon=":material/folder_zip:", type="tertiary" if again else "primary"):
        with plainly():
            submit(KIND, export_config(synthetic, options))
            st.rerun(scope="app")
    if not again:
        st.caption("It is made in the background, and goes on when you close the browser.")
