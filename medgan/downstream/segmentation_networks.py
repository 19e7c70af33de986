"""Networks from an image to one logit a pixel and structure: the classic U-Net, and the generator of Pix2Pix."""

import itertools
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medgan.common.errors import BadInput
from medgan.models import patchgan, unet

NetworkName = Literal["unet", "pix2pix"]
HALVINGS = 4


def segmentation_network(
    name: NetworkName, *, size: int, channels: int, structures: int, width: int, dropout: float
) -> nn.Module:
    """A network from images (n, channels, size, size) in [-1, 1] to logits (n, structures, size, size).

    Initial weights come from torch's global generator. `width` is the first map's number of channels; 0 chooses it
    by size, see `usual_width`. Raises BadInput where the network cannot be built at that size.
    """
    width = width or usual_width(name, size)
    if name == "unet":
        if size % 2**HALVINGS:
            raise BadInput(f"a U-Net halves images {HALVINGS} times, which {size} pixels do not allow: take 64 or 128")
        return UNet(channels, structures, width, dropout)
    if size < 32 or size.bit_count() != 1:
        raise BadInput(f"Pix2Pix's generator needs images of 32, 64, 128 or 256 pixels, not {size}: take the U-Net")
    return Pix2PixNetwork(size, channels, structures, width, dropout)


def usual_width(name: NetworkName, size: int) -> int:
    """Channels of the first map.

    U-Net: an eighth of the side, so 32 at 256 pixels and 8 at 64 (64 at 572 in the paper). Pix2Pix: half the side, at
    most the paper's 64, which the published comparison has at 128.
    """
    return max(8, size // 8) if name == "unet" else min(64, size // 2)


class UNet(nn.Module):
    """The U-Net of Ronneberger et al. 2015 (arXiv:1505.04597, figure 1).

    Two 3x3 convolutions a level, four halvings by maximum, up-convolutions of 2x2, skips by concatenation, dropout at
    the end of the contracting path. As is usual now, convolutions are padded, so that masks are as large as images,
    and each is followed by batch norm.
    """

    def __init__(self, channels: int, structures: int, width: int, dropout: float) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(HALVINGS + 1)]
        self.downs = nn.ModuleList(_two_convolutions(a, b) for a, b in itertools.pairwise([channels, *widths]))
        self.dropout = nn.Dropout(dropout)
        steps = list(itertools.pairwise(reversed(widths)))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(deep, shallow, 2, 2) for deep, shallow in steps)
        self.joins = nn.ModuleList(_two_convolutions(2 * shallow, shallow) for _, shallow in steps)
        self.to_logits = nn.Conv2d(width, structures, 1)
        self.to(memory_format=torch.channels_last)  # three times as fast on a processor

    def forward(self, images: Tensor) -> Tensor:
        maps = [self.downs[0](images.contiguous(memory_format=torch.channels_last))]
        for down in self.downs[1:]:
            maps.append(down(F.max_pool2d(maps[-1], 2)))
        features = self.dropout(maps.pop())
        for up, join in zip(self.ups, self.joins, strict=True):
            features = join(torch.cat([maps.pop(), up(features)], dim=1))
        logits: Tensor = self.to_logits(features)
        return logits


def _two_convolutions(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*_convolution(inputs, outputs), *_convolution(outputs, outputs))


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


class Pix2PixNetwork(nn.Module):
    """Pix2Pix's generator from images to masks, without its discriminator, as in the published comparison.

    Batch norm, for batches are larger than one. A sigmoid takes the place of its last tanh, hence logits. In Pix2Pix
    dropout is noise and always on; a segmenter has one answer, so here it is on in training only.
    """

    def __init__(self, size: int, channels: int, structures: int, width: int, dropout: float) -> None:
        super().__init__()
        self.generator = _Generator(size, channels, structures, width, "batch", dropout)
        self.generator.to_image[-1] = nn.Identity()
        self.generator.apply(patchgan.initialise)

    def forward(self, images: Tensor) -> Tensor:
        no_noise = dict.fromkeys(self.generator.noise_shapes, images.new_empty(0))
        logits: Tensor = self.generator(images, no_noise)
        return logits


class _Generator(unet.UNet):
    def _drop(self, features: Tensor, noise: Tensor) -> Tensor:
        return F.dropout(features, self.dropout, self.training)
