"""Switching synthetic sets on and off: those that learned from the chosen data set first."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from medgan.app import cached, looks, session
from medgan.app.words import counted, plain
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.training_distances import holds_training_images
from medgan.training.run import RUN_FILE, Run

AT_FIRST = 3
"""Sets that are switched on before anybody chose."""


def choose(dataset: PreparedDataset, sets: Sequence[SyntheticSet], scored: frozenset[str]) -> list[SyntheticSet]:
    """The sets that are switched on; at first the newest that were `scored` (ids), else the newest.

    Sets of runs that learned from the data set come first, and where there are any, no others are switched on at
    first; the others say what theirs learned from.
    """
    own = [found for found in sets if learned_from(found, dataset)]
    ordered = own + [found for found in sets if not learned_from(found, dataset)]
    names = names_of(ordered)
    options = {found.id: _words(found, names[found.id], dataset) for found in ordered}
    shown = own or ordered
    at_first = [found.id for found in shown if found.id in scored][:AT_FIRST] or [shown[0].id]
    chosen = session.several("Synthetic sets", "sets", options, default=at_first)
    return [found for found in ordered if found.id in chosen]


def choose_fitting(
    label: str, name: str, words: Mapping[str, str], refusal: Callable[[str], str], *, at_first: int = 0
) -> tuple[list[str], dict[str, str]]:
    """The sets (ids) that are switched on, of those that may be; then those that may not, and why.

    Of many, only the first are looked into before somebody chooses them: that takes up to a second each.
    """
    first = list(words)[: session.FEW]
    refused = {id: why for id in first if (why := refusal(id))}
    offered = {id: told for id, told in words.items() if id not in refused}
    chosen = session.several(label, name, offered, default=list(offered)[:at_first]) if offered else []
    late = {id: why for id in chosen if id not in first and (why := refusal(id))}
    for why in late.values():
        st.caption(f":material/lock: {plain(why)}")
    return [id for id in chosen if id not in late], refused | late


def learned_from(synthetic: SyntheticSet, dataset: PreparedDataset) -> bool:
    """Whether the run behind a set was trained on the data set."""
    run = run_of(synthetic)
    if run is not None:
        return run.record.dataset_id == dataset.id
    return synthetic.manifest.summary["dataset"] in (dataset.id, dataset.name)


def shows_its_lessons(synthetic: SyntheticSet, against: str) -> bool:
    """Whether a data set (id) holds images that the run behind a set learned from; only then can it tell of copies.

    Another preparation of the same files does. Where the run is gone, nobody knows, and it is taken to.
    """
    run = run_of(synthetic)
    return run is None or _holds(run.id, looks.stamp(run.folder / RUN_FILE), against, run)


@st.cache_data(max_entries=256, show_spinner=False)
def _holds(id: str, changed: int, against: str, _run: Run) -> bool:
    return holds_training_images(against, _run)


def run_of(synthetic: SyntheticSet) -> Run | None:
    """The run that drew a set; None where it is gone."""
    return cached.runs_by_id().get(synthetic.manifest.summary["run"])


def names_of(sets: Sequence[SyntheticSet]) -> dict[str, str]:
    """A name for each set (id), with the end of its id where several are called the same."""
    times = Counter(found.name for found in sets)
    return {found.id: found.name if times[found.name] == 1 else f"{found.name} ({found.id[-4:]})" for found in sets}


def gan_words(synthetic: SyntheticSet) -> str:
    """What drew a set, and how far that was trained: `FastGAN, 60 steps`."""
    summary = synthetic.manifest.summary
    steps = int(summary.get("step") or 0)  # 0 where the GAN was imported, and nobody counted
    return ", ".join([GANS[summary["gan"]].title, *([counted(steps, "step")] if steps else [])])


def _words(synthetic: SyntheticSet, name: str, dataset: PreparedDataset) -> str:
    summary = synthetic.manifest.summary
    facts = [name, gan_words(synthetic), counted(int(summary["count"]), "image")]
    if not learned_from(synthetic, dataset):
        facts.append(f"learned from {summary['dataset']}")
    return plain(" · ".join(facts))
