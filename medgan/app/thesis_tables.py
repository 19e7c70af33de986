"""Published tables with our figures beside them: which were measured here, and what differs."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from medgan.app import looks
from medgan.app.quality_words import figure
from medgan.app.words import NOTHING, plain
from medgan.common.artefact import MANIFEST
from medgan.common.home import quality_folder, studies_folder, thesis_folder
from medgan.studies.beside import Beside, beside, differences, latest
from medgan.studies.published import PublishedTable, published
from medgan.studies.study import Study
from medgan.studies.thesis import NO_EXPERIMENT, THESIS, Experiment

NOT_HERE = "Not measured here yet."


@dataclass(frozen=True)
class Compared:
    """A published table beside what was made here."""

    rows: tuple[Beside, ...]
    differs: tuple[str, ...]
    """In words, what differs for all rows; empty where nothing was made here."""
    study: str
    """Id of the study whose figures these are; empty where there is none."""
    measured: bool


def compared(chosen: Experiment) -> Compared:
    """The newest that was made here for an experiment; read anew when any study or report changes."""
    changed = looks.stamps(studies_folder(), MANIFEST) + looks.stamps_of_files(thesis_folder(), ".json")
    return _compared(chosen.name, changed + looks.stamps(quality_folder(), MANIFEST))


@st.cache_resource(max_entries=2 * len(THESIS), show_spinner=False)
def _compared(name: str, found: looks.Stamps) -> Compared:
    chosen = THESIS[name]
    made = latest(chosen)
    told = () if made is None else tuple(differences(chosen, made))
    study = made.id if isinstance(made, Study) else ""
    return Compared(tuple(beside(chosen, made)), told, study, made is not None)


def show(chosen: Experiment) -> None:
    """A table of an experiment, and below it what differs and where our figures come from."""
    found = compared(chosen)
    st.table(table(found.rows), hide_index=True, border="horizontal", alt=_alternative(chosen))
    _note(published(chosen.table))
    if not found.measured:
        st.caption(f":material/info: {NOT_HERE}")
        return
    about = dict.fromkeys(f"{row.row}: {row.differs}" for row in found.rows if row.differs)
    with st.expander("What differs from the published experiment", icon=":material/difference:"):
        st.markdown("\n".join(f"- {plain(words)}" for words in [*found.differs, *about]))
    if found.study:
        query = {"view": "results", "studies": found.study}
        st.page_link("pages/downstream.py", label="See the study", icon=":material/balance:", query_params=query)


def show_bare(number: str) -> None:
    """A table that has no experiment behind it, as it was published."""
    known = published(number)
    rows = [["" if value is None else plain(str(value)) for value in row] for row in known.rows]
    heads = [name.replace("_", " ").capitalize() for name in known.columns]
    st.table(pd.DataFrame(rows, columns=heads), hide_index=True, border="horizontal", alt=f"Published table {number}")
    _note(known)
    st.caption(f":material/info: {plain(NO_EXPERIMENT[number]).capitalize()}.")


def _note(known: PublishedTable) -> None:
    if known.note:
        st.caption(f"The source adds: {plain(known.note)}.")


def table(rows: Sequence[Beside]) -> pd.DataFrame:
    """One row a published row; of each score the published figure and ours. What is empty there is empty here."""
    by_row: dict[str, dict[str, str]] = {}
    for row in rows:
        cells = by_row.setdefault(row.row, {"": f"**{plain(row.row)}**"})
        title = f"{row.score[:1].upper()}{row.score[1:]}"
        cells[f"{title}, published"] = "" if row.published is None else f"{row.published:g}"
        cells[f"{title}, ours"] = ours(row)
    return pd.DataFrame(by_row.values())


def ours(row: Beside) -> str:
    """`0.742 (0.69 to 0.79)`, with the score's name where it is another one; a dot where it was not measured."""
    if row.ours is None:
        return NOTHING
    words = figure(row.ours.value)
    if row.ours.low is not None and row.ours.high is not None:
        words += f" ({figure(row.ours.low)} to {figure(row.ours.high)})"
    return words if row.our_score == row.score else f"{words}, {plain(row.our_score)}"


def _alternative(chosen: Experiment) -> str:
    return f"Table {chosen.table}: {chosen.title}, published figures and ours"
