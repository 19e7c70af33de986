"""The random numbers of one training, each kind from a generator of its own.

A training draws the same numbers whether it runs alone or beside others, and on kept features or on whole networks.
"""

import torch
from torch import Tensor

from medgan.common.repro import derive_seed


class Draws:
    """Everything that chance decides in the training of a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.generators = {
            name: _generator(seed, name) for name in ("unit", "order", "views", "dropout", "augmentation")
        }

    def unit(self, channels: int) -> tuple[Tensor, Tensor]:
        """Initial weight (1, channels) and bias (1,) of the last unit, as torch's linear layer has them."""
        bound = channels**-0.5
        numbers = torch.rand(channels + 1, generator=self.generators["unit"]) * 2 * bound - bound
        return numbers[None, :-1], numbers[-1:]

    def order(self, count: int) -> Tensor:
        """The order of so many images in an epoch, (count,)."""
        return torch.randperm(count, generator=self.generators["order"])

    def views(self, count: int, views: int) -> Tensor:
        """Which of its views each image shows in an epoch, (count,)."""
        return torch.randint(views, (count,), generator=self.generators["views"])

    def dropout(self, count: int, channels: int) -> Tensor:
        """Numbers in [0, 1) for a batch (count, channels); where one is below the rate, the channel is dropped."""
        return torch.rand(count, channels, generator=self.generators["dropout"])

    def augmentation(self) -> int:
        """Seed of the changes that a batch's images are shown with."""
        return int(torch.randint(2**62, (1,), generator=self.generators["augmentation"]))


def _generator(seed: int, name: str) -> torch.Generator:
    return torch.Generator().manual_seed(derive_seed(seed, "classifier", name))
