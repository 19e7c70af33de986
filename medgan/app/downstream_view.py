"""The Downstream page: studies side by side, with their verdicts on top, and one of them in detail."""

from collections.abc import Sequence

import streamlit as st

from medgan.app import (
    downstream_cases,
    downstream_charts,
    downstream_form,
    downstream_report,
    downstream_tables,
    session,
)
from medgan.app.downstream_studies import Entry, entries, names_of
from medgan.app.downstream_words import BEST, GLOSSARY, VERDICT_MARKS
from medgan.app.job_view import working
from medgan.app.live import live
from medgan.app.words import plain

VIEWS = {"results": "Results", "new": "New study"}
COLUMN_WIDTH = 380


def show(view: str) -> None:
    """The view that was asked for."""
    if view == "new":
        downstream_form.show()
    else:
        _results()


def _results() -> None:
    found = entries()
    if not found:
        st.info(
            "No study has been carried out yet. A study tells whether synthetic images make a classifier or a "
            "segmenter better.",
            icon=":material/info:",
        )
        if st.button("New study", icon=":material/add:", type="primary"):
            session.turn_to(view="new")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = names_of(found)
        words = {entry.id: plain(f"{names[entry.id]} · {_state(entry)}") for entry in found}
        ids = session.several("Studies", "studies", words, default=[found[0].id])
        st.space("stretch")
        explain_words()
    if not ids:
        st.info("Every study is switched off. Switch one or more on, above.", icon=":material/info:")
        return
    live(lambda: _side_by_side(_chosen(ids)), lambda: _watched(ids), lambda: _stopped(ids))
    chosen = _chosen(ids)
    shown = {entry.id: plain(names[entry.id]) for entry in chosen}
    one = session.choice("In detail", "study", shown) if len(chosen) > 1 else chosen[0].id
    live(lambda: _detail(_chosen([one])), lambda: _watched([one]))
    for entry in _chosen([one]):
        downstream_cases.show(entry)
        downstream_report.show(entry)


def _state(entry: Entry) -> str:
    """How a study stands, in a word."""
    if entry.study and entry.study.finished:
        return "done"
    if entry.job is None:
        return "not finished"
    state = entry.job.status().state
    return {"queued": "waits", "done": "not finished"}.get(state, state)


def _chosen(ids: Sequence[str]) -> list[Entry]:
    """The studies of these ids as they are now."""
    return [entry for entry in entries() if entry.id in ids]


def _watched(ids: Sequence[str]) -> frozenset[str]:
    """Jobs at work on these studies; a change of the set is a study that began or ended."""
    at_work = working()
    mine = [entry for entry in _chosen(ids) if entry.job and entry.job.id in at_work]
    return frozenset(f"{entry.id} {entry.study is not None}" for entry in mine)


def _stopped(ids: Sequence[str]) -> bool:
    """Whether any of these studies stopped and can be resumed."""
    unfinished = [entry for entry in _chosen(ids) if entry.job and not (entry.study and entry.study.finished)]
    return any(entry.job.status().resumable for entry in unfinished if entry.job)


def _side_by_side(chosen: Sequence[Entry]) -> None:
    """Verdicts and table of each study."""
    columns = min(2, len(chosen))
    cells = st.grid(columns, min_column_width=COLUMN_WIDTH, gap="medium")
    for entry in chosen:
        with cells.container(border=columns > 1, height="stretch", gap="small"):
            downstream_tables.show(entry, short=columns > 1)
    marks = ", ".join(VERDICT_MARKS.values())
    st.caption(
        f"Means over seeds, on the same real test images; {BEST} the best arm of a column, which need not be better "
        f"than chance. Against real images alone, as many as the arm has: {marks}, and by how much."
    )


def _detail(chosen: Sequence[Entry]) -> None:
    for entry in chosen:
        downstream_charts.show(entry)
        downstream_charts.show_grid(entry)


def explain_words() -> None:
    """The words of this page, explained on request."""
    with st.popover("What do these words mean?", icon=":material/help:"):
        for word, meaning in GLOSSARY.items():
            st.markdown(f"**{word}:** {meaning}")
