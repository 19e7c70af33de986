"""The Inception network that FID and IS are defined by, made of torch-fidelity's blocks, and the same one faster.

Szegedy et al. 2016 as trained by the authors of TensorFlow (the graph of 2015-12-05); torch-fidelity (Obukhov et al.
2020) reproduces that graph, with its peculiar poolings and resizing, and publishes the weights in torch's format.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, relu
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch_fidelity import feature_extractor_inceptionv3 as parts
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as resized

SIDE, CLASSES, DIMENSIONS = 299, 1008, 2048


class InceptionV3(nn.Module):
    """Bytes (n, 3, h, w) to pooled features (n, 2048) and unbiased logits (n, 1008): those without the last bias."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = parts.BasicConv2d(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = parts.BasicConv2d(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = parts.BasicConv2d(32, 64, kernel_size=3, padding=1)
        self.Conv2d_3b_1x1 = parts.BasicConv2d(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = parts.BasicConv2d(80, 192, kernel_size=3)
        self.Mixed_5b = parts.InceptionA(192, pool_features=32)
        self.Mixed_5c = parts.InceptionA(256, pool_features=64)
        self.Mixed_5d = parts.InceptionA(288, pool_features=64)
        self.Mixed_6a = parts.InceptionB(288)
        self.Mixed_6b = parts.InceptionC(768, channels_7x7=128)
        self.Mixed_6c = parts.InceptionC(768, channels_7x7=160)
        self.Mixed_6d = parts.InceptionC(768, channels_7x7=160)
        self.Mixed_6e = parts.InceptionC(768, channels_7x7=192)
        self.Mixed_7a = parts.InceptionD(768)
        self.Mixed_7b = parts.InceptionE_1(1280)
        self.Mixed_7c = parts.InceptionE_2(2048)
        self.fc = nn.Linear(DIMENSIONS, CLASSES)

    def forward(self, images_uint8: Tensor) -> tuple[Tensor, Tensor]:
        x = resized(images_uint8.float(), size=(SIDE, SIDE), align_corners=False)
        x = ((x - 128) / 128).contiguous(memory_format=self._layout)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(max_pool2d(x, 3, 2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        pool = x.mean((2, 3))
        return pool, pool @ self.fc.weight.T

    @property
    def _layout(self) -> torch.memory_format:
        weight = cast(Tensor, self.Conv2d_1a_3x3.conv.weight)
        channels_last = weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()
        return torch.channels_last if channels_last else torch.contiguous_format


def faster(network: InceptionV3) -> InceptionV3:
    """The same network with the same results to rounding: batch norm in the convolutions, channels last.

    The 1x1 convolutions at the head of a block see one input: they become one convolution.
    """
    for module in network.modules():
        if isinstance(module, parts.BasicConv2d):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()
    for name, module in network.named_children():
        if isinstance(module, parts.InceptionA | parts.InceptionC):
            setattr(network, name, JoinedHeads(module))
    return network.to(memory_format=torch.channels_last)


CHAINS: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {
    parts.InceptionA: (
        ("branch5x5_1", "branch5x5_2"),
        ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
    ),
    parts.InceptionC: (
        ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
        tuple(f"branch7x7dbl_{number}" for number in (1, 2, 3, 4, 5)),
    ),
}
"""The two branches of more than one convolution, by kind of block."""


class JoinedHeads(nn.Module):
    """A block A or C whose three convolutions of the input itself are one."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        short, long = CHAINS[type(block)]
        heads = [getattr(block, name).conv for name in ("branch1x1", short[0], long[0])]
        self.widths = [head.out_channels for head in heads]
        self.head = nn.Conv2d(heads[0].in_channels, sum(self.widths), 1)
        self.head.weight = nn.Parameter(torch.cat([head.weight for head in heads]), requires_grad=False)
        self.head.bias = nn.Parameter(torch.cat([head.bias for head in heads]), requires_grad=False)
        self.tails = nn.ModuleList(
            nn.Sequential(*(getattr(block, name) for name in names)) for names in (short[1:], long[1:])
        )
        self.of_pool: nn.Module = block.get_submodule("branch_pool")

    def forward(self, x: Tensor) -> Tensor:
        alone, *inner = torch.split(relu(self.head(x), inplace=True), self.widths, dim=1)
        # TensorFlow's average leaves the padding out.
        pooled = self.of_pool(avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False))
        return torch.cat([alone, *(tail(part) for tail, part in zip(self.tails, inner, strict=True)), pooled], dim=1)
