"""The list of jobs: filtered, in pages, live while something runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from medgan.app import cached, session
from medgan.app.job_view import (
    buttons,
    forget_button,
    in_order,
    progress_line,
    resting,
    state_badge,
    when,
    working,
)
from medgan.app.live import live
from medgan.app.words import NOTHING, plain
from medgan.jobs import Job, Status

A_PAGE = 10
LOG_LINES = 60
FILTERS = {"all": "All", "active": "Running and waiting", "done": "Done", "stopped": "Failed or stopped"}


@dataclass(frozen=True)
class ResultPage:
    """The view of what a kind of job made, and its address."""

    page: str
    words: str
    query: Callable[[str, Mapping[str, Any]], dict[str, str]]
    """Address parameters, from the result's id and the job's config; none where no page shows the result."""


def _look(name: str, view: str) -> Callable[[str, Mapping[str, Any]], dict[str, str]]:
    return lambda id, _: {"view": view, name: id}


def _scores(_: str, config: Mapping[str, Any]) -> dict[str, str]:
    if config["set"] not in {found.id for found in cached.sets()}:
        return {}  # a data set that was scored as if it were synthetic: the page shows sets alone
    return {"view": "scores", "sets": config["set"], "dataset": config["against"], "space": config["space"]}


def _exported(_: str, config: Mapping[str, Any]) -> dict[str, str]:
    options = config["options"]
    shown = {"only": options["only"], "bits": options["bits"], "distances": options["distances"]}
    return {"view": "saved", "set": config["set"], **{name: str(value) for name, value in shown.items()}}


RESULT_PAGES = {
    "prepare": ResultPage("pages/data.py", "Look at the data set", _look("dataset", "look")),
    "phantom": ResultPage("pages/data.py", "Look at the data set", _look("dataset", "look")),
    "download": ResultPage(
        "pages/data.py", "Prepare its images", lambda id, _: {"view": "add", "from": "known", "known": id}
    ),
    "train": ResultPage("pages/train.py", "See the run", _look("trained", "watch")),
    "generate": ResultPage("pages/generate.py", "See the images", _look("set", "saved")),
    "evaluate": ResultPage("pages/quality.py", "See the scores", _scores),
    "demo": ResultPage("pages/downstream.py", "See the verdict", _look("studies", "results")),
    "study": ResultPage("pages/downstream.py", "See the study", _look("studies", "results")),
    "export": ResultPage("pages/generate.py", "To the set, and its download", _exported),
}


def show() -> None:
    """All jobs: those that work, those that wait, and the others by when they last changed."""
    found = in_order()
    if not found:
        st.info("Nothing has run yet. Adding images, training and saving sets appear here.", icon=":material/info:")
        return
    counts = {name: sum(_fits(status, name) for _, status in found) for name in FILTERS}
    wanted = session.tabs("Show", "show", {name: f"{words} ({counts[name]})" for name, words in FILTERS.items()})
    live(lambda: _list(wanted), working, resting)


def _fits(status: Status, wanted: str) -> bool:
    kinds = {"active": status.active, "done": status.state == "done"}
    return wanted == "all" or kinds.get(wanted, not status.active and status.state != "done")


def _list(wanted: str) -> None:
    chosen = [(job, status) for job, status in in_order() if _fits(status, wanted)]
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
    found = RESULT_PAGES[job.kind]
    id = status.result.id if status.result else job.config.get("run") if job.kind == "train" else None
    query = found.query(str(id), job.config) if id else {}
    if query:
        st.page_link(found.page, label=found.words, query_params=query, icon=":material/arrow_forward:")
