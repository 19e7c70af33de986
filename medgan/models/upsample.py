"""Upsampling followed by a convolution, in one convolution of fewer operations."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# The taps of a row of three weights once each pixel is doubled: four, two pixels apart, of those that meet one pixel.
ROW_SUMS = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])

# Smaller maps have so many channels that summing their weights takes longer than it saves (measured on processors).
SMALLEST_SIDE = 16


class UpsampledConv2d(nn.Conv2d):
    """Nearest upsampling to twice the size, then a 3x3 convolution with zeros around it.

    Of the nine products behind a pixel several meet the same small pixel, as it was doubled. With their weights summed
    first, four are left: a transposed convolution of stride 2 and 4x4 weights. The parameter is still the 3x3 weight.
    """

    sums: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        self.register_buffer("sums", torch.kron(ROW_SUMS, ROW_SUMS).T.contiguous(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        if min(features.shape[-2:]) < SMALLEST_SIDE:
            return F.conv2d(F.interpolate(features, scale_factor=2.0), self.weight, padding=1)
        summed = (self.weight.flatten(2) @ self.sums).view(*self.weight.shape[:2], 4, 4)
        return F.conv_transpose2d(features, summed.transpose(0, 1), stride=2, padding=1)
