"""Adversarial losses that several GANs share; logits in, scalars out."""

import torch
import torch.nn.functional as F
from torch import Tensor


def hinge_discriminator(real_logits: Tensor, fake_logits: Tensor, margin_noise: float = 0.2) -> tuple[Tensor, Tensor]:
    """Hinge loss of the discriminator on real and on fake images (Lim & Ye 2017, eq. 11).

    The margin is drawn anew for each logit from [1 - margin_noise, 1], as FastGAN's authors do.
    """
    real_margin = 1 - margin_noise * torch.rand_like(real_logits)
    fake_margin = 1 - margin_noise * torch.rand_like(fake_logits)
    return F.relu(real_margin - real_logits).mean(), F.relu(fake_margin + fake_logits).mean()


def hinge_generator(fake_logits: Tensor) -> Tensor:
    """The generator's side of the hinge loss (Lim & Ye 2017)."""
    return -fake_logits.mean()


def binary_discriminator(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the discriminator on real and on fake images (Goodfellow et al. 2014, eq. 1)."""
    return F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean()


def binary_generator(fake_logits: Tensor) -> Tensor:
    """The non-saturating generator loss (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake_logits).mean()


def squares_discriminator(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Least-squares loss of the discriminator on real and on fake images (Mao et al. 2017, eq. 2; a=0, b=1)."""
    return (real_logits - 1).square().mean() / 2, fake_logits.square().mean() / 2


def squares_generator(fake_logits: Tensor) -> Tensor:
    """The generator's side of the least-squares loss, without the half, as CycleGAN's authors weigh it."""
    return (fake_logits - 1).square().mean()
