"""Convolutions that halve or double a map, as matrix products where the map is small.

Deep layers have millions of weights and maps of a few pixels. Convolution kernels of processors rearrange
such weights at length before and after they use them; a matrix product reads them once. The numbers are the same.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_PLACES = 64
"""Products are faster up to so many places of the smaller map, over all items (measured on a processor)."""


def is_small(maps: Tensor, places: int) -> bool:
    return maps.device.type == "cpu" and places <= MOST_PLACES


class Halving(nn.Conv2d):
    """A 4x4 convolution of stride 2: (n, inputs, h, w) to (n, outputs, h/2, w/2)."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool) -> None:
        super().__init__(inputs, outputs, 4, 2, 1, bias=bias)

    def forward(self, maps: Tensor) -> Tensor:
        count, _, height, width = maps.shape
        if not is_small(maps, count * height * width // 4):
            return super().forward(maps)
        with torch.autocast(maps.device.type, enabled=False):
            patches = F.unfold(maps.float(), 4, padding=1, stride=2)  # (n, inputs * 16, places)
            found = self.weight.flatten(1) @ patches.transpose(0, 1).flatten(1)  # (outputs, n * places)
            found = found.view(-1, count, height // 2, width // 2).transpose(0, 1)
            return found if self.bias is None else found + self.bias[:, None, None]


class Doubling(nn.ConvTranspose2d):
    """A transposed 4x4 convolution of stride 2: (n, inputs, h, w) to (n, outputs, 2h, 2w)."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool) -> None:
        super().__init__(inputs, outputs, 4, 2, 1, bias=bias)

    def forward(self, maps: Tensor, output_size: list[int] | None = None) -> Tensor:
        count, _, height, width = maps.shape
        if not is_small(maps, count * height * width):
            return super().forward(maps, output_size)
        with torch.autocast(maps.device.type, enabled=False):
            patches = self.weight.flatten(1).T @ maps.float().transpose(0, 1).flatten(1)  # (outputs * 16, n * places)
            patches = patches.view(-1, count, height * width).transpose(0, 1)
            found = F.fold(patches, (2 * height, 2 * width), 4, padding=1, stride=2)
            return found if self.bias is None else found + self.bias[:, None, None]
