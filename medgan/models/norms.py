"""The norms of the image-to-image networks."""

from typing import Literal

from torch import nn

Norm = Literal["batch", "instance", "instance_affine"]
"""`instance_affine` is what batch norm is in a training with batches of one, and what its authors also sample with:
each image by its own statistics, then scale and shift. `instance` has neither, as in CycleGAN."""


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=norm == "instance_affine")


def has_bias(norm: Norm) -> bool:
    """Whether a convolution before the norm has a bias: the public networks have one before plain instance norm."""
    return norm == "instance"
