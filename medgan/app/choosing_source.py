"""The widgets that choose what a model draws from: data set, part, direction or class."""

from collections.abc import Mapping

import streamlit as st

from medgan.app import cached, session
from medgan.app.sources import (
    Source,
    filled_parts,
    fitting_sources,
    given_part,
    translates_both_ways,
    what_is_missing,
)
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies.origins import SourcePart
from medgan.training.run import Run

ALL = "all"
FROM_TRAIN = (
    ":material/info: Good for looking. A set that is to train a classifier or a segmenter must be drawn from the "
    "train part: what was drawn from test images cannot be tested on them."
)


def choose(run: Run) -> Source:
    """Draw the widgets that a run needs, none for one that draws from noise alone."""
    if run.config.model.parts.given == ("labels",):
        with st.columns(2)[0]:
            return Source(label=_choose_class(run))
    if not given_part(run):
        return Source()
    fitting = fitting_or_line(run)
    both_ways = translates_both_ways(run)
    columns = st.columns([3, 2, 2] if both_ways else [3, 2])
    label = ""
    if both_ways:
        with columns[2]:
            label = _choose_direction(run.record.data.classes)
    with columns[0]:
        source = choose_fitting(run, fitting)
    with columns[1]:
        part = choose_part("source_part", source, label, default="train")
    if part != "train" and opened(source) is not None:
        st.caption(FROM_TRAIN)
    return Source(source, part, label)


def fitting_or_line(run: Run) -> dict[str, str]:
    """What a run can draw from; raises BadInput, in one line, where there is nothing."""
    fitting = fitting_sources(run, cached.datasets(), cached.sets())
    if not fitting:
        raise BadInput(what_is_missing(run))
    return fitting


def choose_fitting(run: Run, fitting: Mapping[str, str]) -> str:
    """The data set, or set of masks, to draw from."""
    words = {"masks": "Masks of", "sources": "Source images of"}.get(given_part(run), "Images of")
    chosen = session.select(words, "source", fitting)
    return chosen or next(iter(fitting))


def choose_part(name: str, source: str, label: str = "", *, default: SourcePart) -> SourcePart:
    """A part of a data set that holds something; a synthetic set has no parts, `train` stands for all of it."""
    dataset = opened(source)
    if dataset is None:
        return "train"
    parts = filled_parts(dataset, label)
    ordered: dict[str, str] = {part: parts[part] for part in sorted(parts, key=lambda part: part != default)}
    chosen = session.select("Part", name, ordered)
    return next((part for part in parts if part == chosen), default)


def opened(source: str) -> PreparedDataset | None:
    """The data set of an id; None where it is a synthetic set."""
    return next((dataset for dataset in cached.datasets() if dataset.id == source), None)


def _choose_class(run: Run) -> str:
    classes = {label: label.replace("_", " ") for label in run.record.data.classes}
    chosen = session.select("Class", "drawn_class", {ALL: "All classes in turn", **classes})
    return "" if chosen in {ALL, None} else str(chosen)


def _choose_direction(classes: tuple[str, ...]) -> str:
    """The class to translate from."""
    a, b = (label.replace("_", " ") for label in classes)
    ways = {classes[0]: f"{a} to {b}", classes[1]: f"{b} to {a}"}
    return session.select("Turn", "turned", ways) or classes[0]
