"""Pix2Pix: translation between paired pictures (Isola et al. 2017, arXiv:1611.07004).

Mask to image, its main use here; image to mask and image to image by the same networks. Networks and losses follow
the published comparison: PatchGANs named by their field, L1 or a perceptual loss on VGG16 maps, one to three
discriminators at different scales (Wang et al. 2018, arXiv:1711.11585). Dropout is the noise: it stays on when
sampling, so that one mask gives several images.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from medgan.common.errors import BadInput
from medgan.models import patchgan
from medgan.models.jitter import jittered
from medgan.models.losses import binary_discriminator, binary_generator, squares_discriminator, squares_generator
from medgan.models.norms import Norm
from medgan.models.patchgan import MultiScalePatchGAN, total
from medgan.models.task import (
    QUICK,
    STANDARD,
    Batch,
    Gan,
    GanConfig,
    GanTask,
    Latent,
    Losses,
    Parts,
    Preset,
    TrainingData,
    count_of,
)
from medgan.models.translators import Network, translator

Translation = Literal["masks_to_images", "images_to_masks", "sources_to_images"]
PERCEPTUAL_WEIGHTS: dict[str, tuple[float, ...]] = {"vgg16_2": (100.0, 200.0), "vgg16_3": (100.0, 200.0, 300.0)}
"""Weights of the VGG16 maps, from the first, as published."""


class Pix2PixConfig(GanConfig):
    """Options of Pix2Pix."""

    size: int = Field(128, ge=64, le=512)
    """Side of the square images, in pixels."""
    batch_size: int = Field(1, ge=1, le=1024)
    """Images in one training step."""
    translation: Translation = "masks_to_images"
    """What is made from what: images from masks, masks from images, or images from source images."""
    network: Network = "unet"
    """The generator; the U-Net of the paper, or CycleGAN's residual network."""
    width: int = Field(64, ge=4, le=128)
    """Channels of the generator's first map; 64 in the paper."""
    discriminator_width: int = Field(64, ge=4, le=128)
    """Channels of the discriminator's first map; 64 in the paper."""
    norm: Norm = "instance_affine"
    """Norm of the networks. With batches of one, instance norm with scale and shift is what batch norm is."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Share of the deepest maps that is dropped, in training and in sampling: the noise that makes images differ."""
    field: patchgan.Field = 70
    """Side of the patch that the discriminator judges, in pixels; 70 in the paper, 10, 22 and 46 in the comparison."""
    scales: int = Field(1, ge=1, le=3)
    """Discriminators, each at half the resolution of the one before."""
    adversarial: Literal["cross_entropy", "least_squares"] = "cross_entropy"
    """Form of the adversarial loss; cross-entropy in the paper."""
    reconstruction: Literal["l1", "vgg16_2", "vgg16_3"] = "l1"
    """How the translation is held to the real image: pixels (L1), or two or three maps of VGG16 (needs its weights)."""
    l1_weight: float = Field(100.0, ge=0, le=10_000)
    """Weight of the L1 loss; 100 in the paper."""
    jitter: bool = False
    """Enlarge each pair by an eighth and crop it back at random."""

    @model_validator(mode="after")
    def _perceptual_of_images(self) -> Self:
        if self.pretrained and self.translation == "images_to_masks":
            raise ValueError("a perceptual reconstruction compares images; for masks take l1")
        return self

    @model_validator(mode="after")
    def _large_enough(self) -> Self:
        patchgan.check_size(self.size, self.field, self.scales)
        return self

    @property
    def parts(self) -> Parts:
        given, drawn = self.translation.split("_to_")
        return Parts(learned=(given, drawn), given=(given,), drawn=(drawn,))

    @property
    def pretrained(self) -> str | None:
        return "vgg16" if self.reconstruction in PERCEPTUAL_WEIGHTS else None


class Pix2PixTask(GanTask):
    """Pix2Pix's losses (equations 1 to 4); the discriminator sees the given and the drawn picture together."""

    config: Pix2PixConfig

    def __init__(self, config: Pix2PixConfig, data: TrainingData) -> None:
        super().__init__(config, data)
        self.given, self.drawn = config.parts.learned
        inputs, outputs = (channels_of(part, data) for part in (self.given, self.drawn))
        generator = translator(
            config.network,
            size=config.size,
            inputs=inputs,
            outputs=outputs,
            width=config.width,
            norm=config.norm,
            dropout=config.dropout,
        )
        discriminator = MultiScalePatchGAN(
            inputs + outputs, config.field, config.discriminator_width, config.norm, config.scales
        )
        self.noise_shapes = generator.noise_shapes
        self.generators = nn.ModuleDict({"generator": generator})
        self.discriminators = nn.ModuleDict({"discriminator": discriminator})
        self.generators.apply(patchgan.initialise)
        self.discriminators.apply(patchgan.initialise)
        self._perceptual: Any = None

    @property
    def latent_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self.noise_shapes

    def decode(self, latent: Latent, condition: Batch) -> Batch:
        return {self.drawn: self.generators["generator"](condition[self.given], latent)}

    def prepare(self, batch: Batch) -> Batch:
        return jittered(batch) if self.config.jitter else batch

    def generate(self, batch: Batch) -> dict[str, Tensor]:
        latent = self.random_latent(count_of(batch))
        return {self.drawn: self.generators["generator"](batch[self.given], latent).float()}

    def discriminator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        sides = [
            self._adversarial_discriminator(real, fake)
            for real, fake in zip(self._logits(batch, batch), self._logits(batch, fakes), strict=True)
        ]
        return {
            "on_real": total([on_real for on_real, _ in sides]) / 2,  # halved: it learns at half the speed (6.2)
            "on_fake": total([on_fake for _, on_fake in sides]) / 2,
        }

    def generator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        adversarial = total([self._adversarial_generator(logits) for logits in self._logits(batch, fakes)])
        return {"adversarial": adversarial, "reconstruction": self._reconstruction(batch, fakes)}

    def _logits(self, batch: Batch, pictures: Mapping[str, Tensor]) -> list[Tensor]:
        pairs = torch.cat([batch[self.given], pictures[self.drawn]], dim=1)
        logits: list[Tensor] = self.discriminators["discriminator"](pairs)
        return logits

    def _adversarial_discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        entropy = self.config.adversarial == "cross_entropy"
        return binary_discriminator(real, fake) if entropy else squares_discriminator(real, fake)

    def _adversarial_generator(self, fake: Tensor) -> Tensor:
        return binary_generator(fake) if self.config.adversarial == "cross_entropy" else squares_generator(fake)

    def _reconstruction(self, batch: Batch, fakes: dict[str, Tensor]) -> Tensor:
        real, fake = batch[self.drawn], fakes[self.drawn]
        if self.config.reconstruction == "l1":
            return self.config.l1_weight * F.l1_loss(fake, real)
        loss: Tensor = self._perceptual_loss()(fake, real)
        return loss

    def _perceptual_loss(self) -> Any:
        """Loaded when first trained with: sampling needs no VGG16. Raises BadInput where its weights are absent."""
        if self._perceptual is None:
            from medgan.models.perceptual import PerceptualLoss  # takes a second, and few runs need it

            weights = PERCEPTUAL_WEIGHTS[self.config.reconstruction]
            self._perceptual = PerceptualLoss.load(weights).to(next(self.parameters()).device)
        return self._perceptual


def channels_of(part: str, data: TrainingData) -> int:
    """Channels of a part of the data; raises BadInput where the data do not have it."""
    channels = {"images": data.channels, "masks": len(data.structures), "sources": data.source_channels}[part]
    if channels == 0:
        raise BadInput(
            f"these images have no {part}, and this translation needs them: "
            f"choose a data set with {part}, or another translation"
        )
    return channels


def _comparison(field: int, reconstruction: str, number: int) -> Preset:
    """A model of the published comparison: 128 pixels, 200 epochs."""
    losses = {"l1": "L1", "vgg16_2": "two VGG16 maps", "vgg16_3": "three VGG16 maps"}
    return Preset(
        f"melanoma study, model {number}: field {field}, adversarial loss + {losses[reconstruction]}, 200 epochs",
        {"size": 128, "field": field, "reconstruction": reconstruction, "epochs": 200, "ema_decay": 0.0},
    )


SMALL: dict[str, Any] = {"size": 256, "field": 70, "epochs": 200, "ema_decay": 0.0}
FIELDS = (10, 22, 46)

PIX2PIX = Gan(
    title="Pix2Pix",
    summary="Paints an image into a mask: the lesion appears where the mask says. Needs images with masks.",
    reference="Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks (arXiv:1611.07004)",
    task=Pix2PixTask,
    config=Pix2PixConfig,
    sizes=(64, 128, 256, 512),
    presets={
        "quick": Preset(
            QUICK,
            {
                "size": 64,
                "width": 32,
                "discriminator_width": 32,
                "field": 22,
                "batch_size": 8,
                "steps": 2000,
                "ema_decay": 0.995,
            },
        ),
        "standard": Preset(
            STANDARD,
            {"size": 128, "field": 46, "batch_size": 4, "steps": 20_000},
        ),
        "thesis": Preset(
            "melanoma study: the published 128-pixel network, field 46, L1, 200 epochs",
            {"size": 128, "field": 46, "epochs": 200, "ema_decay": 0.0},
        ),
        **{
            f"thesis-{name}-{field}": _comparison(field, reconstruction, 3 * group + number)
            for group, (name, reconstruction) in enumerate([("l1", "l1"), ("vgg2", "vgg16_2"), ("vgg3", "vgg16_3")])
            for number, field in enumerate(FIELDS, start=1)
        },
        "small": Preset("240-image study, model 1: the original 256-pixel network, no jitter", SMALL),
        "small-jitter": Preset(
            "240-image study, model 2: with random jitter and mirroring", SMALL | {"jitter": True, "flip": True}
        ),
    },
)
