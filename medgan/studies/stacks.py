"""Which synthetic images are slices of the same volume: those that were drawn from the slices of a real one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.data.dataset import PreparedDataset
from medgan.studies.ancestry import ancestry_of
from medgan.studies.synthesis import SyntheticSet

Int64 = NDArray[np.int64]
Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class Stack:
    """Images one above the other: slices of one volume, or simply those of a set."""

    name: str
    """Its number within the set, whichever images leave; empty where all images of the set are one stack."""
    rows: Int64
    """Where its images stand among those that leave, from the feet up."""
    positions: Int64
    """Where they lie in the stack, counted from 0; where images are left out, there are gaps."""
    spacing_mm: Spacing | None = None
    """From slice to slice, down, and to the right; None where it is not known."""


MOST_SLICES = 2**15 - 1
"""What NIfTI counts to."""


def whole(count: int) -> Stack:
    """All images as one stack in their order, of no known size."""
    return Stack("", np.arange(count), np.arange(count))


def _in_order(chosen: Int64, total: int) -> tuple[Stack, ...]:
    """Images of no volume, as one stack where a set has no more than a stack holds."""
    if total <= MOST_SLICES:
        return (whole(len(chosen)),)
    parts = chosen // MOST_SLICES
    rows = {int(part): np.flatnonzero(parts == part) for part in np.unique(parts)}
    return tuple(Stack(f"{part + 1:03d}", row, np.arange(len(row))) for part, row in rows.items())


def stacks_of(synthetic: SyntheticSet, chosen: Int64) -> tuple[Stack, ...]:
    """The chosen images as stacks: one a volume that they were drawn from, where that is known and is here.

    An image drawn from a slice takes its place; a slice that was drawn from again begins another stack.
    """
    source = ancestry_of(synthetic).source
    if not isinstance(source, PreparedDataset) or "volume" not in source.items:
        return _in_order(chosen, len(synthetic))
    drawn_from = synthetic.items["drawn_from"].fillna("")
    places = source.items.set_index("id").reindex(drawn_from).reset_index(drop=True)
    if places["volume"].isna().any() or (places["volume"] == "").any():
        return _in_order(chosen, len(synthetic))
    again = drawn_from.groupby(drawn_from).cumcount()
    row_of = pd.Series(np.arange(len(chosen)), index=chosen)
    stacks = []
    for number, (_, slices) in enumerate(places.groupby([places["volume"], again.to_numpy()], sort=False), start=1):
        left = slices[slices.index.isin(chosen)].sort_values("slice")
        if len(left):
            step = _step(slices["slice"].to_numpy(np.int64))
            numbers = left["slice"].to_numpy(np.int64)
            rows = row_of[left.index].to_numpy(np.int64)
            spacing = _spacing(left.iloc[0], step, source)
            stacks.append(Stack(f"{number:03d}", rows, (numbers - numbers[0]) // step, spacing))
    return tuple(stacks)


def _step(numbers: Int64) -> int:
    """Of the slices of a volume, one in how many was taken."""
    return int(np.gcd.reduce(np.diff(np.sort(numbers)))) or 1


def _spacing(place: "pd.Series[float]", step: int, source: PreparedDataset) -> Spacing | None:
    """Of prepared pixels: the original's extent over the pixels that it was resized to; None where it tells none."""
    down = float(place["height"] * place["spacing_y_mm"])
    right = float(place["width"] * place["spacing_x_mm"])
    if source.manifest.config.get("fit", "pad") == "pad":
        down = right = max(down, right)
    spacing = step * float(place["spacing_z_mm"]), down / source.size, right / source.size
    return spacing if np.isfinite(spacing).all() else None
