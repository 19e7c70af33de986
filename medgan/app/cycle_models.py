"""Models that turn images of one class into another: which there are, and what is to be turned how."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app import cards, choosing_source, session
from medgan.app.sources import Source, translates_both_ways
from medgan.app.words import plain
from medgan.data.dataset import PreparedDataset
from medgan.training.run import Run

QUICK = {"view": "new", "gan": "cyclegan", "preset": "quick"}


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


def nothing_yet(found: Sequence[Run], datasets: Sequence[PreparedDataset]) -> None:
    """What to do where no model can turn images."""
    if found:
        run = found[0]
        st.info(f"The model {plain(run.name)} has nothing saved yet; it can be looked at after its first save.")
        st.page_link(
            "pages/train.py",
            label="Watch it learn",
            icon=":material/monitoring:",
            query_params={"view": "watch", "trained": run.id},
        )
        return
    st.markdown(
        "Here a model turns an X-ray of one class into the other, normal into abnormal, say, and back again, and you "
        "see what it changes. For that it must have learned from images of two classes; they need not be pairs."
    )
    classed = next((dataset for dataset in datasets if len(dataset.classes) > 1), None)
    if classed is None:
        st.info("First: a data set with two classes. Add a folder with one subfolder a class, or have phantoms drawn.")
        st.page_link(
            "pages/data.py",
            label="Add images of two classes",
            icon=":material/folder_open:",
            query_params={"view": "add"},
        )
        return
    st.info(
        f"No model has learned this yet. Train CycleGAN on {plain(classed.name)}: the quick preset takes minutes.",
        icon=":material/info:",
    )
    st.page_link(
        "pages/train.py",
        label="Train CycleGAN",
        icon=":material/model_training:",
        query_params=QUICK | {"dataset": classed.id},
    )
