"""Batches as a function of seed and number, so that a resumed run sees what it would have seen."""

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.common.repro import derive_seed
from medgan.data.dataset import PreparedDataset
from medgan.models.task import Batch
from medgan.training.parts import CPU, as_part, rows_of

Indices = NDArray[np.int64]


class Shuffled:
    """Endless shuffled passes over some items; what stands at a position depends on seed and position only."""

    def __init__(self, indices: Indices, *seed: int | str) -> None:
        self.indices = indices
        self.seed = seed
        self._pass = functools.lru_cache(maxsize=2)(self._one_pass)

    def __getitem__(self, position: int) -> int:
        number, place = divmod(position, len(self.indices))
        return int(self._pass(number)[place])

    def _one_pass(self, number: int) -> Indices:
        return np.random.default_rng(derive_seed(*self.seed, number)).permutation(self.indices)


class Batches:
    """Batches of the parts that a GAN learns from; they run on over the end of a pass.

    `indices_b` are the items of the second domain, where the GAN learns from two.
    """

    def __init__(
        self,
        dataset: PreparedDataset,
        indices: Indices,
        *,
        size: int,
        batch_size: int,
        seed: int,
        parts: tuple[str, ...] = ("images",),
        indices_b: Indices | None = None,
        classes: tuple[str, ...] = (),
        flip: bool = False,
        device: torch.device = CPU,
    ) -> None:
        """Raises BadInput where there are no items, a part is missing, or the images are smaller than asked for."""
        if len(indices) == 0 or (indices_b is not None and len(indices_b) == 0):
            raise BadInput(f"data set {dataset.name}: no training images with that label")
        if dataset.size < size:
            raise BadInput(
                f"data set {dataset.name} holds images of {dataset.size} pixels, {size} are asked for: "
                f"prepare it again with --size {size}, or train at {dataset.size}"
            )
        self.size = size
        self.batch_size = batch_size
        self.seed = seed
        self.flip = flip
        self.device = device
        self.rows = {part: rows_of(dataset, part) for part in parts if part != "labels"}
        self.order = Shuffled(indices, seed, "order")
        self.order_b = self.order if indices_b is None else Shuffled(indices_b, seed, "order b")
        self.labels = class_numbers(dataset, classes) if "labels" in parts else None

    def __call__(self, number: int) -> Batch:
        """The batch of that number, counted from 0."""
        positions = range(number * self.batch_size, (number + 1) * self.batch_size)
        chosen = np.array([self.order[position] for position in positions])
        chosen_b = np.array([self.order_b[position] for position in positions])
        mirrored = self._mirrored(positions)
        batch = {}
        for part, rows in self.rows.items():
            pictures = rows[chosen_b if part == "images_b" else chosen]
            batch[part] = mirror(as_part(part, pictures, self.size, self.device), mirrored)
        if self.labels is not None:
            batch["labels"] = torch.from_numpy(self.labels[chosen]).to(self.device)
        return batch

    def _mirrored(self, positions: range) -> Tensor:
        if not self.flip:
            return torch.zeros(len(positions), dtype=torch.bool, device=self.device)
        draws = [np.random.default_rng(derive_seed(self.seed, "flip", position)).random() for position in positions]
        return torch.tensor([draw < 0.5 for draw in draws], device=self.device)


def class_numbers(dataset: PreparedDataset, classes: tuple[str, ...]) -> Indices:
    """The number of each item's class among `classes`; -1 for other classes."""
    numbers = {label: number for number, label in enumerate(classes)}
    return np.array([numbers.get(label, -1) for label in dataset.items["label"]], np.int64)


def mirror(images: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the chosen images (n,) left to right."""
    return torch.where(chosen[:, None, None, None], images.flip(3), images)
