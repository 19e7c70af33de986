"""Models that turn images of one class into another: which there are, and what is to be turned how."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app import cards, choosing_source, session
from medgan.app.first_model import Needed
from medgan.app.sources import Source, translates_both_ways
from medgan.training.run import Run

NEEDED = Needed(
    gan="cyclegan",
    purpose="Here a model turns an X-ray of one class into the other, normal into abnormal, say, and back again, and "
    "you see what it changes. For that it must have learned from images of two classes; they need not be pairs.",
    once_saved="it can be looked at",
    data="a data set with two classes. Add a folder with one subfolder a class, or have phantoms drawn.",
    link="Add images of two classes",
    fits=lambda dataset: len(dataset.classes) > 1,
)


@dataclass(frozen=True)
class Turn:
    """A model, which way it turns, and what it turns."""

    run: Run
    source: Source
    """Data set, part, and the class to turn from."""

    @property
    def ends(self) -> tuple[str, str]:
        """The class to turn from and the class to turn into, by their names in the data."""
        a, b = self.run.record.data.classes
        return (a, b) if self.source.label == a else (b, a)

    @property
    def words(self) -> tuple[str, str]:
        """The same in words."""
        first, second = (label.replace("_", " ") for label in self.ends)
        return first, second

    @property
    def domains(self) -> tuple[str, str]:
        """The same by the names that the networks' batches have for them."""
        a, b = self.run.config.model.parts.given
        return (a, b) if self.source.label == self.run.record.data.classes[0] else (b, a)


def turners(runs: Sequence[Run]) -> list[Run]:
    """Runs that turn either of two classes into the other."""
    return [run for run in runs if translates_both_ways(run)]


def choose(able: Sequence[Run]) -> Turn:
    """The widgets that choose model, direction, data set and part; raises BadInput where nothing fits the model."""
    model, way = st.columns([5, 3])
    with model:
        chosen = session.select("Model", "run", cards.run_choices(able))
    run = cards.open_run(chosen or able[0].id)
    with way:
        label = _direction(run.record.data.classes)
    data, part_place = st.columns([5, 3])
    with data:
        id = choosing_source.choose_fitting(run, choosing_source.fitting_or_line(run))
    with part_place:
        part = choosing_source.choose_part("turned_part", id, label, default="test")
    return Turn(run, Source(id, part, label))


def _direction(classes: tuple[str, ...]) -> str:
    """The class to turn from."""
    a, b = (label.replace("_", " ") for label in classes)
    return session.select("Turn", "turned", {classes[0]: f"{a} to {b}", classes[1]: f"{b} to {a}"}) or classes[0]
