"""DCGAN: strided convolutions and batch norm, no hidden dense layers (Radford et al. 2016, arXiv:1511.06434).

All kernels are 5x5 and the X-ray discriminator begins with a stride-2 convolution, LeakyReLU and dropout, as in the
published comparison; one model a class, or one for all classes that is told which to draw (Mirza & Osindero 2014,
arXiv:1411.1784). Its lesion-mask network differs: the generator narrows from 512 maps to 32, the discriminator
widens from 16 to 512 in six convolutions.
"""

import itertools
from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from medgan.common.errors import BadInput
from medgan.models.content import ContentConfig, drawn_channels, joined, parted
from medgan.models.diffaugment import DiffAugment
from medgan.models.losses import binary_discriminator, binary_generator
from medgan.models.task import (
    QUICK,
    STANDARD,
    Batch,
    Gan,
    GanTask,
    Latent,
    Losses,
    Parts,
    Preset,
    TrainingData,
    count_of,
)


class DCGANConfig(ContentConfig):
    """Options of DCGAN."""

    network: Literal["xray", "lesion_mask"] = "xray"
    """Which published network: that for X-rays, or that for lesion masks (one convolution more on either side)."""
    width: int = Field(64, ge=8, le=128)
    """Channels of the layer next to the image; they double with each halving, up to eight times as many."""
    latent_size: int = Field(100, ge=2, le=1024)
    """Random numbers behind one image."""
    conditional: bool = False
    """One model for all classes, told which class to draw; else it draws what it was shown, all alike."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of the discriminator's first maps that is dropped."""
    augment: bool = False
    """Show the discriminator randomly changed images; helps small sets, not in the published comparison."""

    @property
    def parts(self) -> Parts:
        content = super().parts
        if not self.conditional:
            return content
        return Parts(learned=(*content.learned, "labels"), given=("labels",), drawn=content.drawn)


def generator_channels(config: DCGANConfig) -> list[int]:
    """Channels of the maps from 4 pixels up to size/2 (X-ray) or to the full size (lesion mask).

    With 64 pixels and width 64: 512, 256, 128, 64; the mask network with 128 pixels and width 32:
    512, 512, 256, 128, 64, 32, of which the first is the projection.
    """
    halvings = (config.size // 4).bit_length() - 1
    if config.network == "xray":
        return [config.width * min(8, 2**stage) for stage in range(halvings)][::-1]
    return [config.width * min(16, 2**stage) for stage in (*range(halvings), halvings - 1)][::-1]


def discriminator_channels(config: DCGANConfig) -> list[int]:
    """Channels after each convolution: 64 to 512 (X-ray, width 64), 16 to 512 (lesion mask, width 32)."""
    halvings = (config.size // 4).bit_length() - 1
    if config.network == "xray":
        return [config.width * min(8, 2**stage) for stage in range(halvings)]
    return [max(4, config.width // 2) * min(32, 2**stage) for stage in range(halvings + 1)]


class Generator(nn.Module):
    """Latent (n, latent_size) to pictures (n, channels, size, size) by transposed convolutions that double."""

    def __init__(self, config: DCGANConfig, channels: int, classes: int) -> None:
        super().__init__()
        stages = generator_channels(config)
        self.project = nn.Linear(config.latent_size + classes, stages[0] * 16, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(stages[0]), nn.ReLU()]
        for inputs, outputs in itertools.pairwise(stages):
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, output_padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        if config.network == "xray":
            layers += [nn.ConvTranspose2d(stages[-1], channels, 5, 2, 2, output_padding=1), nn.Tanh()]
        else:
            layers += [nn.Conv2d(stages[-1], channels, 5, padding=2), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        pictures: Tensor = self.layers(self.project(z).unflatten(1, (-1, 4, 4)))
        return pictures


class Dropout(nn.Dropout):
    """Dropout that draws uniform numbers: on a processor three times as fast as the coin flips of torch's own."""

    def forward(self, features: Tensor) -> Tensor:
        if not self.training or not self.p:
            return features
        kept = torch.rand(features.shape, device=features.device) >= self.p
        return features * kept / (1 - self.p)


class Discriminator(nn.Sequential):
    """Pictures (n, channels, size, size) to logits (n, 1)."""

    def __init__(self, config: DCGANConfig, channels: int) -> None:
        stages = discriminator_channels(config)
        layers: list[nn.Module] = [
            nn.Conv2d(channels, stages[0], 5, 2, 2),
            nn.LeakyReLU(0.2),
            Dropout(config.dropout),
        ]
        for inputs, outputs in itertools.pairwise(stages):
            layers += [
                nn.Conv2d(inputs, outputs, 5, 2, 2, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        side = config.size // 2 ** len(stages)
        super().__init__(*layers, nn.Flatten(), nn.Linear(stages[-1] * side**2, 1))


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), batch norm scales from N(1, 0.02) (Radford et al. 2016, section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class DCGANTask(GanTask):
    """DCGAN with the original, non-saturating adversarial loss."""

    config: DCGANConfig

    def __init__(self, config: DCGANConfig, data: TrainingData) -> None:
        super().__init__(config, data)
        self.drawn = config.parts.drawn
        self.classes = len(data.classes) if config.conditional else 0
        if config.conditional and (self.classes < 2 or not all(data.classes)):
            raise BadInput("conditional needs images of two classes or more: leave it off, or choose all classes")
        channels = drawn_channels(config, data)
        self.generators = nn.ModuleDict({"generator": Generator(config, channels, self.classes)})
        self.discriminators = nn.ModuleDict({"discriminator": Discriminator(config, channels + self.classes)})
        self.generators.apply(initialise)
        self.discriminators.apply(initialise)
        tones = data.channels if "images" in self.drawn else 0
        self.augment: nn.Module = DiffAugment(tones) if config.augment else nn.Identity()

    @property
    def latent_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {"z": (self.config.latent_size,)}

    def decode(self, latent: Latent, condition: Batch) -> Batch:
        return parted(self._pictures(latent, condition), self.drawn, self.data)

    def generate(self, batch: Batch) -> dict[str, Tensor]:
        return {"pictures": self._pictures(self.random_latent(count_of(batch)), batch).float()}

    def discriminator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        real_logits = self._logits(joined(batch, self.drawn), batch)
        on_real, on_fake = binary_discriminator(real_logits, self._logits(fakes["pictures"], batch))
        return {"on_real": on_real, "on_fake": on_fake}

    def generator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        return {"adversarial": binary_generator(self._logits(fakes["pictures"], batch))}

    def _pictures(self, latent: Latent, condition: Batch) -> Tensor:
        z = latent["z"]
        if self.classes:
            z = torch.cat([z, F.one_hot(condition["labels"], self.classes).to(z)], dim=1)
        pictures: Tensor = self.generators["generator"](z)
        return pictures

    def _logits(self, pictures: Tensor, batch: Batch) -> Tensor:
        pictures = self.augment(pictures)
        if self.classes:
            maps = F.one_hot(batch["labels"], self.classes).to(pictures)[:, :, None, None]
            pictures = torch.cat([pictures, maps.expand(-1, -1, *pictures.shape[2:])], dim=1)
        logits: Tensor = self.discriminators["discriminator"](pictures)
        return logits.float()


DCGAN = Gan(
    title="DCGAN",
    summary="The classic: small and simple, coarse pictures up to 128 pixels. The baseline others are held against.",
    reference="Radford et al. 2016, Unsupervised Representation Learning with DCGANs (arXiv:1511.06434)",
    task=DCGANTask,
    config=DCGANConfig,
    sizes=(64, 128),
    presets={
        "quick": Preset(
            QUICK,
            {"size": 64, "width": 16, "batch_size": 32, "steps": 3000, "augment": True, "ema_decay": 0.995},
        ),
        "standard": Preset(STANDARD, {"size": 128, "width": 48, "batch_size": 32, "steps": 20_000, "augment": True}),
        "thesis": Preset(
            "X-rays: the 64-pixel network, one model a class",
            {"size": 64, "width": 64, "batch_size": 16, "steps": 5000, "learning_rate": 1e-4, "ema_decay": 0.0},
        ),
        "thesis-masks": Preset(
            "lesion masks: the 128-pixel network, 100 epochs",
            {
                "network": "lesion_mask",
                "content": "masks",
                "size": 128,
                "width": 32,
                "batch_size": 16,
                "learning_rate": 1e-4,
                "epochs": 100,
                "ema_decay": 0.0,
            },
        ),
    },
)
