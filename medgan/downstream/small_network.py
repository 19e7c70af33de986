"""A small network that needs no weights of others: what stands below the head where there are no ImageNet weights."""

import torch
from torch import nn

from medgan.common.repro import derive_seed

SIDE = 64
WIDTHS = (16, 32, 64)


class SmallNetwork(nn.Sequential):
    """Four convolutions of 3 x 3 that halve the side three times: images (n, c, 64, 64) to maps (n, 64, 8, 8)."""

    channels = WIDTHS[-1]

    def __init__(self, image_channels: int, seed: int) -> None:
        first, second, third = WIDTHS
        with torch.random.fork_rng():
            torch.manual_seed(derive_seed(seed, "small network"))
            super().__init__(
                *_block(image_channels, first, stride=2),
                *_block(first, second, stride=2),
                *_block(second, third, stride=2),
                nn.Conv2d(third, third, 3, padding=1),  # the head's batch norm follows the ReLU
                nn.ReLU(),
            )
        self.to(memory_format=torch.channels_last)


def _block(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
