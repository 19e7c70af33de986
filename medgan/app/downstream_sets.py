"""Switching synthetic sets on for a study: those that may be added, and why others may not."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app import cached, looks, session
from medgan.app.choosing_sets import choose_fitting, gan_words, learned_from, names_of
from medgan.app.words import counted, plain
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.common.home import datasets_folder, runs_folder, sets_folder
from medgan.data.dataset import PreparedDataset
from medgan.studies.arms import Arm
from medgan.studies.marks import accepted
from medgan.studies.material import Material
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import RUN_FILE

Group = tuple[tuple[str, ...], str]
"""Ids of sets that are used together, and what they are called."""
EACH, TOGETHER, BY_GAN = "each", "together", "gan"
WAYS = {EACH: "Each on its own", TOGETHER: "All together", BY_GAN: "One a class, by GAN"}


@dataclass(frozen=True)
class Candidate:
    """A synthetic set that a study may add."""

    synthetic: SyntheticSet
    name: str
    notes: tuple[str, ...]
    """What cannot be told of its origin."""


def choose(dataset: PreparedDataset, *, with_masks: bool) -> list[Candidate]:
    """The sets that are switched on; below them, greyed, those that are refused, with the reason."""
    sets = sorted(cached.sets(), key=lambda one: not learned_from(one, dataset))
    names, by_id = names_of(sets), {one.id: one for one in sets}
    checked = _checks(dataset, with_masks=with_masks)
    chosen, refused = choose_fitting(
        "Synthetic sets to add",
        "added",
        {one.id: _words(one, names[one.id], dataset) for one in sets},
        lambda id: checked(by_id[id])[0],
    )
    if not sets:
        st.caption("No synthetic set is saved yet. Draw images and save them as a set, then they can be added here.")
        st.page_link("pages/generate.py", label="Draw images", icon=":material/arrow_forward:")
    elif len(refused) == len(sets):
        st.caption(":material/info: None of the synthetic sets may be added to this data set.")
    _show_refused({names[id]: why for id, why in refused.items()})
    return [Candidate(by_id[id], names[id], checked(by_id[id])[1]) for id in chosen]


def _checks(dataset: PreparedDataset, *, with_masks: bool) -> Callable[[SyntheticSet], tuple[str, tuple[str, ...]]]:
    """Why a set may not be added, and what cannot be told of its origin: looked up anew when any set or run changes."""
    places = ((runs_folder(), RUN_FILE), (sets_folder(), MANIFEST), (datasets_folder(), MANIFEST))
    changed = "".join(looks.stamps(*place) for place in places)
    return lambda one: _checked(one.id, dataset.id, with_masks, changed, one, dataset)


@st.cache_data(max_entries=256, show_spinner=False)
def _checked(
    set: str, against: str, with_masks: bool, found: looks.Stamps, _set: SyntheticSet, _dataset: PreparedDataset
) -> tuple[str, tuple[str, ...]]:
    """Why a set may not be added, and what cannot be told of its origin; images are looked at by their records only."""
    try:
        arm = Arm(_set.name, (set,), 1.0, "mixed")
        notes = Material.open(_dataset, [arm], with_masks=with_masks, seed=0).notes
    except BadInput as error:
        return str(error), ()
    unknown = _set.labels - {*_dataset.classes}
    if unknown and not with_masks:
        classes = ", ".join(sorted(unknown - {""})) or "unknown"
        return f"set {_set.name}: its images are of class {classes}, which {_dataset.name} does not have", ()
    return "", notes


def _words(synthetic: SyntheticSet, name: str, dataset: PreparedDataset) -> str:
    summary = synthetic.manifest.summary
    facts = [name, gan_words(synthetic), counted(int(summary["count"]), "image")]
    facts += [f"class {summary['label']}".replace("_", " ")] if summary.get("label") else []
    if not learned_from(synthetic, dataset):
        facts.append(f"learned from {summary['dataset']}")
    return plain(" · ".join(facts))


def _show_refused(refused: Mapping[str, str]) -> None:
    """Names of sets, and why each may not be added."""
    if not refused:
        return
    with st.expander(f"{counted(len(refused), 'set')} that may not be added, and why", icon=":material/lock:"):
        for name, why in refused.items():
            st.button(plain(name), key=f"refused {name}", disabled=True, type="tertiary", icon=":material/lock:")
            st.caption(plain(why))


def choose_groups(chosen: Sequence[Candidate]) -> list[Group]:
    """Which of the chosen sets are used together."""
    alone = [_group([candidate]) for candidate in chosen]
    if len(chosen) < 2:
        return alone
    by_gan = _by_gan(chosen)
    ways = dict(WAYS)
    if len(by_gan) in (1, len(chosen)):
        del ways[BY_GAN]
    way = session.choice("How the sets are added", "joined", ways)
    return {EACH: alone, TOGETHER: [_group(chosen)], BY_GAN: by_gan}[way]


def _by_gan(chosen: Sequence[Candidate]) -> list[Group]:
    kinds = dict.fromkeys(candidate.synthetic.manifest.summary["gan"] for candidate in chosen)
    return [_group([one for one in chosen if one.synthetic.manifest.summary["gan"] == kind]) for kind in kinds]


def _group(some: Sequence[Candidate]) -> Group:
    return tuple(one.synthetic.id for one in some), "+".join(one.synthetic.name for one in some)


def rejected_of(candidates: Sequence[Candidate]) -> int:
    """Images that a person rejected, which studies leave out."""
    return sum(int((~accepted(candidate.synthetic)).sum()) for candidate in candidates)


def images_of(candidates: Sequence[Candidate]) -> Counter[str]:
    """Images of each class that no person rejected."""
    counts: Counter[str] = Counter()
    for candidate in candidates:
        labels = candidate.synthetic.items["label"].fillna("").to_numpy(dtype=str)
        counts.update(str(label) for label in labels[accepted(candidate.synthetic)])
    return counts
