"""A perceptual loss: how far two images are apart in what VGG16 sees of them (Johnson et al. 2016).

The maps are compared by mean absolute error after the ReLU that ends each of the first blocks: relu1_2, relu2_2,
relu3_3 and so on.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from medgan.common.errors import BadInput
from medgan.weights import load_network

NETWORK = "vgg16"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""What torchvision's networks were trained with, for channels in [0, 1]."""


class PerceptualLoss(nn.Module):
    """The weighted sum of mean absolute errors between the maps of two batches, one weight a block of VGG16.

    A GAN may hold it like any module: it moves along to devices, and has neither parameters nor a state.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, features: nn.Sequential, weights: tuple[float, ...]) -> None:
        """`features` are VGG16's, with trained weights; `load` brings them. Layers beyond the last weight are let go.

        Raises BadInput where there are no weights, or more than blocks.
        """
        super().__init__()
        layers = list(features.children())
        pools = [number for number, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
        if not 1 <= len(weights) <= len(pools):
            raise BadInput(f"perceptual loss: give 1 to {len(pools)} weights, one a block of VGG16, not {len(weights)}")
        self.weights = weights
        ends = [0, *pools][: len(weights) + 1]
        self.blocks = nn.ModuleList(frozen(nn.Sequential(*layers[start:end])) for start, end in pairwise(ends))
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).reshape(1, 3, 1, 1), persistent=False)
        self.eval()

    @classmethod
    def load(cls, weights: tuple[float, ...]) -> Self:
        """The loss on VGG16's ImageNet weights, on the processor, with one weight a block from the first on.

        Raises BadInput where VGG16's weights are not here. No random number is drawn.
        """
        features = load_network(NETWORK).get_submodule("features")
        assert isinstance(features, nn.Sequential)
        return cls(features, weights)

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        """The distance of two batches (n, 1 or 3, h, w) in [-1, 1], a scalar; gradients reach `fake` alone.

        Raises BadInput where the images have another number of channels.
        """
        if fake.shape[1] not in {1, 3}:
            raise BadInput(f"perceptual loss: VGG16 sees grey or colour images, not {fake.shape[1]} channels; use l1")
        with torch.no_grad():
            aims = list(self._maps(real))
        parts = [
            weight * l1_loss(seen, aim) for weight, seen, aim in zip(self.weights, self._maps(fake), aims, strict=True)
        ]
        return torch.stack(parts).sum()

    def _maps(self, images: Tensor) -> Iterator[Tensor]:
        """What each block makes of the images; a grey image is three equal channels."""
        seen = ((images + 1) / 2).expand(-1, 3, -1, -1)
        seen = (seen - self.mean) / self.std
        for block in self.blocks:
            seen = block(seen)
            yield seen


def frozen(network: nn.Module) -> nn.Module:
    """The network itself, its parameters turned into buffers that no state dict holds and no optimizer finds."""
    for layer in network.modules():
        for name, parameter in list(layer.named_parameters(recurse=False)):
            delattr(layer, name)
            layer.register_buffer(name, parameter.detach(), persistent=False)
    return network
