"""What images are drawn from beside noise: masks, images or class numbers, in a fixed order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.common.images import to_uint8
from medgan.data.dataset import PreparedDataset
from medgan.models.task import Batch
from medgan.training.deform import Deformation
from medgan.training.drawn import Drawn
from medgan.training.parts import CPU, as_part, rows_of


@dataclass(frozen=True)
class Conditions:
    """One condition a row; drawing more images than there are rows begins again with the first row."""

    part: str
    """Name of the part in a batch."""
    rows: NDArray[np.uint8] | NDArray[np.int64]
    """Pictures (n, h, w, c) of bytes, masks of 0/1, or class numbers (n,)."""
    chosen: NDArray[np.int64]
    """Which rows, in their order."""
    names: tuple[str, ...] = ()
    """What each chosen row is called."""
    deformation: Deformation | None = None
    """How masks are deformed before they are given to a network; None leaves them as they are."""

    def __post_init__(self) -> None:
        if len(self.chosen) == 0:
            raise BadInput(f"there are no {self.part} to draw from: choose another part or class")
        if self.deformation is not None and self.part != "masks":
            raise BadInput(f"masks can be deformed, {self.part} cannot: leave out deform")

    def places(self, first: int, count: int) -> NDArray[np.int64]:
        """Which of the chosen rows belong to images number `first` to `first + count - 1`."""
        return np.arange(first, first + count) % len(self.chosen)

    def batch(self, first: int, count: int, size: int, device: torch.device = CPU) -> Batch:
        """The conditions of images number `first` to `first + count - 1`, as a network sees them."""
        rows = self.rows[self.chosen[self.places(first, count)]]
        if self.part == "labels":
            return {"labels": torch.from_numpy(rows).to(device)}
        part = as_part(self.part, rows.astype(np.uint8, copy=False), size, device)
        return {self.part: part if self.deformation is None else self.deformation(part, first)}

    def name(self, index: int) -> str:
        """What the condition of image number `index` is called; empty where it has no name."""
        return self.names[index % len(self.chosen)] if self.names else ""


def of_items(dataset: PreparedDataset, part: str, chosen: NDArray[np.int64]) -> Conditions:
    """Conditions from items of a data set; raises BadInput where it lacks the part or no item is chosen."""
    names = tuple(dataset.items["id"].iloc[chosen])
    return Conditions(part, rows_of(dataset, part), chosen, names)


def of_classes(count: int) -> Conditions:
    """Each class in turn."""
    return Conditions("labels", np.arange(count), np.arange(count))


def as_drawn(condition: Batch) -> Drawn | None:
    """A condition as something to look at; None for class numbers and where there is none."""
    for part, value in condition.items():
        if part == "masks":  # as given, not cleaned: this is what the network sees
            return Drawn(None, (to_uint8(value) >= 128).astype(np.uint8))
        if value.ndim == 4:
            return Drawn(to_uint8(value), None)
    return None


def columns_of(cells: int) -> int:
    """Columns of a sample grid of so many cells: about as many as rows, and even, so that no pair is torn at a row's
    end."""
    columns = math.ceil(math.sqrt(cells))
    return columns + columns % 2 if cells > 2 else columns


def side_by_side(pieces: Sequence[Drawn]) -> NDArray[np.uint8]:
    """Pictures of several things of the same items, item by item: (items * pieces, h, w, c), grey made colour."""
    pictures = [picture for piece in pieces for picture in _pictures_of(piece)]
    channels = max(picture.shape[3] for picture in pictures)
    alike = [np.repeat(picture, channels, axis=3) if picture.shape[3] < channels else picture for picture in pictures]
    stacked = np.stack(alike, axis=1)  # (items, pieces, h, w, c)
    return stacked.reshape(-1, *stacked.shape[2:])


def _pictures_of(drawn: Drawn) -> list[NDArray[np.uint8]]:
    if drawn.images is None or drawn.masks is None:
        return [drawn.pictures]
    return [drawn.images, Drawn(None, drawn.masks).pictures]
