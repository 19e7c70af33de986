"""Elastic deformation of masks: new outlines from real ones, the same for a seed and a number wherever it is drawn."""

import math
from dataclasses import dataclass

import torch
from kornia.geometry.transform import elastic_transform2d
from torch import Tensor

from medgan.common.repro import derive_seed

FINEST = 0.1
"""Narrowest Gaussian that smooths the displacements, in share of the side: finer ones fray outlines."""
SMOOTHNESS = 3.5
"""Widths of that Gaussian for one strength. Displacements then change by 0.2 a pixel (root mean square): an image
folds at 1, and without folds one piece stays one."""
KERNEL_REACH = 3
"""Standard deviations at which the Gaussian is cut off."""


@dataclass(frozen=True)
class Deformation:
    """Elastic deformations (Simard et al. 2003), another one for each image number of a seed."""

    strength: float
    """How far points in the middle move each way, in share of the side (root mean square)."""
    seed: int

    def __call__(self, masks: Tensor, first: int) -> Tensor:
        """Masks (n, structures, h, w), -1 outside and 1 inside, of images number `first` to `first + n - 1`, deformed.

        All structures of an item move together. Each item is deformed by itself and on the processor, so that neither
        its neighbours nor the device change a pixel of it.
        """
        deformed = [self._deformed(mask[None], first + place) for place, mask in enumerate(masks.cpu())]
        return torch.cat(deformed).to(masks.device)

    def _deformed(self, mask: Tensor, index: int) -> Tensor:
        side = mask.shape[-1]
        sigma = side * max(FINEST, SMOOTHNESS * self.strength)
        kernel = 2 * math.ceil(KERNEL_REACH * sigma) + 1
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "deform", index))
        noise = torch.randn(1, 2, side, side, generator=generator)
        # Smoothing leaves white noise of variance 1 with a deviation of 1 / (2 sqrt(pi) sigma); the side is 2 long.
        reach = 2 * self.strength * 2 * math.sqrt(math.pi) * sigma
        moved = elastic_transform2d(
            mask, noise, (kernel, kernel), (sigma, sigma), reach * _hold_at_borders(side), padding_mode="border"
        )
        return (moved >= 0).float() * 2 - 1


def _hold_at_borders(side: int) -> Tensor:
    """How freely points move to the side and up or down, (2, side, side): not at all across the image's border.

    A lesion that the border cuts off stays cut off there, and nothing from beyond the image has to be made up.
    """
    across = torch.sin(math.pi * (torch.arange(side) + 0.5) / side)
    return torch.stack([across.expand(side, side), across[:, None].expand(side, side)])
