"""The U-Net generator of Pix2Pix (Isola et al. 2017, arXiv:1611.07004, appendix 6.1.1).

At 256 pixels: encoder C64-C128-C256-C512-C512-C512-C512-C512, decoder CD512-CD512-CD512-C512-C256-C128-C64 and a last
transposed convolution; at 128, as in the published comparison, one C512 and one CD512 fewer. All kernels 4x4,
stride 2; skips join maps of equal resolution.
"""

import itertools
from statistics import NormalDist

import torch
from torch import Tensor, nn

from medgan.models.norms import Norm, has_bias, norm_layer
from medgan.models.small_maps import Doubling, Halving
from medgan.models.task import Latent


def encoder_channels(size: int, width: int) -> list[int]:
    """Channels of the maps from size/2 down to 1 pixel: 64, 128, 256, then 512 with width 64."""
    return [width * min(8, 2**stage) for stage in range(size.bit_length() - 1)]


def dropped_blocks(size: int) -> int:
    """How many of the decoder's first blocks have dropout: all with 512 maps but the last such."""
    return max(0, size.bit_length() - 6)


class Down(nn.Sequential):
    """Halves the resolution: LeakyReLU, convolution, norm."""

    def __init__(self, inputs: int, outputs: int, norm: Norm, *, normed: bool) -> None:
        super().__init__(
            nn.LeakyReLU(0.2),
            Halving(inputs, outputs, bias=has_bias(norm)),
            *([norm_layer(norm, outputs)] if normed else []),
        )


class Up(nn.Sequential):
    """Doubles the resolution: ReLU, transposed convolution, norm."""

    def __init__(self, inputs: int, outputs: int, norm: Norm) -> None:
        super().__init__(
            nn.ReLU(),
            Doubling(inputs, outputs, bias=has_bias(norm)),
            norm_layer(norm, outputs),
        )


class UNet(nn.Module):
    """Pictures (n, inputs, size, size) and dropout noise to pictures (n, outputs, size, size) in [-1, 1]."""

    def __init__(self, size: int, inputs: int, outputs: int, width: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        channels = encoder_channels(size, width)
        self.first = nn.Conv2d(inputs, channels[0], 4, 2, 1, bias=has_bias(norm))
        last = len(channels) - 1
        self.downs = nn.ModuleList(
            Down(before, after, norm, normed=number < last)  # the map of one pixel has no norm
            for number, (before, after) in enumerate(itertools.pairwise(channels), start=1)
        )
        ups = [*channels[::-1][1:], outputs]
        joined = [channels[-1], *(2 * after for after in ups[:-1])]
        self.ups = nn.ModuleList(Up(before, after, norm) for before, after in zip(joined[:-1], ups[:-1], strict=True))
        self.to_image = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(joined[-1], outputs, 4, 2, 1), nn.Tanh())
        self.dropout = dropout
        self.noise_shapes = {
            f"dropout_{number}": (ups[number], 2 ** (number + 1), 2 ** (number + 1))
            for number in range(dropped_blocks(size) if dropout else 0)
        }

    def forward(self, pictures: Tensor, latent: Latent) -> Tensor:
        maps = [self.first(pictures)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        features = maps.pop()
        for number, up in enumerate(self.ups):
            features = up(features)
            if f"dropout_{number}" in self.noise_shapes:
                features = self._drop(features, latent[f"dropout_{number}"])
            features = torch.cat([maps.pop(), features], dim=1)
        image: Tensor = self.to_image(features)
        return image

    def _drop(self, features: Tensor, noise: Tensor) -> Tensor:
        """Dropout whose random numbers, standard normal, come from outside: the same noise drops the same maps."""
        kept = noise > NormalDist().inv_cdf(self.dropout)
        return features * kept / (1 - self.dropout)
