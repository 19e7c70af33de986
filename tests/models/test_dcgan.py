"""DCGAN's networks against the published comparison's lists, and its own dropout."""

import itertools

import pytest
import torch
from torch import nn

from medgan.common.errors import BadInput
from medgan.models.dcgan import DCGANConfig, DCGANTask, Dropout
from medgan.models.task import TrainingData
from medgan.training.config import train_config

DATA = TrainingData(channels=1, structures=("lesion",), classes=("lesion",))


def published(preset: str) -> DCGANTask:
    config = train_config("dcgan", "some-data", preset=preset).model
    assert isinstance(config, DCGANConfig)
    return DCGANTask(config, DATA)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def normed(channels: list[int]) -> int:
    """Parameters of 5x5 convolutions without bias from map to map, each with batch norm behind it."""
    return sum(before * after * 25 + 2 * after for before, after in itertools.pairwise(channels))


def test_parameters_of_the_xray_networks() -> None:
    """5.1 million in the generator, 4.3 in the discriminator, derived by hand."""
    task = published("thesis")
    projection = 100 * 512 * 16 + 2 * 512
    generator = projection + normed([512, 256, 128, 64]) + (64 * 25 + 1)
    discriminator = (25 * 64 + 64) + normed([64, 128, 256, 512]) + (512 * 16 + 1)
    assert count(task.generators) == generator
    assert count(task.discriminators) == discriminator
    assert (round(generator / 1e6, 1), round(discriminator / 1e6, 1)) == (5.1, 4.3)


def test_parameters_of_the_lesion_mask_networks() -> None:
    """512 maps of 4x4, five transposed convolutions of 512 to 32, a last one; six convolutions of 16 to 512."""
    task = published("thesis-masks")
    projection = 100 * 512 * 16 + 2 * 512
    generator = projection + normed([512, 512, 256, 128, 64, 32]) + (32 * 25 + 1)
    discriminator = (25 * 16 + 16) + normed([16, 32, 64, 128, 256, 512]) + (512 * 2 * 2 + 1)
    assert count(task.generators) == generator
    assert count(task.discriminators) == discriminator
    kernels = {layer.kernel_size for layer in task.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)}
    assert kernels == {(5, 5)}


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    ones = torch.ones(40, 50, 50)
    dropped = Dropout(0.3)(ones)
    assert (dropped == 0).float().mean() == pytest.approx(0.3, abs=0.01)
    assert dropped.mean() == pytest.approx(1, abs=0.02)
    assert torch.equal(Dropout(0.3).eval()(ones), ones)


def test_one_class_cannot_be_told_apart() -> None:
    with pytest.raises(BadInput, match="two classes or more"):
        DCGANTask(DCGANConfig(conditional=True), DATA)
