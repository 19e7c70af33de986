"""Spectral normalisation in fewer passes over the weights than torch's own."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import _SpectralNorm


def spectral_norm(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    """The layer with its weight divided by its largest singular value (Miyato et al. 2018)."""
    outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
    return parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight, 1, outputs))


class SpectralNorm(_SpectralNorm):
    """Torch's parametrization, with its names and its numbers, but for the way in which the weight is divided."""

    def forward(self, weight: Tensor) -> Tensor:
        matrix = self._reshape_weight_to_matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies: the next pass moves the vectors while this one still waits for its gradient.
        normed: Tensor = Divided.apply(matrix, self._u.clone(), self._v.clone())
        return normed.view(weight.transpose(0, self.dim).shape).transpose(0, self.dim)

    def _power_method(self, weight_mat: Tensor, n_power_iterations: int) -> None:
        if not weight_mat.is_meta:  # a network that is only tried for its shapes has no numbers to iterate on
            super()._power_method(weight_mat, n_power_iterations)


class Divided(torch.autograd.Function):
    """A matrix over its largest singular value, that of the vectors u and v.

    Autograd would go five times over the matrix for the gradient of the value; its formula needs two passes.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
        value = u.dot(matrix.mv(v))
        ctx.save_for_backward(matrix, u, v, value)
        return matrix / value

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        matrix, u, v, value = ctx.saved_tensors
        share = gradient.flatten().dot(matrix.flatten()) / value**2
        return (gradient / value).addr_(u, v * share, alpha=-1), None, None
