"""Adversarial losses at points where they are known, and the augmentation's promises."""

import math

import pytest
import torch

from medgan.models.diffaugment import DiffAugment
from medgan.models.losses import binary_discriminator, binary_generator, hinge_discriminator, hinge_generator


def test_hinge_is_zero_beyond_the_margin_and_linear_inside() -> None:
    real, fake = hinge_discriminator(torch.tensor([2.0]), torch.tensor([-2.0]))
    assert (real, fake) == (0, 0)
    real, fake = hinge_discriminator(torch.tensor([0.0]), torch.tensor([0.5]), margin_noise=0.0)
    assert (real, fake) == (1.0, 1.5)
    assert hinge_generator(torch.tensor([3.0, 1.0])) == -2


def test_hinge_margins_lie_between_80_percent_and_1() -> None:
    torch.manual_seed(0)
    zeros = torch.zeros(10_000)
    margin = float(hinge_discriminator(zeros, zeros)[0])
    assert 0.89 < margin < 0.91


def test_binary_losses_equal_cross_entropy() -> None:
    real, fake = binary_discriminator(torch.tensor([0.0]), torch.tensor([0.0]))
    assert real.item() == fake.item() == pytest.approx(math.log(2))
    assert binary_generator(torch.tensor([1.5])).item() == pytest.approx(math.log1p(math.exp(-1.5)))


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_passes_gradients_and_changes_every_image_differently(channels: int) -> None:
    torch.manual_seed(0)
    image = torch.linspace(-1, 1, 32 * 32).reshape(1, 1, 32, 32).expand(6, channels, 32, 32)
    image = image.clone().requires_grad_()
    augmented = DiffAugment(channels)(image)
    assert augmented.shape == image.shape
    assert all((augmented[0] - augmented[k]).abs().max() > 0.05 for k in range(1, 6))
    augmented.sum().backward()
    assert image.grad is not None
    assert image.grad.flatten(1).abs().sum(1).min() > 0


def test_augmentation_never_mirrors() -> None:
    """The bright side of a picture stays on its side, apart from shifts and cut-outs."""
    torch.manual_seed(0)
    image = torch.linspace(-0.2, 0.8, 32).expand(64, 1, 32, 32)
    augmented = DiffAugment(1)(image)
    right, left = augmented[..., 18:28].mean((1, 2, 3)), augmented[..., 4:14].mean((1, 2, 3))
    assert (right > left).float().mean() > 0.85
