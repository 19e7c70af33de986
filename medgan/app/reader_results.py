"""What a reader study found: in a sentence, a chart, tables, and the images that deceived most readers."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from medgan.app import charts, gallery, looks, session
from medgan.app.reader_chart import share_chart
from medgan.app.reader_words import (
    agreement_words,
    alternative,
    group_name,
    image_words,
    interval,
    percent,
    reading,
    sentence,
    told_from_guessing,
)
from medgan.app.words import NOTHING, counted, plain
from medgan.common.pictures import encode_png
from medgan.studies.agreement import in_words
from medgan.studies.reader import ReaderSession
from medgan.studies.reader_scores import Group, ReaderScore, ReaderScores
from medgan.studies.reading import ANSWERS, answers_table

A_PAGE, CELL = 12, 176


def show(study: ReaderSession, reader: str = "") -> None:
    """All results of a session; `reader` is who looks, where it is a reader."""
    scores, readers, groups = _figures(study)
    st.header(f"Results of {plain(study.name)}", anchor=False)
    _own_line(readers, reader)
    if not readers:
        st.info("Nobody has answered yet.", icon=":material/info:")
        return
    if groups:
        everyone = next(group for group in groups if group.kind == "all")
        st.markdown(f"**{sentence(everyone, len(scores.finished), scores.p_value())}**")
    else:
        st.info("No reader has judged all images yet; figures of all readers appear then.", icon=":material/info:")
    drawn = [one for one in readers if one.finished] or readers
    charts.draw(
        share_chart(study, drawn, groups),
        alternative(study, drawn, groups),
        reading(len(scores.finished)),
        key=f"shares {study.id}",
    )
    _readers(readers)
    if groups:
        _groups(study, groups)
        _agreement(scores)
    for note in study.notes:
        st.caption(f":material/warning: {plain(note)}")
    _download(study)
    if groups:
        _mistaken(study, scores)


def show_own(study: ReaderSession, reader: str) -> None:
    """A reader's own figure in one line; nothing of what an image is, nor of other readers."""
    _, readers, _ = _figures(study)
    _own_line(readers, reader)


def _own_line(readers: Sequence[ReaderScore], reader: str) -> None:
    own = next((one for one in readers if one.reader == reader), None)
    if own:
        st.markdown(f"**You** were right about {_counts(own)} of the images. {told_from_guessing(own.p_value)}")


def _figures(study: ReaderSession) -> tuple[ReaderScores, list[ReaderScore], list[Group]]:
    return _counted(str(study.folder), looks.stamps_of_files(study.folder / ANSWERS, ".jsonl"), study)


@st.cache_resource(max_entries=8, show_spinner="Counting …")
def _counted(
    folder: str, found: looks.Stamps, _study: ReaderSession
) -> tuple[ReaderScores, list[ReaderScore], list[Group]]:
    """The figures, counted anew when anybody answers."""
    scores = ReaderScores.of(_study)
    return scores, scores.readers(), scores.groups()


def _counts(one: ReaderScore) -> str:
    return f"{round(one.right.value * one.answered):,} of {one.answered:,} ({percent(one.right.value)})"


def _readers(readers: list[ReaderScore]) -> None:
    rows = [
        {
            "Reader": f"**{plain(one.reader)}**" + ("" if one.finished else " (not finished)"),
            "Right": f"**{_counts(one)}**",
            "95 % interval": interval(one.right, percent),
            "AUROC (95 %)": NOTHING if one.auroc is None else interval(one.auroc, "{:.2f}".format, with_value=True),
            "Against guessing": f"p {_p(one.p_value)}",
            "Called synthetic": percent(one.called_synthetic),
            "Median time": f"{one.median_seconds:.1f} s",
        }
        for one in readers
    ]
    st.subheader("Each reader", anchor=False)
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt="Figures of each reader")
    st.caption(
        "AUROC weighs answers by how sure the reader was: how often a synthetic image looked more synthetic to the "
        "reader than a real one; 0.5 is guessing, 1 is never mistaken."
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _groups(study: ReaderSession, groups: list[Group]) -> None:
    rows = [
        {
            "Images": f"**{plain(group_name(study, group))}**",
            "Number": f"{group.images:,}",
            "Called what they are (95 %)": interval(group.right, percent, with_value=True),
            "AUROC (95 %)": NOTHING if group.auroc is None else interval(group.auroc, "{:.2f}".format, with_value=True),
        }
        for group in groups
    ]
    st.subheader("By model and class", anchor=False)
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt="Figures by model and class")


def _agreement(scores: ReaderScores) -> None:
    found = scores.agreement()
    if found is None:
        return
    st.subheader("Do the readers agree?", anchor=False)
    st.markdown(agreement_words(found, len(scores.finished)))
    pairs = scores.pairs()
    if len(pairs) > 1:
        rows = [
            {
                "Readers": plain(f"{a} and {b}"),
                "Cohen’s kappa (95 %)": interval(value, "{:.2f}".format, with_value=True),
                "": "" if value.value != value.value else in_words(value.value),
            }
            for (a, b), value in pairs.items()
        ]
        with st.expander("Each two readers"):
            st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt="Cohen’s kappa of each two readers")


def _download(study: ReaderSession) -> None:
    st.download_button(
        "Every answer (CSV)",
        data=lambda: answers_table(study).to_csv(index=False),
        file_name=f"{study.name}.csv",
        mime="text/csv",
        icon=":material/table_view:",
        on_click="ignore",
    )


def _mistaken(study: ReaderSession, scores: ReaderScores) -> None:
    table = scores.mistaken().query("wrong > 0")
    st.subheader("Images that deceived most readers", anchor=False)
    if table.empty:
        st.caption("No image deceived anybody.")
        return
    first = session.page_number("mistaken", -(-len(table) // A_PAGE)) * A_PAGE
    rows: list[dict[str, Any]] = table.iloc[first : first + A_PAGE].to_dict("records")  # type: ignore[assignment]
    words = [image_words(row, len(scores.finished)) for row in rows]
    images = [gallery.enlarged(study.images[row["image"]], CELL) for row in rows]
    gallery.show(
        [gallery.Picture(encode_png(image), plain(said), said) for image, said in zip(images, words, strict=True)], CELL
    )
    st.caption(f"{counted(len(table), 'image')} of {len(study):,} deceived one reader or more.")
