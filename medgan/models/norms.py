"""The norms of the image-to-image networks."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

Norm = Literal["batch", "instance", "instance_affine"]
"""`instance_affine` is what batch norm is in a training with batches of one, and what its authors also sample with:
each image by its own statistics, then scale and shift. `instance` has neither, as in CycleGAN."""


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm that leaves the layout of a single item's maps as it is.

    torch's own form copies channels-last maps back and forth; of one item, the norm over the batch is the same norm.
    """

    def forward(self, maps: Tensor) -> Tensor:
        if len(maps) > 1:
            return super().forward(maps)
        return F.batch_norm(maps, None, None, self.weight, self.bias, training=True, eps=self.eps)


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return InstanceNorm(channels, affine=norm == "instance_affine")


def has_bias(norm: Norm) -> bool:
    """Whether a convolution before the norm has a bias: the public networks have one before plain instance norm."""
    return norm == "instance"
