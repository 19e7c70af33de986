"""Scores of several sets side by side: one table, and a chart a score with what real images score on its axis."""

from collections.abc import Sequence
from itertools import chain

import pandas as pd
import streamlit as st

from medgan.app import charts, session
from medgan.app.choosing_sets import shows_its_lessons
from medgan.app.quality_charts import axis_for, score_chart
from medgan.app.quality_reports import Entry, Point, metrics_of, parts_of, points_of, same_basis
from medgan.app.quality_words import (
    BETTER_SHORT,
    DAMAGED,
    GLOSSARY,
    about_damaged,
    alternative,
    cautions,
    figure,
    reading,
    real_counts,
    with_interval,
)
from medgan.app.words import counted, plain
from medgan.metrics import METRICS
from medgan.studies.likeness import likeness

LIKENESS = {
    "none": (st.error, ":material/block:"),
    "few": (st.warning, ":material/warning:"),
    "narrow": (st.warning, ":material/warning:"),
}
"""How loudly a set's likeness to real images is said."""
PART_WORDS = {"images": "Images", "masks": "Masks", "combined": "Images with masks"}
COLUMNS, COLUMN_WIDTH = 2, 380


def show(entries: Sequence[Entry], space: str) -> None:
    """Everything about the scores of the sets that are switched on and were scored."""
    parts = parts_of(entries)
    part = parts[0]
    if len(parts) > 1:
        part = session.choice("What is scored", "scored", {part: PART_WORDS[part] for part in parts})
    scores = {metric: points_of(entries, part, metric) for metric in metrics_of(entries, part)}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Side by side", anchor=False, width="content")
        st.space("stretch")
        explain_words()
    names = ", ".join(entry.name for entry in entries)
    _say_likeness(entries, part)
    st.table(table(scores, space), hide_index=True, border="horizontal", alt=f"Scores of {names} and of real images")
    if any(point.of in DAMAGED for points in scores.values() for point in points):
        st.caption(f":material/warning: {about_damaged(space)}")
    _compared(entries, scores)
    st.header("Score by score", anchor=False)
    cells = st.grid(COLUMNS, min_column_width=COLUMN_WIDTH, gap="medium")
    for metric, points in scores.items():
        with cells.container(border=True, height="stretch", gap="xsmall"):
            _score(metric, points, space)


def _say_likeness(entries: Sequence[Entry], part: str) -> None:
    """Above all figures, which sets look nothing like real images."""
    for entry in entries:
        if not shows_its_lessons(entry.synthetic, entry.report.config.against):
            continue  # it was never to look like these; the warning above says so
        if found := likeness(entry.report.scores, part):
            say, icon = LIKENESS[found.grade]
            say(f"**{plain(entry.name)}**: {plain(found.words)}", icon=icon)


def explain_words() -> None:
    """The words of this page, explained on request."""
    with st.popover("What do these words mean?", icon=":material/help:"):
        for word, meaning in GLOSSARY.items():
            st.markdown(f"**{word}:** {meaning}")


def _compared(entries: Sequence[Entry], scores: dict[str, list[Point]]) -> None:
    """How many images of what were compared, and how they were made alike."""
    lines = [
        f"**{plain(entry.name)}**: {counted(entry.summary['synthetic'], 'synthetic image')} against "
        f"{entry.summary['real']:,} real training images of {plain(entry.summary['dataset'])} ({entry.basis_words}); "
        f"feature space {plain(entry.summary['space_title'])}"
        for entry in entries
    ]
    resized = "Both sides are resized to the size named; grey images are shown to networks as three equal channels."
    st.caption("  \n".join([*lines, plain(real_counts([*chain(*scores.values())])), resized]))
    if not same_basis(entries):
        st.caption(
            ":material/warning: These sets are held against different real images: compare each with the real "
            "images of its own class and size, not with the other sets."
        )


def table(scores: dict[str, list[Point]], space: str) -> pd.DataFrame:
    """One row a score, one column a set and a kind of real images; Markdown, so that names show as they are."""
    several = len({point.basis for points in scores.values() for point in points}) > 1
    rows = []
    for metric, points in scores.items():
        title = METRICS[metric].called(metric, space)
        row = {"Score": f"**{plain(title)}**", "Better": BETTER_SHORT[METRICS[metric].direction]}
        for point in points:
            column = f"{point.name}, {point.basis}" if several and not point.own else point.name
            row[plain(column)] = with_interval(point) if point.own else figure(point.value)
        rows.append(row)
    return pd.DataFrame(rows).fillna("·")


def _score(metric: str, points: Sequence[Point], space: str) -> None:
    """One score: what it says, its chart, the line that reads it, what to be careful about."""
    title = METRICS[metric].called(metric, space)
    st.subheader(title, anchor=False)
    st.markdown(METRICS[metric].explained)
    if any(point.value is not None for point in points):
        line = reading(metric, points, squeezed=axis_for(metric, points).unit is not None)
        charts.draw(score_chart(metric, points), alternative(title, points), line, key=f"score {metric}")
    for text in cautions(points):
        st.caption(f":material/warning: {plain(text)}")
