"""The folded upsampling convolution against upsampling, then convolving."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from medgan.models.upsample import SMALLEST_SIDE, UpsampledConv2d


def plainly(features: Tensor, weight: Tensor) -> Tensor:
    return F.conv2d(F.interpolate(features, scale_factor=2.0), weight, padding=1)


# Around the side from which on the weights are summed, and sides that differ.
@pytest.mark.parametrize("shape", [(4, 4), (15, 16), (16, 16), (17, 16), (16, 23), (32, 32)])
def test_pixels_borders_and_gradients_are_those_of_the_plain_way(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = UpsampledConv2d(3, 5).double()
    features = torch.randn(2, 3, *shape, dtype=torch.double, requires_grad=True)
    weight = layer.weight.detach().clone().requires_grad_()
    expected = plainly(features, weight)
    upsampled = layer(features)
    assert upsampled.shape == (2, 5, 2 * shape[0], 2 * shape[1])
    torch.testing.assert_close(upsampled, expected)
    back = torch.randn_like(expected)
    found = torch.autograd.grad(upsampled, [features, layer.weight], back)
    torch.testing.assert_close(found, torch.autograd.grad(expected, [features, weight], back))


def test_a_single_weight_lands_where_the_plain_way_puts_it() -> None:
    for place in range(9):
        layer = UpsampledConv2d(1, 1)
        with torch.no_grad():
            layer.weight.zero_().view(-1)[place] = 1
        features = torch.arange(SMALLEST_SIDE**2, dtype=torch.float).view(1, 1, SMALLEST_SIDE, SMALLEST_SIDE)
        torch.testing.assert_close(layer(features), plainly(features, layer.weight), rtol=0, atol=0)


def test_it_saves_more_than_half_of_the_operations() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    layer, features = UpsampledConv2d(32, 32), torch.randn(1, 32, 64, 64)
    with FlopCounterMode(display=False) as ours:
        layer(features)
    with FlopCounterMode(display=False) as plain:
        plainly(features, layer.weight)
    assert ours.get_total_flops() < 0.46 * plain.get_total_flops()


def test_the_state_is_that_of_a_3x3_convolution() -> None:
    plain = torch.nn.Conv2d(3, 5, 3, padding=1, bias=False)
    assert {k: v.shape for k, v in UpsampledConv2d(3, 5).state_dict().items()} == {
        k: v.shape for k, v in plain.state_dict().items()
    }
