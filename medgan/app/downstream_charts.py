"""The charts of a study, each with its text alternative and the line on how to read it."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from medgan.app import charts
from medgan.app.downstream_studies import Entry, means_of, rows_stamp
from medgan.app.downstream_words import READINGS, SCORES, chart_alternative
from medgan.app.looks import stamp
from medgan.app.words import plain
from medgan.studies.study import VERDICTS, Study
from medgan.studies.study_charts import arm_chart, confusion_figures, dose_chart, roc_chart

Draw = Callable[[Study], go.Figure | None]
CHARTS: dict[str, tuple[str, str, Draw, str]] = {
    "arm": ("Arms side by side", "Dot chart", arm_chart, ""),
    "dose": ("How much the dose matters", "Dose-response curve", dose_chart, ""),
    "roc": ("ROC curves", "ROC curves", roc_chart, "auroc"),
    "confusion": ("Confusion matrices", "Confusion matrices", confusion_figures, "accuracy"),
}
"""Title, what it is, what draws it, the score that stands for it in words (where empty, the one of the verdicts)."""


def show(entry: Entry) -> None:
    """Every chart that the study has something for."""
    study = entry.study
    if study is None or entry.rows.empty:
        st.caption("Charts appear once the first arm is tested.")
        return
    changed = rows_stamp(study) + stamp(study.folder / VERDICTS)
    drawn = {kind: figure for kind in CHARTS if (figure := _figure(kind, str(study.folder), changed, study))}
    columns = 2 if len(drawn) > 1 else 1
    cells = st.grid(columns, min_column_width=420, gap="medium")
    for kind, figure in drawn.items():
        title, what, _, score = CHARTS[kind]
        name = score or next(iter(SCORES[entry.config.task]))
        alternative = chart_alternative(what, entry, means_of(entry, name), SCORES[entry.config.task][name])
        with cells.container(border=True, height="stretch", gap="xsmall"):
            st.subheader(title, anchor=False)
            charts.draw(figure, alternative, READINGS[kind], key=f"{kind} {entry.id}")


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(kind: str, folder: str, changed: int, _study: Study) -> go.Figure | None:
    return CHARTS[kind][2](_study)


def show_grid(entry: Entry) -> None:
    """The settings that were tried on validation images; draws nothing where none were."""
    if entry.study is None or (grid := entry.study.grid()).empty:
        return
    with st.expander("Settings that were tried on validation images first", icon=":material/grid_on:"):
        shown = grid.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
        shown.columns = [plain(str(name).replace("_", " ").capitalize()) for name in shown.columns]
        st.table(shown, hide_index=True, border="horizontal", alt=f"Grid of settings of study {entry.name}")
