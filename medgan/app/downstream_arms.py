"""The arms that a study would have: what each trains on, and whether the synthetic sets hold enough for its dose."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from medgan.app.downstream_sets import Candidate, images_of, rejected_of
from medgan.app.words import NOTHING, plain
from medgan.data.dataset import PreparedDataset
from medgan.studies.arms import Arm


@dataclass(frozen=True)
class Planned:
    """An arm before anything was trained."""

    arm: Arm
    real: int
    """Real training images."""
    synthetic: Mapping[str, int]
    """Synthetic images that its dose takes, by class; under an empty name where classes do not matter."""
    shortage: str
    """Why its sets do not hold enough; empty where they do."""


def planned(
    arms: Sequence[Arm], chosen: Sequence[Candidate], dataset: PreparedDataset, *, with_masks: bool
) -> list[Planned]:
    """Each arm with its numbers of images."""
    by_id = {candidate.synthetic.id: candidate for candidate in chosen}
    items = dataset.items
    real = Counter(str(label) for label in items.loc[items["split"] == "train", "label"].fillna(""))
    return [_planned(arm, [by_id[id] for id in arm.sets], real, with_masks) for arm in arms]


def _planned(arm: Arm, sets: Sequence[Candidate], real: Mapping[str, int], with_masks: bool) -> Planned:
    share = {label: max(1, round(arm.real_share * count)) for label, count in real.items()}
    total = sum(share.values())
    there = images_of(sets)
    if with_masks:
        taken = {"": max(1, round(arm.dose * total))} if sets else {}
        there = Counter({"": sum(there.values())})
    else:
        taken = {label: max(1, round(arm.dose * share.get(label, 0))) for label in there}
    short = [_short(label, count, there[label]) for label, count in taken.items() if count > there[label]]
    if short and (rejected := rejected_of(sets)):
        short.append(f"{rejected:,} rejected ones are left out")
    return Planned(arm, total if arm.needs_real else 0, taken, "; ".join(short))


def _short(label: str, wanted: int, there: int) -> str:
    of_class = f" of class {label.replace('_', ' ')}" if label else ""
    return f"takes {wanted:,} images{of_class}, there are {there:,}"


def _by_class(counts: Mapping[str, int]) -> str:
    """`32 normal, 40 tuberculosis`"""
    return ", ".join(f"{count:,} {label.replace('_', ' ')}".strip() for label, count in counts.items())


def show(found: Sequence[Planned], seeds: int) -> None:
    """The table of arms, and what is to be done about those that cannot be trained."""
    st.subheader(f"{len(found)} {'arm' if len(found) == 1 else 'arms'}, {len(found) * seeds:,} trainings", anchor=False)
    rows = [
        {
            "Arm": f"**{plain(one.arm.name)}**",
            "Real images": f"{one.real:,}" if one.real else NOTHING,
            "Synthetic images": plain(_by_class(one.synthetic)) or NOTHING,
            "": f":material/error: {one.shortage}" if one.shortage else "",
        }
        for one in found
    ]
    if not any(row[""] for row in rows):
        for row in rows:
            del row[""]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt="Arms of the study with their images")
    if any(one.shortage for one in found):
        st.caption(":material/info: Draw a larger set, or leave out the doses that take too many.")
        st.page_link("pages/generate.py", label="Draw a larger set", icon=":material/arrow_forward:")
