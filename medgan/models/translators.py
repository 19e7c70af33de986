"""Networks that make a picture from a picture, by name; Pix2Pix and CycleGAN choose from them."""

from typing import Literal

from medgan.models.norms import Norm
from medgan.models.resnet import ResNet, blocks_for
from medgan.models.unet import UNet

Network = Literal["unet", "resnet", "resnet_6blocks", "resnet_9blocks"]
Translator = UNet | ResNet


def translator(
    network: Network, *, size: int, inputs: int, outputs: int, width: int, norm: Norm, dropout: float
) -> Translator:
    """The network of that name; `resnet` has as many blocks as the paper at that size. Only the U-Net has dropout."""
    if network == "unet":
        return UNet(size, inputs, outputs, width, norm, dropout)
    blocks = {"resnet": blocks_for(size), "resnet_6blocks": 6, "resnet_9blocks": 9}[network]
    return ResNet(inputs, outputs, width, blocks, norm)
