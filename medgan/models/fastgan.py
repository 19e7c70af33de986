"""FastGAN: light networks for few images (Liu et al. 2021, arXiv:2101.04775).

The generator's late maps are rescaled by early ones (skip-layer excitation); the discriminator is
regularised by two small decoders that must rebuild the real image from its feature maps. The networks
follow the authors' public description at 256 pixels and above; at 64 and 128 pixels the discriminator
has fewer halvings, so that its last map stays 8x8. The reconstruction is compared by mean absolute
error, not by the perceptual distance of the original, so that no other network's weights are needed.
"""

import itertools
from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils import parametrize

from medgan.models.content import ContentConfig, drawn_channels, joined, parted
from medgan.models.diffaugment import DiffAugment
from medgan.models.losses import hinge_discriminator, hinge_generator
from medgan.models.spectral import spectral_norm
from medgan.models.task import QUICK, STANDARD, Batch, Gan, GanTask, Latent, Losses, Preset, TrainingData, count_of
from medgan.models.upsample import UpsampledConv2d

# Channels at each resolution, in units of the width: the authors' tables. Theirs of the discriminator is for 512 pixels
# and above, so that its map of r pixels is as wide as the entry of 2 r.
GENERATOR_UNITS = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1, 256: 0.5, 512: 0.25, 1024: 0.125}
DISCRIMINATOR_UNITS = GENERATOR_UNITS | {16: 8, 32: 4}


class FastGANConfig(ContentConfig):
    """Options of FastGAN."""

    width: int = Field(64, ge=8, le=128)
    """Size of the networks; 64 in the paper, 16 learns in minutes on two cores."""
    latent_size: int = Field(256, ge=2, le=1024)
    """Random numbers behind one image."""
    augment: bool = True
    """Show the discriminator randomly changed images (brightness, contrast, shift, cut-out); helps small sets."""
    reconstruction_weight: float = Field(1.0, ge=0, le=100)
    """Weight of the discriminator's reconstruction of real images."""
    output: Literal["tanh", "linear"] = "tanh"
    """What ends the generator; the authors' own generators of 256 and 512 pixels have nothing, and are clipped."""
    narrow_discriminator: bool = False
    """Half of the published maps of 8 and 16 pixels in the discriminator, as in runs of medgan's first version."""


def channels_at(resolution: int, width: int, units: Mapping[int, float] = GENERATOR_UNITS) -> int:
    return max(4, int(units[resolution] * width))


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False))


class ToImage(nn.Conv2d):
    """A 3x3 convolution to an image, computed as the transposed one that equals it."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__(inputs, channels, 3, padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        # A processor is four times as fast at its gradients: those of a plain one are wide only where the image is.
        return F.conv_transpose2d(features, self.weight.transpose(0, 1).flip(-1, -2), padding=1)


def gated(features: Tensor) -> Tensor:
    """Gated linear unit: the first half of the channels times the sigmoid of the second."""
    # Copied, since torch is slow at halves that do not lie in one piece.
    values, gates = (half.contiguous(memory_format=torch.channels_last) for half in features.chunk(2, dim=1))
    return values * gates.sigmoid()


class Noise(nn.Module):
    """Adds a noise map, the same for all channels, with a learned strength that starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        return features + (self.strength * noise).to(features.dtype)


class Up(nn.Module):
    """Doubles the resolution: nearest upsampling, 3x3 convolution, batch norm, gated linear unit."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = spectral_norm(UpsampledConv2d(inputs, outputs * 2))
        self.norm = nn.BatchNorm2d(outputs * 2)

    def forward(self, features: Tensor) -> Tensor:
        return gated(self.norm(self.conv(features)))


class NoisyUp(nn.Module):
    """Doubles the resolution with two convolutions and noise after each."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_1 = spectral_norm(UpsampledConv2d(inputs, outputs * 2))
        self.noise_1 = Noise()
        self.norm_1 = nn.BatchNorm2d(outputs * 2)
        self.conv_2 = conv(outputs, outputs * 2, 3, padding=1)
        self.noise_2 = Noise()
        self.norm_2 = nn.BatchNorm2d(outputs * 2)

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        features = gated(self.norm_1(self.noise_1(self.conv_1(features), noise[:, :1])))
        return gated(self.norm_2(self.noise_2(self.conv_2(features), noise[:, 1:])))


class Excitation(nn.Module):
    """Skip-layer excitation: rescales the channels of a large map by what a small map holds (eq. 1)."""

    def __init__(self, small_channels: int, large_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            conv(small_channels, large_channels, 4),
            nn.SiLU(),
            conv(large_channels, large_channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        scale: Tensor = self.layers(small)
        return large * scale


def doublings(size: int, start: int = 8) -> list[int]:
    """Resolutions from `start` to `size`."""
    return [start * 2**power for power in range((size // start).bit_length())]


class Generator(nn.Module):
    """Latent and noise maps to an image (n, channels, size, size) and a small one for the small discriminator."""

    def __init__(
        self, size: int, small_size: int, channels: int, width: int, latent_size: int, *, linear: bool = False
    ) -> None:
        super().__init__()
        self.size, self.small_size = size, small_size
        self.output: nn.Module = nn.Identity() if linear else nn.Tanh()
        at = {resolution: channels_at(resolution, width) for resolution in doublings(size, 4)}
        self.start = spectral_norm(nn.ConvTranspose2d(latent_size, at[4] * 2, 4, bias=False))
        self.start_norm = nn.BatchNorm2d(at[4] * 2)
        # Resolutions 8, 32, 128, ... have two convolutions and noise; those between have one.
        self.blocks = nn.ModuleDict(
            {str(r): (NoisyUp if is_noisy(r) else Up)(at[r // 2], at[r]) for r in doublings(size)}
        )
        self.excitations = nn.ModuleDict(
            {str(r): Excitation(at[r // 16], at[r]) for r in doublings(size) if is_excited(r)}
        )
        self.to_image = spectral_norm(ToImage(at[size], channels))
        self.to_small = conv(at[small_size], channels, 1)

    def forward(self, latent: Latent) -> tuple[Tensor, Tensor]:
        z = latent["z"][:, :, None, None]
        start = self.start_norm(self.start(z)).to(memory_format=torch.channels_last)
        maps = {4: gated(start)}
        for r in doublings(self.size):
            noise = (latent[f"noise_{r}"],) if is_noisy(r) else ()
            maps[r] = self.blocks[str(r)](maps[r // 2], *noise)
            if is_excited(r):
                maps[r] = self.excitations[str(r)](maps[r // 16], maps[r])
        return self.output(self.to_image(maps[self.size])), self.output(self.to_small(maps[self.small_size]))


def is_noisy(resolution: int) -> bool:
    """Whether the generator's block that ends at this resolution (8, 16, 32, ...) takes noise."""
    return resolution.bit_length() % 2 == 0


def is_excited(resolution: int) -> bool:
    """Whether the generator's map of this resolution is rescaled by one sixteen times smaller (figure 3)."""
    return 64 <= resolution <= 512


class Down(nn.Module):
    """Halves the resolution: the mean of a convolutional and a pooling path."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            conv(inputs, outputs, 4, 2, 1),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(0.2, inplace=True),
            conv(outputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.direct = nn.Sequential(
            nn.AvgPool2d(2), conv(inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)
        )

    def forward(self, features: Tensor) -> Tensor:
        main, direct = self.main(features), self.direct(features)
        mean: Tensor = (main + direct) / 2
        return mean


class PlainDown(nn.Sequential):
    """Halves the resolution with one convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(conv(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True))


class Decoder(nn.Sequential):
    """Rebuilds an image of `size` pixels from an 8x8 map; half as wide as the generator."""

    def __init__(self, inputs: int, channels: int, size: int, width: int) -> None:
        outputs = [channels_at(r, width) // 2 for r in doublings(size, 16)]
        ups = [Up(*pair) for pair in itertools.pairwise([inputs, *outputs])]
        super().__init__(*ups, spectral_norm(ToImage(outputs[-1], channels)), nn.Tanh())


class Discriminator(nn.Module):
    """Judges an image in 5x5 overlapping fields, and its small version likewise; rebuilds real ones."""

    def __init__(
        self, size: int, small_size: int, channels: int, width: int, units: Mapping[int, float] = DISCRIMINATOR_UNITS
    ) -> None:
        super().__init__()
        # The authors halve 512 and 1024 pixels by plain strided convolutions before the first block.
        top = min(size, 256)
        at = {r: channels_at(2 * r, width, units) for r in doublings(top)}
        halved = [channels_at(r, width) for r in reversed(doublings(size, 2 * top))]
        first = conv(channels, halved[0], 4, 2, 1) if halved else conv(channels, at[top], 3, padding=1)
        self.stem = nn.Sequential(
            first, nn.LeakyReLU(0.2, inplace=True), *(PlainDown(*pair) for pair in itertools.pairwise(halved))
        )
        self.resolutions = doublings(top)[:-1][::-1]
        self.downs = nn.ModuleDict({str(r): Down(at[2 * r], at[r]) for r in self.resolutions})
        self.excitations = nn.ModuleDict(
            {str(r): Excitation(at[8 * r], at[r]) for r in self.resolutions if 8 * r in at}
        )
        self.to_logits = nn.Sequential(
            conv(at[8], at[8] * 2, 1), nn.BatchNorm2d(at[8] * 2), nn.LeakyReLU(0.2, inplace=True), conv(at[8] * 2, 1, 4)
        )
        small = {r: channels_at(4 * r, width, units) for r in doublings(small_size // 2)}
        self.small_downs = nn.Sequential(
            conv(channels, small[small_size // 2], 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            *(PlainDown(small[2 * r], small[r]) for r in doublings(small_size // 4)[::-1]),
        )
        self.small_to_logits = conv(small[8], 1, 4)
        self.decode_whole = Decoder(at[8], channels, min(size, 128), width)
        self.decode_part = Decoder(at[16], channels, min(size // 2, 128), width)

    def forward(self, pictures: Tensor, small: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """Logits of all fields (n, fields), and the feature maps by resolution, the last 8x8."""
        maps = {2 * self.resolutions[0]: self.stem(pictures.to(memory_format=torch.channels_last))}
        for r in self.resolutions:
            maps[r] = self.downs[str(r)](maps[2 * r])
            if str(r) in self.excitations:
                maps[r] = self.excitations[str(r)](maps[8 * r], maps[r])
        small_map = self.small_downs(small.to(memory_format=torch.channels_last))
        logits = [self.to_logits(maps[8]), self.small_to_logits(small_map)]
        return torch.cat([fields.flatten(1) for fields in logits], dim=1), maps

    def reconstruction_loss(self, maps: dict[int, Tensor], images: Tensor) -> Tensor:
        """Mean absolute error of the whole image rebuilt from 8x8, and of one quarter rebuilt from 16x16."""
        row, column = (int(value) for value in torch.randint(2, (2,)))
        half = images.shape[-1] // 2
        whole = self.decode_whole(maps[8])
        part = self.decode_part(maps[16][..., row * 8 : row * 8 + 8, column * 8 : column * 8 + 8])
        quarter = images[..., row * half : (row + 1) * half, column * half : (column + 1) * half]
        return F.l1_loss(whole.float(), shrink(images, whole.shape[-1])) + F.l1_loss(
            part.float(), shrink(quarter, part.shape[-1])
        )


def shrink(images: Tensor, size: int) -> Tensor:
    return images if images.shape[-1] == size else F.interpolate(images, size, mode="area")


class FastGANTask(GanTask):
    """FastGAN's losses: hinge for both sides, reconstruction for the discriminator (section 3.2 and 3.3)."""

    config: FastGANConfig

    def __init__(self, config: FastGANConfig, data: TrainingData) -> None:
        super().__init__(config, data)
        self.drawn = config.parts.drawn
        self.small_size = min(config.size // 2, 128)
        shape = (config.size, self.small_size, drawn_channels(config, data), config.width)
        linear = config.output == "linear"
        self.generators = nn.ModuleDict({"generator": Generator(*shape, config.latent_size, linear=linear)})
        units = GENERATOR_UNITS if config.narrow_discriminator else DISCRIMINATOR_UNITS
        self.discriminators = nn.ModuleDict({"discriminator": Discriminator(*shape, units)})
        tones = data.channels if "images" in self.drawn else 0
        self.augment: nn.Module = DiffAugment(tones) if config.augment else nn.Identity()

    @property
    def latent_shapes(self) -> Mapping[str, tuple[int, ...]]:
        noise = {f"noise_{r}": (2, r, r) for r in doublings(self.config.size) if is_noisy(r)}
        return {"z": (self.config.latent_size,)} | noise

    def decode(self, latent: Latent, condition: Batch) -> Batch:
        return parted(self.generators["generator"](latent)[0].clamp(-1, 1), self.drawn, self.data)

    def generate(self, batch: Batch) -> dict[str, Tensor]:
        pictures, small = self.generators["generator"](self.random_latent(count_of(batch)))
        return {"pictures": pictures.float(), "small": small.float()}

    def discriminator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        discriminator = self.discriminators["discriminator"]
        assert isinstance(discriminator, Discriminator)
        real = self.augment(joined(batch, self.drawn))
        # Weights are normalised once for both images: one power iteration follows a step's small change of them.
        with parametrize.cached():
            real_logits, real_maps = discriminator(real, shrink(real, self.small_size))
            fake_logits = self._fake_logits(fakes)
            on_real, on_fake = hinge_discriminator(real_logits.float(), fake_logits.float())
            reconstruction = discriminator.reconstruction_loss(real_maps, real)
        return {
            "on_real": on_real,
            "on_fake": on_fake,
            "reconstruction": self.config.reconstruction_weight * reconstruction,
        }

    def generator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        return {"adversarial": hinge_generator(self._fake_logits(fakes).float())}

    def _fake_logits(self, fakes: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self.discriminators["discriminator"](
            self.augment(fakes["pictures"]), self.augment(fakes["small"])
        )[0]
        return logits


THESIS = {
    "size": 256,
    "width": 64,
    "batch_size": 8,
    "steps": 50_000,
    "sample_every": 1000,
    "checkpoint_every": 2000,
}

FASTGAN = Gan(
    title="FastGAN",
    summary="Learns from few images (a hundred are enough to begin) and quickly. The first choice for most data sets.",
    reference="Liu et al. 2021, Towards Faster and Stabilized GAN Training (arXiv:2101.04775)",
    task=FastGANTask,
    config=FastGANConfig,
    sizes=(64, 128, 256, 512, 1024),
    presets={
        "quick": Preset(QUICK, {"size": 64, "width": 16, "batch_size": 16, "steps": 1200, "ema_decay": 0.995}),
        "standard": Preset(STANDARD, {"size": 128, "width": 32, "batch_size": 16, "steps": 20_000}),
        "thesis": Preset("tuberculosis study, normal films: 256 pixels, 50,000 steps", THESIS),
        "thesis-abnormal": Preset("tuberculosis study, abnormal films: 52,000 steps", THESIS | {"steps": 52_000}),
        "thesis-pneumonia": Preset(
            "viral pneumonia study: the 42,000 steps after which quality fell", THESIS | {"steps": 42_000}
        ),
        "thesis-ct": Preset(
            "chest CT study: image and structure masks together, 60,000 steps",
            THESIS | {"content": "images_and_masks", "steps": 60_000},
        ),
        "thesis-melanoma": Preset(
            "melanoma study: image and lesion mask together, 50,000 steps (the source names no number)",
            THESIS | {"content": "images_and_masks"},
        ),
    },
)
