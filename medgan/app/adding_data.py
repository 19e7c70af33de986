"""Adding a data set: name a folder, see what it holds, choose how to prepare it; or have phantoms drawn."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from medgan.app import cached, forms, known_sets, session
from medgan.app.job_view import buttons, jobs_of, progress_line, state_badge, working, worth_showing
from medgan.app.live import live
from medgan.app.words import counted, plain, plainly
from medgan.common.artefact import name_from
from medgan.common.errors import BadInput
from medgan.data.archive import unpack
from medgan.data.config import PrepareConfig
from medgan.data.layout import Layout
from medgan.data.phantom_sets import PhantomConfig
from medgan.data.roots import inside_roots
from medgan.jobs import submit

SOURCES = {
    "folder": "A folder of images",
    "upload": "A ZIP file",
    "known": "A known data set",
    "phantoms": "Phantoms drawn by medgan",
}
WORK = ("prepare", "phantom", "download")
DETECTING = ("layout", "labels_from", "family")
PROBLEMS_SHOWN = 8
UNPACKED = "unpacked upload"


def show() -> None:
    """The ways to come by a data set, and the work on it."""
    st.markdown(
        "medgan resizes the images, sorts them by class, and splits them by patient. Your files stay as they are."
    )
    source = session.choice("Where from", "from", SOURCES)
    with plainly():
        {"folder": _from_folder, "upload": _from_upload, "known": _from_known, "phantoms": _from_phantoms}[source]()
    _work()


def _from_folder() -> None:
    text = st.text_input(
        "Folder on this computer",
        placeholder="/data/chest_xray",
        help="The folder that holds the images: PNG, JPEG, TIFF or DICOM, alone, one folder a class, or beside their "
        "masks; or volumes (DICOM series, NIfTI, NRRD, MetaImage) with or without their labels. "
        "It is only read, never changed.",
    )
    if not text.strip():
        st.caption("Type or paste the path of a folder, then press Enter. Nothing is copied before you have seen it.")
        return
    _prepare(inside_roots(forms.server_path(text)))


def _from_upload() -> None:
    uploaded = st.file_uploader(
        "ZIP file of images",
        type="zip",
        help="Images alone, one folder a class, or beside their masks; or volumes with or without their labels. It is "
        "unpacked into the workspace.",
    )
    if uploaded is None:
        st.caption("Choose a ZIP file on the computer that you sit at. Nothing is prepared before you have seen it.")
        return
    _prepare(_unpacked(uploaded), name=name_from(uploaded.name.removesuffix(".zip")[:60]))


def _from_known() -> None:
    if found := known_sets.choose():
        folder, name = found
        _prepare(folder, name)


def _unpacked(uploaded: UploadedFile) -> Path:
    """The folder of an upload; the file is read once, not at each click on the form below it."""
    file, folder = st.session_state.get(UNPACKED, ("", None))
    if file != uploaded.file_id or not folder.exists():
        with st.spinner("Unpacking …"):
            folder = unpack(uploaded, uploaded.name)
        st.session_state[UNPACKED] = (uploaded.file_id, folder)
    found: Path = folder
    return found


def _prepare(folder: Path, name: str = "") -> None:
    """What a folder holds, how it is to be prepared, and the button that starts it."""
    fields = forms.settings(PrepareConfig, leave_out=("source", "use_published_split"))
    found = st.container()
    values = forms.config_form(fields, first=("name", "size", "fit"), key="prepare")
    layout = None
    with found, plainly():
        layout = _detected(str(folder), values)
        _in_words(layout)
        values["use_published_split"] = known_sets.about(layout)
    if layout and st.button("Prepare these images", type="primary", icon=":material/play_arrow:"):
        _submit("prepare", PrepareConfig, values | {"source": folder, "name": values["name"] or name})


def _detected(folder: str, values: dict[str, Any]) -> Layout:
    return cached.layout(folder, *(values[name] for name in DETECTING))


def _in_words(layout: Layout) -> None:
    """What was found, before anything is prepared."""
    st.success(f"Found {plain(layout.in_words())}.", icon=":material/folder_open:")
    left_out = [problem for problem in layout.problems if problem.left_out]
    if not layout.problems:
        return
    with st.expander(f"{counted(len(layout.problems), 'remark')}, {len(left_out)} of them left out"):
        shown = layout.problems[:PROBLEMS_SHOWN]
        rows = pd.DataFrame({"File": [p.file for p in shown], "Why": [p.reason for p in shown]})
        st.dataframe(rows, hide_index=True, alt="Files with remarks and the reason for each")
        if len(layout.problems) > PROBLEMS_SHOWN:
            st.caption(f"and {len(layout.problems) - PROBLEMS_SHOWN} more")


def _from_phantoms() -> None:
    st.markdown(
        "Phantoms are drawn images with exact ground truth. They show no patient, and let you try everything "
        "without any data of your own."
    )
    with st.form("phantoms", enter_to_submit=False):
        values = forms.config_form(
            forms.settings(PhantomConfig, labels={"family": "What they show"}),
            first=("family", "count", "size", "seed", "name"),
            key="phantom",
        )
        started = st.form_submit_button("Draw phantoms", type="primary", icon=":material/draw:")
    if started:
        _submit("phantom", PhantomConfig, values)


def _submit(kind: str, config: type[PrepareConfig] | type[PhantomConfig], values: dict[str, Any]) -> None:
    try:
        filled = config.parse(values)
    except BadInput as error:
        raise BadInput(forms.in_labels(str(error))) from None
    submit(kind, filled)
    st.rerun()


def _work() -> None:
    """Data sets being made, and how the last one ended."""

    def draw() -> None:
        jobs = sorted((job for kind in WORK for job in jobs_of(kind)), key=lambda job: job.submitted, reverse=True)
        found = [(job, job.status()) for job in jobs]
        active = [pair for pair in found if pair[1].active]
        for job, status in active or [pair for pair in found[:1] if worth_showing(pair[1])]:
            with st.container(border=True, gap="xsmall"):
                with st.container(horizontal=True, vertical_alignment="center"):
                    state_badge(status)
                    st.markdown(f"**{plain(job.title)}**", width="content")
                    st.space("stretch")
                    if status.result and job.kind == "download":
                        _prepare_button(status.result.id)
                    elif status.result:
                        _look_button(status.result.id)
                progress_line(job, status)
                buttons(job, status, "add")

    live(draw, lambda: working(*WORK))


def _look_button(dataset: str) -> None:
    if st.button("Look at it", icon=":material/image_search:", type="primary", key=f"look {dataset}"):
        session.turn_to(view="look", dataset=dataset)


def _prepare_button(name: str) -> None:
    if st.button("Prepare its images", icon=":material/tune:", type="primary", key=f"prepare {name}"):
        session.turn_to(view="add", known=name, **{"from": "known"})
