"""DCGAN: strided convolutions and batch norm, no hidden dense layers (Radford et al. 2016, arXiv:1511.06434).

All kernels are 5x5 and the discriminator begins with a stride-2 convolution, LeakyReLU and dropout, as in
the published comparison; one model a class. 64 pixels is its X-ray network, 128 pixels has one stage more.
"""

import itertools
from collections.abc import Mapping

from pydantic import Field
from torch import Tensor, nn

from medgan.models.diffaugment import DiffAugment
from medgan.models.losses import binary_discriminator, binary_generator
from medgan.models.task import Batch, Gan, GanConfig, GanTask, Latent, Losses, TrainingData


class DCGANConfig(GanConfig):
    """Options of DCGAN."""

    width: int = Field(64, ge=8, le=128)
    """Channels of the layer next to the image; they double with each halving, up to eight times."""
    latent_size: int = Field(100, ge=2, le=1024)
    """Random numbers behind one image."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of the discriminator's first maps that is dropped."""
    augment: bool = False
    """Show the discriminator randomly changed images; helps small sets, not in the published comparison."""


def stage_channels(size: int, width: int) -> list[int]:
    """Channels of the maps from size/2 down to 4 pixels: 64, 128, 256, 512 for 64 pixels and width 64."""
    return [width * min(8, 2**stage) for stage in range((size // 4).bit_length() - 1)]


class Generator(nn.Module):
    """Latent (n, latent_size) to images (n, channels, size, size)."""

    def __init__(self, size: int, channels: int, width: int, latent_size: int) -> None:
        super().__init__()
        stages = stage_channels(size, width)[::-1]
        self.project = nn.Linear(latent_size, stages[0] * 16, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(stages[0]), nn.ReLU()]
        for inputs, outputs in itertools.pairwise(stages):
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, output_padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        layers += [nn.ConvTranspose2d(stages[-1], channels, 5, 2, 2, output_padding=1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(self.project(z).unflatten(1, (-1, 4, 4)))
        return images


class Discriminator(nn.Sequential):
    """Images (n, channels, size, size) to logits (n, 1)."""

    def __init__(self, size: int, channels: int, width: int, dropout: float) -> None:
        stages = stage_channels(size, width)
        layers: list[nn.Module] = [
            nn.Conv2d(channels, stages[0], 5, 2, 2),
            nn.LeakyReLU(0.2),
            nn.Dropout(dropout),
        ]
        for inputs, outputs in itertools.pairwise(stages):
            layers += [
                nn.Conv2d(inputs, outputs, 5, 2, 2, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        super().__init__(*layers, nn.Flatten(), nn.Linear(stages[-1] * 16, 1))


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
        generator = Generator(config.size, data.channels, config.width, config.latent_size)
        discriminator = Discriminator(config.size, data.channels, config.width, config.dropout)
        self.generators = nn.ModuleDict({"generator": generator})
        self.discriminators = nn.ModuleDict({"discriminator": discriminator})
        self.generators.apply(initialise)
        self.discriminators.apply(initialise)
        self.augment: nn.Module = DiffAugment(data.channels) if config.augment else nn.Identity()

    @property
    def latent_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {"z": (self.config.latent_size,)}

    def decode(self, latent: Latent, condition: Tensor | None = None) -> Tensor:
        images: Tensor = self.generators["generator"](latent["z"])
        return images

    def generate(self, batch: Batch) -> dict[str, Tensor]:
        return {"images": self.decode(self.random_latent(len(batch.images))).float()}

    def discriminator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        on_real, on_fake = binary_discriminator(self._logits(batch.images), self._logits(fakes["images"]))
        return {"on_real": on_real, "on_fake": on_fake}

    def generator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        return {"adversarial": binary_generator(self._logits(fakes["images"]))}

    def _logits(self, images: Tensor) -> Tensor:
        logits: Tensor = self.discriminators["discriminator"](self.augment(images))
        return logits.float()


DCGAN = Gan(
    title="DCGAN",
    summary="The classic: small and simple, coarse pictures up to 128 pixels. The baseline others are held against.",
    reference="Radford et al. 2016, Unsupervised Representation Learning with DCGANs (arXiv:1511.06434)",
    task=DCGANTask,
    config=DCGANConfig,
    sizes=(64, 128),
    presets={
        "quick": {"size": 64, "width": 16, "batch_size": 32, "steps": 3000, "augment": True, "ema_decay": 0.995},
        "standard": {"size": 128, "width": 48, "batch_size": 32, "steps": 20_000, "augment": True},
        "thesis": {"size": 64, "width": 64, "batch_size": 16, "steps": 5000, "learning_rate": 1e-4},
    },
)
