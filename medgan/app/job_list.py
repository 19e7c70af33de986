"""The list of jobs: filtered, in pages, live while something runs."""

import streamlit as st

from medgan.app import session
from medgan.app.job_view import buttons, forget_button, progress_line, state_badge, when, working
from medgan.app.live import live
from medgan.app.words import NOTHING, plain
from medgan.jobs import Job, Status, list_jobs

A_PAGE = 10
LOG_LINES = 60
FILTERS = {"all": "All", "active": "Running and waiting", "done": "Done", "stopped": "Failed or stopped"}
RESULT_PAGES = {
    "prepare": ("pages/data.py", "dataset", "look", "Look at the data set"),
    "phantom": ("pages/data.py", "dataset", "look", "Look at the data set"),
    "train": ("pages/train.py", "trained", "watch", "See the run"),
    "generate": ("pages/generate.py", "set", "saved", "See the images"),
    "demo": ("pages/downstream.py", "studies", "results", "See the verdict"),
    "study": ("pages/downstream.py", "studies", "results", "See the study"),
}


def show() -> None:
    """All jobs, newest first."""
    found = [(job, job.status()) for job in list_jobs()]
    if not found:
        st.info("Nothing has run yet. Adding images, training and saving sets appear here.", icon=":material/info:")
        return
    counts = {name: sum(_fits(status, name) for _, status in found) for name in FILTERS}
    wanted = session.tabs("Show", "show", {name: f"{words} ({counts[name]})" for name, words in FILTERS.items()})
    live(lambda: _list(wanted), working)


def _fits(status: Status, wanted: str) -> bool:
    kinds = {"active": status.active, "done": status.state == "done"}
    return wanted == "all" or kinds.get(wanted, not status.active and status.state != "done")


def _list(wanted: str) -> None:
    found = [(job, job.status()) for job in list_jobs()]
    chosen = [(job, status) for job, status in found if _fits(status, wanted)]
    if not chosen:
        st.caption("None at present.")
    first = session.page_number("page", -(-len(chosen) // A_PAGE)) * A_PAGE
    for job, status in chosen[first : first + A_PAGE]:
        _card(job, status)


def _card(job: Job, status: Status) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(status)
            st.markdown(f"**{plain(job.title)}**", width="content")
            st.caption(when(job, status), width="content")
        progress_line(job, status)
        with st.container(horizontal=True, vertical_alignment="center"):
            _result_link(job, status)
            buttons(job, status, "list")
            st.space("stretch")
            forget_button(job, status, "list")
            with st.popover("Log", type="tertiary", icon=":material/article:"):
                st.code(job.log_tail(LOG_LINES) or NOTHING, language=None, wrap_lines=True)


def _result_link(job: Job, status: Status) -> None:
    if job.kind not in RESULT_PAGES:
        return
    page, name, view, words = RESULT_PAGES[job.kind]
    id = status.result.id if status.result else job.config.get("run") if job.kind == "train" else None
    if id:
        st.page_link(page, label=words, query_params={"view": view, name: str(id)}, icon=":material/arrow_forward:")
