"""Our spectral normalisation against torch's."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm as torch_spectral_norm

from medgan.models.spectral import Divided, spectral_norm

LAYERS = [lambda: nn.Conv2d(3, 5, 4, bias=False), lambda: nn.ConvTranspose2d(3, 5, 4, bias=False)]


@pytest.mark.parametrize("make", LAYERS)
def test_states_weights_and_gradients_are_those_of_torch(make: object) -> None:
    layers = []
    for normalise in (spectral_norm, torch_spectral_norm):
        torch.manual_seed(0)
        layers.append(normalise(make().double()))  # type: ignore[operator]
    ours, theirs = layers
    images = torch.randn(2, 3, 9, 9, dtype=torch.double)
    for _ in range(3):  # in training the vectors move with each pass
        outputs = [layer(images) for layer in layers]
        torch.testing.assert_close(*outputs)
        for output in outputs:
            output.square().sum().backward()
        torch.testing.assert_close(
            ours.parametrizations.weight.original.grad, theirs.parametrizations.weight.original.grad
        )
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    ours.eval(), theirs.eval()
    torch.testing.assert_close(ours(images), theirs(images))


def test_two_passes_before_one_gradient() -> None:
    """The vectors that the first pass used are still there when its gradient comes, though the second moved them."""
    plain = nn.Conv2d(3, 5, 3, bias=False)
    layer = spectral_norm(plain)
    images = torch.randn(2, 3, 9, 9)
    (layer(images).sum() + layer(2 * images).sum()).backward()
    gradient = layer.parametrizations.weight.original.grad
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0


def test_gradient_of_the_division() -> None:
    matrix = torch.randn(4, 6, dtype=torch.double, requires_grad=True)
    u, _, v = torch.linalg.svd(matrix.detach(), full_matrices=False)
    assert torch.autograd.gradcheck(lambda m: Divided.apply(m, u[:, 0], v[0]), matrix)
