"""Differentiable augmentation of what the discriminator sees (Zhao et al. 2020, arXiv:2006.10738)."""

import torch
from kornia.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomErasing,
    RandomTranslate,
)
from torch import Tensor, nn


class DiffAugment(nn.Module):
    """Random brightness, contrast, saturation (colour only), shift and cut-out, drawn for each image.

    Pictures (n, c, h, w) in [-1, 1] in and out; gradients pass through. The first `channels` hold the image; those
    that follow hold masks, which are shifted and cut with it but keep their values. Nothing is mirrored: left and
    right keep their meaning.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.tones = nn.Sequential(
            RandomBrightness((0.5, 1.5), clip_output=False, p=1.0),
            *([RandomSaturation()] if channels == 3 else []),
            RandomContrast((0.5, 1.5), clip_output=False, p=1.0),
        )
        self.places = nn.Sequential(
            # Nearest: shifts between pixels would blur, and hide fine artefacts from the discriminator.
            RandomTranslate((-0.125, 0.125), (-0.125, 0.125), resample="NEAREST", p=1.0),
            RandomErasing(scale=(0.25, 0.25), ratio=(1.0, 1.0), p=1.0),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        with torch.autocast(pictures.device.type, enabled=False):
            pictures = pictures.float()
            if self.channels:
                images = self.tones(pictures[:, : self.channels])
                pictures = torch.cat([images, pictures[:, self.channels :]], dim=1)
            augmented: Tensor = self.places(pictures)
        return augmented


class RandomSaturation(nn.Module):
    """Scales the distance of each pixel from its grey value by a factor from [0, 2]; kornia's own clips to [0, 1]."""

    def forward(self, images: Tensor) -> Tensor:
        grey = images.mean(dim=1, keepdim=True)
        factor = 2 * torch.rand(len(images), 1, 1, 1, device=images.device)
        return grey + factor * (images - grey)
