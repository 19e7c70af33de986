"""Nearest upsampling followed by a 3x3 convolution, as one operation with 4/9 of the arithmetic."""

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_SIDE = 16
"""Smaller maps are convolved plainly: they are so deep that summing the kernel costs more than it saves."""


def upsampled_convolution(maps: Tensor, weight: Tensor) -> Tensor:
    """Maps (n, inputs, h, w) doubled in size and convolved with a weight (outputs, inputs, 3, 3): (n, outputs, 2h, 2w).

    Three neighbours in the doubled map are copies of only two pixels of the small one, so that the nine weights
    act as sums on four pixels. That is a transposed convolution of stride 2 whose 4x4 kernel holds these sums; the
    doubled map never exists.
    """
    if maps.shape[-1] < LEAST_SIDE:
        return F.conv2d(F.interpolate(maps, scale_factor=2.0), weight, padding=1)
    # On the processor transposed convolutions are up to three times as fast with the channels innermost.
    maps = maps.contiguous(memory_format=torch.channels_last)
    return F.conv_transpose2d(maps, summed_kernel(weight), stride=2, padding=1)


def summed_kernel(weight: Tensor) -> Tensor:
    """A 3x3 kernel summed over 2x2 shifts, mirrored as transposed convolutions want it: (inputs, outputs, 4, 4)."""
    padded = F.pad(weight, (1, 1, 1, 1))
    rows = padded[..., :-1, :] + padded[..., 1:, :]
    sums = rows[..., :-1] + rows[..., 1:]
    return sums.flip(-2, -1).transpose(0, 1)
