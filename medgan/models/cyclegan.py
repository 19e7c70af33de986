"""CycleGAN: translation between two sets of unpaired pictures (Zhu et al. 2017, arXiv:1703.10593).

One run holds both directions: from domain a to domain b and back. Least-squares loss, cycle and identity terms, a
pool of 50 earlier fakes for each discriminator, learning rate constant for half of the training, then linear to zero.
"""

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from medgan.models import patchgan
from medgan.models.losses import squares_discriminator, squares_generator
from medgan.models.norms import Norm
from medgan.models.patchgan import PatchGAN
from medgan.models.pool import ImagePool
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
)
from medgan.models.translators import Network, translator

A, B = "images", "images_b"
"""The domains, by their names in a batch."""


class CycleGANConfig(GanConfig):
    """Options of CycleGAN."""

    size: int = Field(128, ge=64, le=512)
    """Side of the square images, in pixels."""
    batch_size: int = Field(1, ge=1, le=1024)
    """Images of each domain in one training step."""
    domain_a: str = Field("", max_length=200)
    """Class of domain a, such as normal; the first of two classes where it is not given."""
    domain_b: str = Field("", max_length=200)
    """Class of domain b, such as tuberculosis; the other class where it is not given."""
    network: Network = "resnet"
    """The generators; resnet has 6 blocks up to 128 pixels, 9 above, as in the paper."""
    width: int = Field(64, ge=4, le=128)
    """Channels of the generators' first map; 64 in the paper."""
    discriminator_width: int = Field(64, ge=4, le=128)
    """Channels of the discriminators' first map; 64 in the paper."""
    norm: Norm = "instance"
    """Norm of the networks; instance in the paper."""
    field: patchgan.Field = 70
    """Side of the patch that the discriminators judge, in pixels; 70 in the paper, 10, 22 and 46 in the comparison."""
    cycle_weight: float = Field(10.0, ge=0, le=1000)
    """Weight of the way there and back again being the identity; 10 in the paper."""
    identity_weight: float = Field(5.0, ge=0, le=1000)
    """Weight of an image that is in the target domain already staying as it is; half of the cycle's in the paper."""
    pool_size: int = Field(50, ge=0, le=1000)
    """Earlier fakes kept for each discriminator; 50 in the paper."""

    @property
    def parts(self) -> Parts:
        return Parts(learned=(A, B), given=(A, B), drawn=("images",))


class CycleGANTask(GanTask):
    """CycleGAN's losses (equations 1 to 3 and section 5.2)."""

    config: CycleGANConfig

    def __init__(self, config: CycleGANConfig, data: TrainingData) -> None:
        super().__init__(config, data)
        self.generators = nn.ModuleDict({"a_to_b": self._generator(), "b_to_a": self._generator()})
        shape = (data.channels, config.size, config.size)
        self.discriminators = nn.ModuleDict(
            {
                "a": PatchGAN(data.channels, config.field, config.discriminator_width, config.norm),
                "b": PatchGAN(data.channels, config.field, config.discriminator_width, config.norm),
                "pool_a": ImagePool(config.pool_size, shape),
                "pool_b": ImagePool(config.pool_size, shape),
            }
        )
        self.generators.apply(patchgan.initialise)
        self.discriminators.apply(patchgan.initialise)

    def _generator(self) -> nn.Module:
        config, channels = self.config, self.data.channels
        return translator(
            config.network,
            size=config.size,
            inputs=channels,
            outputs=channels,
            width=config.width,
            norm=config.norm,
            dropout=0.0,
        )

    @property
    def latent_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {}

    def decode(self, latent: Latent, condition: Batch) -> Batch:
        """Images of a as images of b; where images of b are given, as images of a."""
        return {"images": self._to_a(condition[B]) if B in condition else self._to_b(condition[A])}

    def generate(self, batch: Batch) -> dict[str, Tensor]:
        return {"a": self._to_a(batch[B]).float(), "b": self._to_b(batch[A]).float()}

    def discriminator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        losses: Losses = {}
        for domain, real in (("a", batch[A]), ("b", batch[B])):
            pool = self.discriminators[f"pool_{domain}"]
            assert isinstance(pool, ImagePool)
            shown = pool.exchange(fakes[domain])
            on_real, on_fake = squares_discriminator(self._logits(domain, real), self._logits(domain, shown))
            losses |= {f"{domain}_on_real": on_real, f"{domain}_on_fake": on_fake}
        return losses

    def generator_losses(self, batch: Batch, fakes: dict[str, Tensor]) -> Losses:
        config = self.config
        losses = {
            "adversarial_a": squares_generator(self._logits("a", fakes["a"])),
            "adversarial_b": squares_generator(self._logits("b", fakes["b"])),
            "cycle_a": config.cycle_weight * F.l1_loss(self._to_a(fakes["b"]).float(), batch[A]),
            "cycle_b": config.cycle_weight * F.l1_loss(self._to_b(fakes["a"]).float(), batch[B]),
        }
        if config.identity_weight:
            losses["identity_a"] = config.identity_weight * F.l1_loss(self._to_a(batch[A]).float(), batch[A])
            losses["identity_b"] = config.identity_weight * F.l1_loss(self._to_b(batch[B]).float(), batch[B])
        return losses

    def _to_a(self, images: Tensor) -> Tensor:
        translated: Tensor = self.generators["b_to_a"](images, {})
        return translated

    def _to_b(self, images: Tensor) -> Tensor:
        translated: Tensor = self.generators["a_to_b"](images, {})
        return translated

    def _logits(self, domain: str, images: Tensor) -> Tensor:
        logits: Tensor = self.discriminators[domain](images)
        return logits.float()


LIKE_PAPER: dict[str, Any] = {
    "size": 256,
    "epochs": 200,
    "schedule": "linear",
    "sample_every": 1000,
    "ema_decay": 0.0,
}

CYCLEGAN = Gan(
    title="CycleGAN",
    summary="Turns images of one class into another and back, such as normal into tuberculosis; needs no pairs.",
    reference="Zhu et al. 2017, Unpaired Image-to-Image Translation using CycleGANs (arXiv:1703.10593)",
    task=CycleGANTask,
    config=CycleGANConfig,
    sizes=(64, 128, 256, 512),
    presets={
        "quick": Preset(
            QUICK,
            {
                "size": 64,
                "width": 16,
                "discriminator_width": 16,
                "field": 22,
                "batch_size": 4,
                "steps": 2000,
                "schedule": "linear",
                "ema_decay": 0.995,
            },
        ),
        "standard": Preset(
            STANDARD,
            {"size": 128, "width": 32, "field": 46, "steps": 20_000, "schedule": "linear"},
        ),
        "thesis": Preset("tuberculosis study, model 1: field 46, 256 pixels, 200 epochs", LIKE_PAPER | {"field": 46}),
        "thesis-22": Preset("tuberculosis study, model 2: field 22, 200 epochs", LIKE_PAPER | {"field": 22}),
        "thesis-10": Preset("tuberculosis study, model 3: field 10, 200 epochs", LIKE_PAPER | {"field": 10}),
    },
)
