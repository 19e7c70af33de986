"""The perceptual loss against a computation by hand, layer by layer."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.functional import normalize

from medgan.common.errors import BadInput
from medgan.models.perceptual import PerceptualLoss
from medgan.weights import PRETRAINED

BLOCKS = ((0, 4), (4, 9), (9, 16))
"""Layers that end with relu1_2, relu2_2 and relu3_3, as VGG16's own numbers are."""


@pytest.fixture
def features(small_vgg16: nn.Sequential) -> nn.Sequential:
    """Layers of a small VGG with random weights, which are those of `vgg16` for this test."""
    return small_vgg16


def images(channels: int, seed: int) -> Tensor:
    return torch.rand(2, channels, 32, 24, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def by_hand(features: nn.Sequential, weights: tuple[float, ...], fake: Tensor, real: Tensor) -> Tensor:
    """The loss as the papers write it, with torchvision's own normalisation."""
    pair = torch.cat([fake, real])
    pair = torch.cat([pair] * 3, dim=1) if pair.shape[1] == 1 else pair
    maps = normalize(pair * 0.5 + 0.5, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    loss = torch.zeros(())
    for weight, (start, end) in zip(weights, BLOCKS, strict=False):
        for layer in list(features)[start:end]:
            maps = F.relu(maps) if isinstance(layer, nn.ReLU) else layer(maps)
        seen, aim = maps.chunk(2)
        loss = loss + weight * (seen - aim).abs().mean()
    return loss


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("weights", [(1.0,), (100.0, 200.0), (100.0, 200.0, 300.0)])
def test_loss_and_gradient_are_those_of_the_computation_by_hand(
    features: nn.Sequential, weights: tuple[float, ...], channels: int
) -> None:
    fake, real = images(channels, 1).requires_grad_(), images(channels, 2).requires_grad_()
    again = fake.detach().clone().requires_grad_()
    loss, expected = PerceptualLoss.load(weights)(fake, real), by_hand(features, weights, again, real.detach())
    torch.testing.assert_close(loss, expected)
    assert loss.ndim == 0
    assert loss > 0
    loss.backward()
    expected.backward()
    assert fake.grad is not None
    assert fake.grad.abs().max() > 0
    torch.testing.assert_close(fake.grad, again.grad)
    assert real.grad is None


def test_equal_images_are_not_apart(features: nn.Sequential) -> None:
    loss = PerceptualLoss.load((100.0, 200.0, 300.0))
    assert loss(images(1, 1), images(1, 1)) == 0
    assert loss(images(1, 1), images(1, 2)) > loss(images(1, 1), images(1, 1) * 0.99) > 0


def test_network_is_frozen_and_only_as_deep_as_needed(features: nn.Sequential) -> None:
    loss = PerceptualLoss.load((100.0, 200.0))
    kinds = (nn.Conv2d, nn.ReLU, nn.MaxPool2d)
    assert [kinds.index(type(layer)) for block in loss.blocks for layer in block] == [0, 1, 0, 1, 2, 0, 1, 0, 1]
    assert not loss.training


def test_who_holds_the_loss_neither_learns_nor_keeps_it(features: nn.Sequential) -> None:
    holder = nn.ModuleDict({"own": nn.Linear(1, 1), "loss": PerceptualLoss.load((100.0, 200.0))})
    assert set(holder.state_dict()) == {"own.weight", "own.bias"}
    assert len(list(holder.parameters())) == 2
    holder.load_state_dict(holder.state_dict())
    kinds = {buffer.dtype for buffer in holder.double()["loss"].buffers()}
    assert kinds == {torch.float64}, "it goes where its holder goes"


@pytest.mark.parametrize("weights", [(), (1.0,) * 5])
def test_a_weight_a_block_is_needed(features: nn.Sequential, weights: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match=rf"give 1 to 4 weights, one a block of VGG16, not {len(weights)}"):
        PerceptualLoss.load(weights)


def test_other_channels_are_bad_input(features: nn.Sequential) -> None:
    with pytest.raises(BadInput, match="not 2 channels"):
        PerceptualLoss.load((1.0,))(images(2, 1), images(2, 2))


def test_without_weights_there_is_no_loss() -> None:
    with pytest.raises(BadInput, match="VGG16 are not here, and perceptual losses and feature scores need them"):
        PerceptualLoss.load((100.0, 200.0))


def test_blocks_of_the_real_vgg16_end_where_the_papers_say() -> None:
    with torch.device("meta"):
        real = PRETRAINED["vgg16"].build().get_submodule("features")
    assert isinstance(real, nn.Sequential)
    loss = PerceptualLoss(real, (1.0, 1.0, 1.0))
    ends = [list(real).index(block[-1]) for block in loss.blocks]
    assert ends == [3, 8, 15], "relu1_2, relu2_2, relu3_3"
    assert [block[-2].out_channels for block in loss.blocks] == [64, 128, 256]
