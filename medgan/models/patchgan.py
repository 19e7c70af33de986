"""PatchGAN discriminators, named by their field: the side of the patch, in pixels, that one logit judges.

Isola et al. 2017 (arXiv:1611.07004), section 3.2.2 and appendix 6.1.2; fields of 10, 22 and 46 as in the published
comparison: stride-2 convolutions and a last one, without the stride-1 block that makes the original's 70.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medgan.models.norms import Norm, has_bias, norm_layer

Field = Literal[10, 22, 46, 70]
STRIDES: dict[Field, tuple[int, ...]] = {10: (2,), 22: (2, 2), 46: (2, 2, 2), 70: (2, 2, 2, 1)}
"""Strides of the 4x4 convolutions before the last, which has stride 1."""


class PatchGAN(nn.Sequential):
    """Pictures (n, inputs, h, w) to logits (n, 1, h', w'), one a patch."""

    def __init__(self, inputs: int, field: Field, width: int, norm: Norm) -> None:
        layers: list[nn.Module] = []
        outputs = width
        for number, stride in enumerate(STRIDES[field]):
            outputs = width * min(8, 2**number)
            normed = number > 0  # the first layer has no norm
            layers.append(nn.Conv2d(inputs, outputs, 4, stride, 1, bias=not normed or has_bias(norm)))
            layers += [norm_layer(norm, outputs)] if normed else []
            layers.append(nn.LeakyReLU(0.2))
            inputs = outputs
        super().__init__(*layers, nn.Conv2d(outputs, 1, 4, 1, 1))


class MultiScalePatchGAN(nn.ModuleList):
    """One to three PatchGANs, each at half the resolution of the one before (Wang et al. 2018, section 3.2)."""

    def __init__(self, inputs: int, field: Field, width: int, norm: Norm, scales: int) -> None:
        super().__init__(PatchGAN(inputs, field, width, norm) for _ in range(scales))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Logits of each scale, the finest first, each (n, 1, h', w')."""
        logits = []
        for scale, discriminator in enumerate(self):
            if scale > 0:
                pictures = F.avg_pool2d(pictures, 3, 2, 1, count_include_pad=False)
            logits.append(discriminator(pictures).float())
        return logits


def receptive_field(strides: tuple[int, ...], kernel: int = 4) -> int:
    """Side of the patch behind one output: I = K + S (O - 1), from the last layer back."""
    side = kernel  # the last convolution
    for stride in reversed(strides):
        side = kernel + stride * (side - 1)
    return side


def check_size(size: int, field: Field, scales: int = 1) -> None:
    """Raise ValueError where pictures are too small for the deepest discriminator: norms need maps of 2 pixels."""
    side = size // 2 ** (scales - 1)
    for stride in STRIDES[field]:
        side = (side - 2) // stride + 1
    if side < 3:
        raise ValueError(f"field {field} at {scales} scales needs larger images than {size} pixels")


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), norm scales from N(1, 0.02) (Isola et al. 2017, section 6.2)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d) and module.weight is not None:
        nn.init.normal_(module.weight, 1.0, 0.02)


def total(losses: list[Tensor]) -> Tensor:
    """Sum over scales."""
    return torch.stack(losses).sum()
