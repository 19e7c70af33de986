"""Networks that others trained: what there is, where it comes from, and how it wants its pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from torch import nn

from medgan.common.errors import BadInput

TORCHVISION_URL = "https://download.pytorch.org/models"
TORCHVISION_TERMS = (
    "torchvision is under BSD-3-Clause; the weights were trained on ImageNet, which is for non-commercial research "
    "and education, and whether you may use them is yours to determine"
)


INCEPTION_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)
INCEPTION_TERMS = "Google's published network, Apache-2.0; trained on ImageNet, whose terms are its own"


@dataclass(frozen=True)
class Input:
    """How a network wants its pictures: side in pixels, order of channels, and (x - mean) / spread of bytes x."""

    side: int = 224
    order: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    """In the order of the channels, on the scale 0 to 255."""
    spread: tuple[float, float, float] = (58.395, 57.12, 57.375)


INPUTS = {
    "imagenet": Input(),
    "signed": Input(mean=(127.5, 127.5, 127.5), spread=(127.5, 127.5, 127.5)),
    "bgr": Input(order="bgr", mean=(103.939, 116.779, 123.68), spread=(1, 1, 1)),
    "bgr_227": Input(side=227, order="bgr", mean=(104, 117, 123), spread=(1, 1, 1)),
}
"""Inputs by name: torchvision's; -1 to 1 as in TensorFlow's mobile networks; two of Caffe's."""


@dataclass(frozen=True)
class Pretrained:
    """A network and its publisher's file of weights."""

    title: str
    purpose: str
    """What needs it, as in "... need it"."""
    url: str
    checksum: str
    """What the SHA-256 of the publisher's file begins with, in hex digits."""
    size_mib: float
    licence: str
    build: Callable[[], nn.Module]
    """Makes the network, with random weights; its state dict says what a file must hold."""
    left_out: tuple[str, ...] = ()
    """Beginnings of the names of tensors that the publisher's file holds and the network made here does not."""
    other_inputs: Mapping[str, str] = field(default_factory=dict)
    """Known files of other makers that want their pictures differently: SHA-256 to a name in INPUTS."""

    @property
    def file_name(self) -> str:
        """What the publisher calls the file."""
        return self.url.rsplit("/", 1)[-1]


def of_torchvision(
    title: str,
    purpose: str,
    file_name: str,
    build: Callable[[], nn.Module],
    size_mib: float,
    left_out: tuple[str, ...] = (),
    other_inputs: Mapping[str, str] | None = None,
) -> Pretrained:
    """A row for a network of torchvision; its file names carry the first eight digits of the checksum."""
    checksum = file_name.removesuffix(".pth").rsplit("-", 1)[-1]
    url = f"{TORCHVISION_URL}/{file_name}"
    return Pretrained(title, purpose, url, checksum, size_mib, TORCHVISION_TERMS, build, left_out, other_inputs or {})


def inception() -> nn.Module:
    """The network of FID and IS with random weights."""
    from medgan.weights.inception import InceptionV3  # brings torch-fidelity and torchvision with it

    return InceptionV3()


def model(name: str) -> nn.Module:
    """A network of torchvision with random weights."""
    from torchvision.models import get_model  # takes three seconds, which every page would wait for

    network: nn.Module = get_model(name)
    return network


def squeezenet1_1_features() -> nn.Module:
    """SqueezeNet 1.1 without its classifier, with the names that torchvision gives its tensors."""
    return nn.ModuleDict({"features": model("squeezenet1_1").get_submodule("features")})


PRETRAINED: dict[str, Pretrained] = {
    "inception": Pretrained(
        "Inception (FID)", "FID and IS", INCEPTION_URL, "6726825d", 91.2, INCEPTION_TERMS, inception
    ),
    "vgg16": of_torchvision(
        "VGG16", "perceptual losses and feature scores", "vgg16-397923af.pth", partial(model, "vgg16"), 528
    ),
    "mobilenet_v2": of_torchvision(
        "MobileNetV2",
        "feature scores",
        "mobilenet_v2-b0353104.pth",
        partial(model, "mobilenet_v2"),
        13.6,
        # Google's quantised network, its numbers as floats again
        other_inputs={"bb70680e89bf61ebac9f569ffdfc7537bf50eab0f2f7d7c7ee00a139275fc5fa": "signed"},
    ),
    "squeezenet1_0": of_torchvision(
        "SqueezeNet 1.0",
        "feature scores",
        "squeezenet1_0-b66bff10.pth",
        partial(model, "squeezenet1_0"),
        4.8,
        # the authors' compressed network (Han et al. 2016), unpacked
        other_inputs={"2d6b07da4e2030d081d5493d8ab67cf3992c7ba7501b800fb54e16e0c3ec6c1f": "bgr_227"},
    ),
    "squeezenet1_1": of_torchvision(
        "SqueezeNet 1.1",
        "feature scores",
        "squeezenet1_1-b8a52dc0.pth",
        squeezenet1_1_features,
        4.7,
        left_out=("classifier.",),
        # the authors' network as Keras users converted it
        other_inputs={"0ddc79d4065b1abce32c7a6d16aeadfcf5de6f48bc839196a88f3781930487c1": "bgr"},
    ),
}
"""The networks; adding one is one row."""


def row(name: str) -> Pretrained:
    """The row of the table; raises BadInput that lists what there is."""
    if name not in PRETRAINED:
        raise BadInput(f"no pre-trained network {name!r} (there is: {', '.join(PRETRAINED)})")
    return PRETRAINED[name]
