"""Cards of data sets, runs, sets and studies: a thumbnail, a name, the few facts that matter, a link."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import streamlit as st

from medgan.app import cached, gallery, looks
from medgan.app.downstream_studies import Entry, entries
from medgan.app.sources import given_part, translates_both_ways
from medgan.app.study_thumbnail import thumbnail
from medgan.app.words import ago, counted, listed, plain, plainly
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.studies.origins import label_of
from medgan.studies.reader import ReaderSession, list_sessions
from medgan.studies.reading import ANSWERS, readings_of
from medgan.studies.study import Study
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

ItemT = TypeVar("ItemT")

THUMBNAILS, THUMBNAIL_SIDE = 2, 160
SHOWN = 4
CARD_WIDTH = 180
"""Least width of a card, in screen pixels."""
FIRST_LOOK_SEED = 3


def first_look() -> None:
    """A row of images drawn now: by generators that came with the program, else by one's own that learned longest."""
    runs = [run for run in cached.runs() if run.can_sample and not given_part(run)]
    chosen = [run for run in runs if run.shipped][:3] or sorted(runs, key=lambda run: -cached.step(run))[:1]
    if not chosen:
        return
    each = 4 if len(chosen) > 1 else 8
    with st.spinner("Drawing images …"):
        drawn = [(run, cached.draw(run, each, FIRST_LOOK_SEED).pictures) for run in chosen]
    cells = st.grid(len(drawn), min_column_width=CARD_WIDTH)
    for run, images in drawn:
        with cells.container(gap="xsmall"):
            alternative = f"{counted(each, 'synthetic image')}: {what_it_draws(run)}"
            gallery.sheet(images, alternative, columns=2 if len(drawn) > 1 else each, side=192)
            st.caption(f"**Synthetic**, drawn just now · {plain(what_it_draws(run))}")


def what_it_draws(run: Run) -> str:
    """What a run's images show, in words."""
    name = dataset_name(run).replace("_", " ").replace("-", " ")
    both = classes_turned(run)
    if both:
        return f"{name}, {both[0]} to {both[1]} and back"
    label = label_of(run).replace("_", " ")
    drawn = run.config.model.parts.drawn
    kind = "masks of " if drawn == ("masks",) else ""
    return f"{kind}{name}{', ' + label if label else ''}{' with masks' if len(drawn) > 1 else ''}"


def classes_turned(run: Run) -> tuple[str, ...]:
    """The two classes that a run turns into each other, in words; nothing where it turns none."""
    return tuple(label.replace("_", " ") for label in run.record.data.classes) if translates_both_ways(run) else ()


def dataset_name(run: Run) -> str:
    """The name of the data set that a run learned from, also where the data set itself is gone."""
    known = (found.name for found in cached.datasets() if found.id == run.record.dataset_id)
    return next(known, re.sub(r"-[0-9a-f]{8}$", "", run.config.dataset))


def workspace() -> None:
    """What is here: data sets, runs, sets, studies of both kinds; an empty kind says nothing, the next steps do."""
    own = [run for run in cached.runs() if not run.shipped]
    _row("Data sets", cached.datasets(), dataset_card)
    _row("Training runs", own, run_card)
    _row("Synthetic sets", cached.sets(), set_card)
    _row("Studies", [entry for entry in entries() if entry.study], study_card)
    _row("Reader studies", list_sessions(), reader_card)


def _row(title: str, found: Sequence[ItemT], card: Callable[[ItemT], None]) -> None:
    if not found:
        return
    st.header(f"{title} ({len(found)})", anchor=False)
    cells = st.grid(SHOWN, min_column_width=CARD_WIDTH)
    for item in found[:SHOWN]:
        with cells.container(border=True, height="stretch", gap="xsmall"), plainly():
            card(item)


def dataset_card(dataset: PreparedDataset) -> None:
    """A data set: images, how many of which classes."""
    png = _dataset_thumbnail(str(dataset.folder), looks.stamp(dataset.folder / MANIFEST), dataset)
    gallery.show_sheet(png, f"Images of the data set {dataset.name}")
    st.page_link(
        "pages/data.py", label=f"**{plain(dataset.name)}**", query_params={"view": "look", "dataset": dataset.id}
    )
    facts = [counted(len(dataset), "image"), f"{dataset.size} pixels"]
    kinds = listed([name.replace("_", " ") for name in dataset.classes])
    structures = [name for name in dataset.structures if name != "mask"]
    masks = f"masks of {listed(structures)}" if structures else "with masks" if dataset.structures else ""
    st.caption("  \n".join(plain(line) for line in (" · ".join(facts), kinds, masks) if line))


def run_card(run: Run) -> None:
    """A run: its newest sample grid's corner, GAN, data, how far it is."""
    grids = run.sample_grids()
    if grids:
        images = cached.first_of_grid(grids[-1][1], run.config.model.size, 1, 2 * THUMBNAILS)
        in_pairs = given_part(run) and len(images) > 1  # left of each stands what it was drawn from
        drawn = images[1::2] if in_pairs else images[:THUMBNAILS]
        gallery.sheet(drawn, f"Newest synthetic images of the run {run.name}", columns=THUMBNAILS)
    st.page_link("pages/train.py", label=f"**{plain(run.name)}**", query_params={"view": "watch", "trained": run.id})
    st.caption(plain(f"{'Synthetic · ' if grids else ''}{run_facts(run)}"))


def run_facts(run: Run) -> str:
    """GAN, image size, step and class of a run in one line."""
    step = cached.step(run)
    finished = f"finished, {counted(step, 'step')}" if step else "finished"  # nobody counted those of an imported one
    done = finished if run.finished else f"step {step:,} of {run.steps:,}"
    return f"{GANS[run.config.gan].title} · {run.config.model.size} pixels · {done} · {what_it_draws(run)}"


def set_card(synthetic: SyntheticSet) -> None:
    """A synthetic set: images, count, seed, age."""
    png = _set_thumbnail(str(synthetic.folder), looks.stamp(synthetic.folder / MANIFEST), synthetic)
    gallery.show_sheet(png, f"Synthetic images of the set {synthetic.name}")
    st.page_link(
        "pages/generate.py", label=f"**{plain(synthetic.name)}**", query_params={"view": "saved", "set": synthetic.id}
    )
    summary = synthetic.manifest.summary
    st.caption(
        plain(f"Synthetic · {counted(int(summary['count']), 'image')} · seed {summary['seed']}")
        + f"  \n{ago(synthetic.manifest.created)}"
    )


def study_card(entry: Entry) -> None:
    """A study: its arms beside real images alone, its verdict in a line, what it is about, how far it is."""
    study = entry.study
    assert study is not None
    if study.finished:
        png, told_by_it = _study_thumbnail(str(study.folder), looks.stamp(study.folder / MANIFEST), study)
        gallery.show_sheet(png, told_by_it)
    query = {"view": "results", "studies": entry.id}
    st.page_link("pages/downstream.py", label=f"**{plain(entry.name)}**", query_params=query)
    facts = f"{entry.config.task.capitalize()} on {entry.dataset_name} · {counted(entry.config.seeds, 'seed')}"
    if study.manifest is None:
        st.markdown("Not finished")
        st.caption(plain(facts))
        return
    summary = study.manifest.summary
    arms = len(summary["arms"]) - 1
    words = {"helps": "help", "hurts": "hurt"}
    told = [f"**{summary[label]} of {arms} arms {verb}**" for label, verb in words.items() if summary[label]]
    st.markdown(listed(told) if told else "It **cannot be told** whether anything helps")
    st.caption(f"{plain(facts)}  \n{ago(study.manifest.created)}")


def reader_card(study: ReaderSession) -> None:
    """A reader study's session: images, how many readers are done; no image, since it is blinded."""
    st.page_link(
        "pages/reader_study.py",
        label=f"**{plain(study.name)}**",
        query_params={"view": "sessions", "session": study.id},
    )
    begun, done = _readers(str(study.folder), looks.stamps_of_files(study.folder / ANSWERS, ".jsonl"), study)
    told = f"{done} of {counted(begun, 'reader')} {'has' if done == 1 else 'have'} finished"
    st.markdown(told if begun else "Nobody has begun")
    st.caption(f"{counted(len(study), 'image')}  \n{ago(study.manifest.created)}")


@st.cache_data(max_entries=16, show_spinner=False)
def _readers(folder: str, found: looks.Stamps, _study: ReaderSession) -> tuple[int, int]:
    """How many readers have begun, and how many of them have judged every image."""
    readings = readings_of(_study)
    return len(readings), sum(reading.finished for reading in readings)


@st.cache_data(max_entries=64, show_spinner=False)
def _dataset_thumbnail(folder: str, changed: int, _dataset: PreparedDataset) -> bytes:
    chosen = np.linspace(0, len(_dataset) - 1, min(THUMBNAILS, len(_dataset))).astype(int)
    return gallery.sheet_png(_dataset.images[chosen], THUMBNAILS, THUMBNAIL_SIDE)


@st.cache_data(max_entries=64, show_spinner=False)
def _set_thumbnail(folder: str, changed: int, _synthetic: SyntheticSet) -> bytes:
    return gallery.sheet_png(_synthetic.drawn[:THUMBNAILS].pictures, THUMBNAILS, THUMBNAIL_SIDE)


@st.cache_data(max_entries=64, show_spinner=False)
def _study_thumbnail(folder: str, changed: int, _study: Study) -> tuple[bytes, str]:
    return thumbnail(_study)


def run_choices(runs: Sequence[Run]) -> dict[str, str]:
    """Ids of runs with the words of a drop-down list; with the end of its id where several are called the same."""
    times = Counter(run.name for run in runs)
    names = {run.id: run.name if times[run.name] == 1 else f"{run.name} ({run.id[-4:]})" for run in runs}
    return {run.id: f"{names[run.id]} · {run_facts(run)}{' · came with medgan' if run.shipped else ''}" for run in runs}


def open_run(id: str) -> Run:
    """The run of an id from what is cached; raises BadInput where it is gone."""
    if id not in cached.runs_by_id():
        raise BadInput(f"the run {id} is no longer here")
    return cached.runs_by_id()[id]
