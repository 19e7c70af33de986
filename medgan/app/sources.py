"""What a model can draw from: data sets and synthetic sets that fit it, their parts, the classes to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from medgan.app.words import counted
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies.origins import Origin, SourcePart, check_fit
from medgan.studies.synthesis import SyntheticSet
from medgan.training.conditions import Conditions, as_drawn
from medgan.training.drawn import Drawn
from medgan.training.run import Run

PARTS: tuple[SourcePart, ...] = get_args(SourcePart)
PART_WORDS: dict[SourcePart, str] = {
    "train": "To learn from (train)",
    "validation": "To validate (validation)",
    "test": "To test (test)",
    "all": "All parts",
}


@dataclass(frozen=True)
class Source:
    """What to draw from, under the names that the options of a synthetic set have."""

    source: str = ""
    """Id of a data set or of a synthetic set of masks; empty where noise, or a class, is enough."""
    part: SourcePart = "train"
    label: str = ""


def given_part(run: Run) -> str:
    """The part that a run draws from (masks, images, sources); empty where noise, or a class, is enough."""
    given = run.config.model.parts.given
    return "" if not given or given == ("labels",) else given[0]


def translates_both_ways(run: Run) -> bool:
    """Whether a run turns either of two classes into the other."""
    return len(run.config.model.parts.given) == 2


def fitting_sources(run: Run, datasets: Sequence[PreparedDataset], sets: Sequence[SyntheticSet]) -> dict[str, str]:
    """Ids and words of what a run can draw from; the data set that it learned from comes first."""
    given = given_part(run)
    own_first = sorted(datasets, key=lambda dataset: dataset.id != run.record.dataset_id)
    fitting = {
        dataset.id: f"{dataset.name} · {counted(len(dataset), 'image')}"
        for dataset in own_first
        if fits(run, given, dataset)
    }
    if given == "masks":
        count = len(run.record.data.structures)
        masks = [found for found in sets if len(found.structures) == count and not found.manifest.summary.get("source")]
        fitting |= {found.id: f"{found.name} · {counted(len(found), 'synthetic mask')}" for found in masks}
    return fitting


def fits(run: Run, part: str, dataset: PreparedDataset) -> bool:
    """Whether a data set has the part, of the form that the run learned."""
    if part == "masks" and not dataset.structures:
        return False  # any images can be sources
    try:
        check_fit(run, part, dataset)
    except BadInput:
        return False
    return True


def filled_parts(dataset: PreparedDataset, label: str = "") -> dict[SourcePart, str]:
    """Parts of a data set that hold items of a class (empty: of any), with their words and number of items."""
    chosen = label if label in dataset.classes else None
    counts = {part: len(dataset.indices(None if part == "all" else part, chosen)) for part in PARTS}
    return {part: f"{PART_WORDS[part]} · {counts[part]:,}" for part in PARTS if counts[part]}


def what_is_missing(run: Run) -> str:
    """One line for a run that nothing here fits."""
    structures = run.record.data.structures
    return {
        "masks": f"This model draws from masks of {', '.join(structures)}, and no data set here has such masks.",
    }.get(given_part(run), "This model draws from images, and no data set here has images like those it learned from.")


def as_seen(run: Run, origin: Origin, first: int, count: int) -> Drawn | None:
    """What images number `first` to `first + count - 1` are drawn from, as the network sees it; None for noise."""
    if origin.conditions is None:
        return None
    return as_drawn(origin.conditions.batch(first, count, run.config.model.size))


def only(conditions: Conditions, place: int) -> Conditions:
    """One of several conditions: everything is drawn from it."""
    return replace(conditions, chosen=conditions.chosen[place : place + 1], names=conditions.names[place : place + 1])
