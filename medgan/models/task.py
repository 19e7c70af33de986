"""The contract between a GAN and everything else: the training loop, sampling, forms, tests."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from medgan.common.config import Config
from medgan.common.repro import derive_seed

Losses = dict[str, Tensor]
Latent = dict[str, Tensor]
Batch = dict[str, Tensor]
"""Parts of some items by name, as networks see them: `images`, `images_b` and `sources` (n, c, h, w) in [-1, 1],
`masks` (n, structures, h, w), -1 outside and 1 inside, `labels` (n,) numbers of classes."""


class TrainingData(Config):
    """What a GAN has to know of its training data to build its networks."""

    channels: Literal[1, 3]
    """Channels of an image: 1 grey, 3 colour."""
    structures: tuple[str, ...] = ()
    """Names of the mask's structures; empty where there are no masks."""
    classes: tuple[str, ...] = ()
    """Class names of the images trained on; for two domains, that of a and that of b."""
    source_channels: Literal[0, 1, 3] = 0
    """Channels of the source images, where the data are pairs of images."""


@dataclass(frozen=True)
class Parts:
    """Which parts of the data a GAN deals with, by their names in a batch."""

    learned: tuple[str, ...] = ("images",)
    """What a training batch holds."""
    given: tuple[str, ...] = ()
    """What a sample is made from beside noise: one of these; nothing where noise is enough."""
    drawn: tuple[str, ...] = ("images",)
    """What a sample holds."""


class GanConfig(Config):
    """Options every GAN has."""

    size: int = Field(64, ge=16, le=1024)
    """Side of the square images, in pixels."""
    batch_size: int = Field(16, ge=1, le=1024)
    """Images in one training step."""
    learning_rate: float = Field(2e-4, gt=0, le=1)
    """Step size of the Adam optimizers."""
    adam_beta1: float = Field(0.5, ge=0, lt=1)
    """Adam's memory of past gradients."""
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Weight of the past in the averaged generator that makes the samples; 0 switches averaging off."""

    @property
    def parts(self) -> Parts:
        """Which parts of the data these options deal with."""
        return Parts()

    @property
    def pretrained(self) -> str | None:
        """Name of the pre-trained network that the losses need; None where they need none."""
        return None


def count_of(batch: Batch) -> int:
    """Number of items in a batch."""
    return len(next(iter(batch.values())))


class GanTask(nn.Module, ABC):
    """A GAN: its networks, its losses, its way to sample.

    The loop alone detaches, freezes, scales, steps, averages, logs, checkpoints and resumes; a task only
    computes. Everything random in training comes from torch's global generator, which the loop seeds
    from seed and step; everything random in sampling comes from the latent.
    """

    generators: nn.ModuleDict
    """The networks that sampling uses; their average is kept."""
    discriminators: nn.ModuleDict

    def __init__(self, config: GanConfig, data: TrainingData) -> None:
        super().__init__()
        self.config = config
        self.data = data

    @property
    @abstractmethod
    def latent_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of each standard-normal number block behind one image, without the batch dimension."""

    @abstractmethod
    def decode(self, latent: Latent, condition: Batch) -> Batch:
        """The drawn parts, in [-1, 1], from latents and the given parts; deterministic."""

    def prepare(self, batch: Batch) -> Batch:
        """The batch as this training step sees it; a place for augmentation that is the GAN's own."""
        return batch

    @abstractmethod
    def generate(self, batch: Batch) -> dict[str, Tensor]:
        """The fakes of one training step, by name, each (n, c, h, w), with gradients to the generators."""

    @abstractmethod
    def discriminator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        """Named scalars whose sum the discriminators minimise; the fakes come detached."""

    @abstractmethod
    def generator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        """Named scalars whose sum the generators minimise; the discriminators come frozen."""

    def random_latent(self, count: int) -> Latent:
        """Latents for training, from torch's global generator."""
        device = next(self.parameters()).device
        return {name: torch.randn(count, *shape, device=device) for name, shape in self.latent_shapes.items()}

    def seeded_latent(self, seed: int, first: int, count: int) -> Latent:
        """Latents of images number `first` to `first + count - 1` of a seed.

        Each image has a generator of its own, so that image 7 of a seed is the same alone and among thousands.
        """
        rows = [self._one_latent(derive_seed(seed, index)) for index in range(first, first + count)]
        device = next(self.parameters()).device
        return {name: torch.stack([row[name] for row in rows]).to(device) for name in self.latent_shapes}

    def _one_latent(self, seed: int) -> Latent:
        generator = torch.Generator().manual_seed(seed)
        return {name: torch.randn(shape, generator=generator) for name, shape in self.latent_shapes.items()}

    def sample(self, count: int, seed: int, condition: Batch | None = None, first: int = 0) -> Batch:
        """Parts drawn for items number `first` to `first + count - 1` of a seed; the condition holds a given part."""
        return self.decode(self.seeded_latent(seed, first, count), condition or {})


@dataclass(frozen=True)
class Preset:
    """A named starting point for the options."""

    summary: str
    """What it is and what it takes, in words."""
    options: Mapping[str, Any]
    """Options of the GAN and of the training loop that differ from their defaults."""


@dataclass(frozen=True)
class Gan:
    """A row of the table of GANs."""

    title: str
    """The name as the field writes it."""
    summary: str
    """One or two plain sentences for a person who is about to choose."""
    reference: str
    """The paper."""
    task: type[GanTask]
    config: type[GanConfig]
    sizes: tuple[int, ...]
    """Image sides, in pixels, that the networks can be built for."""
    presets: Mapping[str, Preset] = field(default_factory=dict)
    """`quick` and `standard` first, then those of the published comparison."""


QUICK = "64 pixels, minutes on two cores: a first look"
STANDARD = "128 pixels, hours on a laptop, minutes on a GPU"
