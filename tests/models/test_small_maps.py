"""Convolutions of small maps as matrix products equal the plain ones."""

import pytest
import torch
import torch.nn.functional as F

from medgan.models import small_maps
from medgan.models.small_maps import Doubling, Halving


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("side", [2, 4, 8])
@pytest.mark.parametrize("bias", [False, True])
def test_numbers_and_gradients_are_those_of_convolutions(count: int, side: int, bias: bool) -> None:
    torch.manual_seed(0)
    maps = torch.randn(count, 5, side, side, requires_grad=True)
    for layer, plain in (
        (Halving(5, 6, bias=bias), lambda w, b: F.conv2d(maps, w, b, 2, 1)),
        (Doubling(5, 6, bias=bias), lambda w, b: F.conv_transpose2d(maps, w, b, 2, 1)),
    ):
        learned = [maps, *layer.parameters()]
        found, expected = layer(maps), plain(layer.weight, layer.bias)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        ours = torch.autograd.grad(found.square().sum(), learned)
        theirs = torch.autograd.grad(expected.square().sum(), learned)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_large_maps_are_convolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a large map was taken apart")

    monkeypatch.setattr(small_maps.F, "unfold", fail)
    monkeypatch.setattr(small_maps.F, "fold", fail)
    assert Halving(2, 3, bias=False)(torch.zeros(2, 2, 32, 32)).shape == (2, 3, 16, 16)
    assert Doubling(2, 3, bias=False)(torch.zeros(2, 2, 32, 32)).shape == (2, 3, 64, 64)
