"""What lies below a classifier's head: a frozen network, one whose last layers learn too, or the small network."""

import copy
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import features_folder
from medgan.common.images import to_float
from medgan.common.progress import Progress
from medgan.common.repro import choose_device
from medgan.downstream.augment import Augmentation
from medgan.downstream.backbones import BATCH, Backbone
from medgan.downstream.small_network import SIDE, SmallNetwork
from medgan.downstream.views import view_of
from medgan.metrics.pictures import Pictures, resized

Uint8 = NDArray[np.uint8]
AT_A_TIME = 64


class Feed(ABC):
    """The inputs of a body's layers for n images, batch by batch."""

    views: int = 1
    """How many kept views each image has."""

    @abstractmethod
    def batch(self, rows: Tensor, views: Tensor, seed: int | None) -> Tensor:
        """Inputs of images (k,) in views (k,), both by number; a seed augments them anew where views are not kept."""


class Body(ABC):
    """Turns images into the means of its last maps, which are what a trained head needs."""

    @abstractmethod
    def means(self, images: Uint8, progress: Progress | None = None) -> Tensor:
        """Means (n, channels) of the last maps of images (n, h, w, 1 or 3); raises Cancelled when asked to stop."""


class FrozenBody(Body):
    """A backbone that learns nothing; what it sees is kept on disk."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone

    def means(self, images: Uint8, progress: Progress | None = None) -> Tensor:
        return self.backbone.moments(images, progress=progress).mean[0]


class TrainedBody(Body):
    """Layers that learn with the head."""

    layers: nn.Module
    channels: int
    """Of the last map."""
    device: torch.device
    rate_factor: float
    """The layers' learning rate, as a multiple of the classifier's."""
    head_rate_factor: float = 1.0
    """The same for the head."""

    def go_on_from(self, other: "TrainedBody") -> None:
        """Take over what another body of the same network has learned."""
        self.layers.load_state_dict(other.layers.state_dict())

    @abstractmethod
    def feed(self, images: Uint8, augmentation: Augmentation, views: int, progress: Progress) -> Feed:
        """Inputs of images for training: as they are and in so many kept views, or augmented anew each time."""

    @abstractmethod
    def inputs(self, images: Uint8) -> Tensor:
        """Inputs of a few images as they are."""

    @torch.no_grad()
    def means(self, images: Uint8, progress: Progress | None = None) -> Tensor:
        self.layers.eval()
        found = []
        for start in range(0, len(images), AT_A_TIME):
            if progress is not None and progress.stop_requested():
                raise Cancelled(f"stopped after {start} of {len(images)} images were looked at")
            found.append(self.layers(self.inputs(images[start : start + AT_A_TIME])).mean((2, 3)).cpu())
        return torch.cat(found)


class SmallBody(TrainedBody):
    """The small network; images of more than 64 pixels are brought down, and augmented anew in every batch."""

    def __init__(self, image_channels: int, seed: int) -> None:
        self.rate_factor = self.head_rate_factor = 10.0  # it starts from nothing
        self.device = choose_device()
        self.layers = SmallNetwork(image_channels, seed).to(self.device)
        self.channels = SmallNetwork.channels

    def go_on_from(self, other: TrainedBody) -> None:
        super().go_on_from(other)
        self.rate_factor = self.head_rate_factor = 1.0  # large steps would undo what is taken over

    def feed(self, images: Uint8, augmentation: Augmentation, views: int, progress: Progress) -> Feed:
        return _ImageFeed(self, images, augmentation)

    def inputs(self, images: Uint8) -> Tensor:
        small = resized(Pictures(np.asarray(images)), SIDE).images
        floats = to_float(torch.from_numpy(np.ascontiguousarray(small)))
        return floats.to(self.device, memory_format=torch.channels_last)


class _ImageFeed(Feed):
    """Images in memory, augmented by the batch."""

    def __init__(self, body: SmallBody, images: Uint8, augmentation: Augmentation) -> None:
        small = resized(Pictures(np.asarray(images)), SIDE).images
        assert small is not None
        self.body, self.images, self.augmentation = body, small, augmentation

    def batch(self, rows: Tensor, views: Tensor, seed: int | None) -> Tensor:
        inputs = self.body.inputs(self.images[rows.numpy()])
        return inputs if seed is None else self.augmentation.augmented(inputs, None, seed)[0]


class FineTunedBody(TrainedBody):
    """A backbone whose last layers learn, with batch norms as ImageNet left them. Raises BadInput for too many layers.

    What the frozen layers make of the training images is computed once and kept in a file that vanishes with the
    training: for VGG16's last 7 layers 0.4 MB an image and view.
    """

    rate_factor = 0.1  # what was learned on ImageNet should change less than what was drawn at random

    def __init__(self, backbone: Backbone, trained_layers: int) -> None:
        self.backbone = backbone
        self.frozen, last = backbone.split(trained_layers)
        self.layers = copy.deepcopy(last).requires_grad_(True)
        self.device = backbone.network.device
        with torch.no_grad():
            self.channels = self.layers(self.inputs(np.zeros((1, 8, 8, 1), np.uint8))).shape[1]

    def feed(self, images: Uint8, augmentation: Augmentation, views: int, progress: Progress) -> Feed:
        maps = [self._kept_maps(images, augmentation, view, 1 + views, progress) for view in range(1 + views)]
        return _MapFeed(maps, self.device)

    def inputs(self, images: Uint8) -> Tensor:
        return self.backbone.maps(images, self.frozen)

    def _kept_maps(
        self, images: Uint8, augmentation: Augmentation, view: int, views: int, progress: Progress
    ) -> NDArray[np.float32]:
        """Maps (n, channels, h, w) of the frozen layers, in a file without a name."""
        step = BATCH
        kept: NDArray[np.float32] | None = None
        for start in range(0, len(images), step):
            if progress.stop_requested():
                raise Cancelled(f"stopped after {start} of {len(images)} images of view {view}")
            some = self.inputs(view_of(images[start : start + step], augmentation, view)).cpu().numpy()
            kept = _file_of((len(images), *some.shape[1:])) if kept is None else kept
            kept[start : start + step] = some
            progress.update(view * len(images) + start, views * len(images), "frozen layers look at the images")
        assert kept is not None
        return kept


def _file_of(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array in a file that the system deletes with it; raises BadInput where the disk has no room."""
    features_folder().mkdir(parents=True, exist_ok=True)
    size = 4 * int(np.prod(shape))
    try:
        with tempfile.TemporaryFile(dir=features_folder()) as stream:
            stream.truncate(size)
            return np.memmap(stream, np.float32, "r+", shape=shape)
    except OSError as error:
        raise BadInput(
            f"{features_folder()}: no room for {size / 1e9:.1f} GB of maps ({error.strerror}); "
            "choose fewer trained_layers or views"
        ) from None


class _MapFeed(Feed):
    """Maps on disk, one array a view."""

    def __init__(self, maps: Sequence[NDArray[np.float32]], device: torch.device) -> None:
        self.maps, self.device, self.views = maps, device, len(maps)

    def batch(self, rows: Tensor, views: Tensor, seed: int | None) -> Tensor:
        pieces = [self.maps[view][row] for row, view in zip(rows.tolist(), views.tolist(), strict=True)]
        maps = torch.from_numpy(np.stack(pieces)).to(self.device)
        return maps.contiguous(memory_format=torch.channels_last)
