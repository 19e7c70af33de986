"""The feature spaces; adding one is one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from medgan.common.errors import BadInput
from medgan.metrics.features import Extractor
from medgan.weights import is_present, require, row, status_of


@dataclass(frozen=True)
class Space:
    """A row of the table of feature spaces."""

    title: str
    summary: str
    """In plain words, for a person who is about to choose."""
    build: Callable[[], Extractor]
    version: int = 1
    """Counts the changes of its features, so that kept ones are not mixed up."""
    weights: str = ""
    """The pre-trained network that it needs; empty where it needs none."""
    names_classes: bool = False
    """Whether it has logits, and so a class score."""
    maps: bool = False
    """Whether it is a network whose maps two pictures can be compared by."""
    standardised: bool = False
    """Whether its features have units of their own and are brought to the real set's mean 0 and spread 1."""
    own_names: Mapping[str, str] = field(default_factory=dict)
    """What scores are called in this space, where the field has a name for them."""
    caution: str = ""
    """What its distances see more of than a person does, in words; empty where nothing is known of it."""

    @property
    def present(self) -> bool:
        """Whether it can be used here."""
        return not self.weights or is_present(self.weights)

    @property
    def full_title(self) -> str:
        """The title, with the file its weights came from where that is not its publisher's."""
        if not self.weights:
            return self.title
        status = status_of(self.weights)
        return f"{self.title}, weights {status.file}" if status.state == "unverified" else self.title


def _radiomic() -> Extractor:
    from medgan.metrics.radiomic import Radiomic

    return Radiomic()


def _inception() -> Extractor:
    from medgan.metrics.networks import Inception

    return Inception()


def _torchvision(name: str) -> Extractor:
    from medgan.metrics.networks import TorchvisionNetwork

    return TorchvisionNetwork(name)


def _of_torchvision(name: str, *, names_classes: bool = True) -> Space:
    return Space(
        row(name).title,
        f"{row(name).title}, trained on ImageNet's photographs; another network than FID's",
        partial(_torchvision, name),
        weights=name,
        names_classes=names_classes,
        maps=True,
    )


SPACES: dict[str, Space] = {
    "radiomic": Space(
        "radiomic",
        "brightness, texture, frequencies, and the shape of masks, as radiologists' software measures them; "
        "needs no trained network",
        _radiomic,
        standardised=True,
        caution="reacts far more strongly to sharpness and noise than to anatomy",
    ),
    "inception": Space(
        "Inception",
        "the network that FID and IS are defined by, trained on ImageNet's photographs",
        _inception,
        weights="inception",
        names_classes=True,
        own_names={
            "frechet": "FID",
            "frechet_infinite": "FID, infinite samples",
            "kernel": "KID",
            "class_score": "Inception score",
        },
    ),
    "vgg16": _of_torchvision("vgg16"),
    "mobilenet_v2": _of_torchvision("mobilenet_v2"),
    "squeezenet1_0": _of_torchvision("squeezenet1_0"),
    "squeezenet1_1": _of_torchvision("squeezenet1_1", names_classes=False),
}


def space(name: str) -> Space:
    """The row of a space; raises BadInput where it is unknown or its weights are not here, with the way to get them."""
    if name not in SPACES:
        raise BadInput(f"no feature space {name!r} (there is: {', '.join(SPACES)})")
    if SPACES[name].weights:
        require(SPACES[name].weights)
    return SPACES[name]
