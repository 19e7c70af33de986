"""Batches as a function of seed and step, so that a resumed run sees what it would have seen."""

import functools

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.common.images import to_float
from medgan.common.repro import derive_seed
from medgan.data.dataset import PreparedDataset
from medgan.models.task import Batch


class Batches:
    """Shuffled passes over some items of a prepared data set; batches run on over the end of a pass."""

    def __init__(
        self,
        dataset: PreparedDataset,
        indices: NDArray[np.int64],
        *,
        size: int,
        batch_size: int,
        seed: int,
        flip: bool = False,
        masks: bool = False,
        device: torch.device | None = None,
    ) -> None:
        """Raises BadInput where there are no items or the images are smaller than asked for."""
        if len(indices) == 0:
            raise BadInput(f"data set {dataset.name}: no training images with that label")
        if dataset.size < size:
            raise BadInput(
                f"data set {dataset.name} holds images of {dataset.size} pixels, {size} are asked for: "
                f"prepare it again with --size {size}, or train at {dataset.size}"
            )
        self.dataset = dataset
        self.indices = indices
        self.size = size
        self.batch_size = batch_size
        self.seed = seed
        self.flip = flip
        self.masks = dataset.masks if masks else None
        self.device = device or torch.device("cpu")
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    def __call__(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        first = step * self.batch_size
        chosen = np.array([self._item(first + offset) for offset in range(self.batch_size)])
        mirrored = self._mirrored(step)
        images = mirror(self._shrunk(to_float(self._bytes(self.dataset.images, chosen))), mirrored)
        if self.masks is None:
            return Batch(images)
        masks = self._shrunk(self._bytes(self.masks, chosen).permute(0, 3, 1, 2).float())
        return Batch(images, mirror((masks >= 0.5).float() * 2 - 1, mirrored))

    def _item(self, position: int) -> int:
        shuffle, place = divmod(position, len(self.indices))
        return int(self._order(shuffle)[place])

    def _shuffled(self, shuffle: int) -> NDArray[np.int64]:
        return np.random.default_rng(derive_seed(self.seed, "order", shuffle)).permutation(self.indices)

    def _mirrored(self, step: int) -> Tensor:
        draws = np.random.default_rng(derive_seed(self.seed, "flip", step)).random(self.batch_size)
        return torch.from_numpy(draws < 0.5 * self.flip).to(self.device)

    def _bytes(self, array: NDArray[np.uint8], chosen: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(array[chosen]).to(self.device)

    def _shrunk(self, images: Tensor) -> Tensor:
        if images.shape[-1] == self.size:
            return images
        return F.interpolate(images, self.size, mode="bilinear", antialias=True, align_corners=False)


def mirror(images: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the chosen images (n,) left to right."""
    return torch.where(chosen[:, None, None, None], images.flip(3), images)
