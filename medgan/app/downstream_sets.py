"""Switching synthetic sets on for a study: those that may be added, and why others may not."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app import cached, session
from medgan.app.choosing_sets import gan_words, learned_from, names_of
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
    """A synthetic set, and whether a study may add it."""

    synthetic: SyntheticSet
    name: str
    refused: str
    """Why it cannot be added; empty where it can."""
    notes: tuple[str, ...]
    """What cannot be told of its origin."""


def choose(dataset: PreparedDataset, *, with_masks: bool) -> list[Candidate]:
    """The sets that are switched on; below them, greyed, those that are refused, with the reason."""
    found = candidates(dataset, with_masks=with_masks)
    fitting = [candidate for candidate in found if not candidate.refused]
    if not found:
        st.caption("No synthetic set is saved yet. Draw images and save them as a set, then they can be added here.")
        st.page_link("pages/generate.py", label="Draw images", icon=":material/arrow_forward:")
    elif not fitting:
        st.caption(":material/info: None of the synthetic sets may be added to this data set.")
    options = {candidate.synthetic.id: _words(candidate, dataset) for candidate in fitting}
    chosen = session.several("Synthetic sets to add", "added", options) if options else []
    _show_refused([candidate for candidate in found if candidate.refused])
    return [candidate for candidate in fitting if candidate.synthetic.id in chosen]


def candidates(dataset: PreparedDataset, *, with_masks: bool) -> list[Candidate]:
    """All sets, those first that learned from the data set."""
    sets = sorted(cached.sets(), key=lambda one: not learned_from(one, dataset))
    names = names_of(sets)
    patterns = cached.stamps(runs_folder(), f"*/{RUN_FILE}") + cached.stamps(sets_folder(), f"*/{MANIFEST}")
    changed = patterns + cached.stamps(datasets_folder(), f"*/{MANIFEST}")
    return [
        Candidate(one, names[one.id], *_checked(one.id, dataset.id, with_masks, changed, one, dataset)) for one in sets
    ]


@st.cache_data(max_entries=256, show_spinner=False)
def _checked(
    set: str, against: str, with_masks: bool, found: cached.Stamps, _set: SyntheticSet, _dataset: PreparedDataset
) -> tuple[str, tuple[str, ...]]:
    """Why a set may not be added, and what cannot be told of its origin; images are looked at by their records only."""
    try:
        arm = Arm(_set.name, (set,), 1.0, "mixed")
        notes = Material.open(_dataset, [arm], with_masks=with_masks, seed=0).notes
    except BadInput as error:
        return str(error), ()
    unknown = {str(label) for label in _set.items["label"].fillna("")} - {*_dataset.classes}
    if unknown and not with_masks:
        classes = ", ".join(sorted(unknown - {""})) or "unknown"
        return f"set {_set.name}: its images are of class {classes}, which {_dataset.name} does not have", ()
    return "", notes


def _words(candidate: Candidate, dataset: PreparedDataset) -> str:
    summary = candidate.synthetic.manifest.summary
    facts = [candidate.name, gan_words(candidate.synthetic), counted(int(summary["count"]), "image")]
    facts += [f"class {summary['label']}".replace("_", " ")] if summary.get("label") else []
    if not learned_from(candidate.synthetic, dataset):
        facts.append(f"learned from {summary['dataset']}")
    return plain(" · ".join(facts))


def _show_refused(refused: Sequence[Candidate]) -> None:
    if not refused:
        return
    with st.expander(f"{counted(len(refused), 'set')} that may not be added, and why", icon=":material/lock:"):
        for candidate in refused:
            st.button(
                plain(candidate.name),
                key=f"refused {candidate.synthetic.id}",
                disabled=True,
                type="tertiary",
                icon=":material/lock:",
            )
            st.caption(plain(candidate.refused))


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
