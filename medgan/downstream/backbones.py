"""Frozen ImageNet networks below a classifier's head: which one, and what it sees, computed once an image and view."""

from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import features_folder
from medgan.common.progress import Progress, Silent
from medgan.downstream.augment import Augmentation
from medgan.downstream.map_moments import KeptMoments, MapMoments
from medgan.downstream.views import view_of
from medgan.metrics.networks import TorchvisionNetwork, as_input
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import picture_digests
from medgan.metrics.spaces import SPACES
from medgan.weights import is_present, require, row, status_of

Uint8 = NDArray[np.uint8]
BackboneName = Literal["auto", "vgg16", "mobilenet_v2", "squeezenet1_0", "squeezenet1_1", "small"]
PUBLISHED = "vgg16"
IN_ITS_PLACE = ("mobilenet_v2", "squeezenet1_1", "squeezenet1_0")
VERSION = 1
"""Counts the changes of what is kept, so that old files are not taken for new ones."""
SMALL = "small, not pre-trained"
SMALL_BEFORE = "a small network without pre-trained weights"
"""The same, as earlier studies have it."""
BATCH = TorchvisionNetwork.batch
KEPT_AT_A_TIME = 16 * BATCH


class Choice(NamedTuple):
    """The backbone that is used, and in words why."""

    name: str
    """A network in `medgan.weights.PRETRAINED`, or `small`."""
    words: str


def chosen_backbone(name: BackboneName) -> Choice:
    """The backbone of that name; `auto` is VGG16 where its weights are here, else another that is, else `small`.

    Raises BadInput where the weights of a named one are not here.
    """
    if name == "small":
        return Choice(name, SMALL)
    if name != "auto":
        require(name)
        return Choice(name, _in_words(name))
    absent = f"({row(PUBLISHED).title}'s weights are missing)"
    for here in (PUBLISHED, *IN_ITS_PLACE):
        if is_present(here):
            return Choice(here, _in_words(here) if here == PUBLISHED else f"{_in_words(here)} {absent}")
    return Choice("small", f"{SMALL} {absent}")


def is_small(words: str) -> bool:
    """Whether a choice's words are those of the small network."""
    return words.startswith(SMALL) or words.endswith(SMALL_BEFORE)


def is_substitute(words: str) -> bool:
    """Whether a choice's words tell of a network that was taken because the published one's weights were missing."""
    return words.endswith("weights are missing)") or "in its place" in words


def _in_words(name: str) -> str:
    return f"{SPACES[name].full_title}, trained on ImageNet"


class Backbone:
    """A frozen network of torchvision up to the map that its own classifier is given; its batch norms are folded in.

    Raises BadInput where its weights are not here.
    """

    def __init__(self, name: str) -> None:
        require(name)
        self.name = name

    @cached_property
    def network(self) -> TorchvisionNetwork:
        """Read from its file when it is first needed: never, where all that is asked for is kept."""
        return TorchvisionNetwork(self.name)

    @property
    def layers(self) -> nn.Sequential:
        layers = self.network.features
        assert isinstance(layers, nn.Sequential)
        return layers

    def split(self, trained_layers: int) -> tuple[nn.Sequential, nn.Sequential]:
        """The layers that stay frozen, and the last so many; raises BadInput where it has not so many."""
        cut = len(self.layers) - trained_layers
        if cut < 0:
            raise BadInput(f"trained_layers: {row(self.name).title} has {len(self.layers)} (given: {trained_layers})")
        return self.layers[:cut], self.layers[cut:]

    @torch.no_grad()
    def maps(self, images: Uint8, layers: nn.Module | None = None) -> Tensor:
        """Maps (n, channels, h, w) float32 that the first layers, or all, make of images (n, h, w, 1 or 3).

        Batches are filled up, since kernels may round differently for other sizes: an image's map depends on it alone.
        """
        found = []
        for start in range(0, len(images), BATCH):
            some = images[start : start + BATCH]
            filled = np.concatenate([some, np.repeat(some[:1], BATCH - len(some), axis=0)])
            rgb = torch.from_numpy(np.ascontiguousarray(Pictures(filled).as_rgb().transpose(0, 3, 1, 2)))
            shown = as_input(rgb.to(self.network.device), self.network.input)
            found.append((layers or self.layers)(shown)[: len(some)].float())
        return torch.cat(found)

    def views(self, images: Uint8, augmentation: Augmentation, count: int, progress: Progress) -> MapMoments:
        """Moments of the images' last maps, as they are and in so many augmented views: (1 + count, n, channels)."""
        return MapMoments.stacked([self.moments(images, augmentation, view, progress) for view in range(1 + count)])

    def moments(
        self,
        images: Uint8,
        augmentation: Augmentation | None = None,
        view: int = 0,
        progress: Progress | None = None,
    ) -> MapMoments:
        """Moments of the images' last maps in one view (1, n, channels): computed once an image and view, and kept.

        View 0 is the image as it is. Raises Cancelled when asked to stop; groups of images that were finished are kept.
        """
        progress = progress or Silent()
        digests = picture_digests(Pictures(images)).tolist()
        kept = KeptMoments(self._folder(augmentation, view))
        first_of = {digest: place for place, digest in reversed(list(enumerate(digests)))}
        missing = sorted(digest for digest in first_of if digest not in kept)
        for start in range(0, len(missing), KEPT_AT_A_TIME):
            some = missing[start : start + KEPT_AT_A_TIME]
            shown = images[np.array([first_of[digest] for digest in some])]
            kept.add(some, self._computed(view_of(shown, augmentation, view), start, len(missing), progress))
        return kept.of(digests)

    def _computed(self, images: Uint8, done: int, total: int, progress: Progress) -> MapMoments:
        """Moments of images in memory, of which others were done before."""
        found = []
        for start in range(0, len(images), BATCH):
            if progress.stop_requested():
                raise Cancelled(f"stopped after {done + start} of {total} images were looked at")
            moments = MapMoments.of(self.maps(images[start : start + BATCH]))
            found.append(MapMoments(moments.mean.cpu(), moments.variance.cpu(), moments.places))
            progress.update(
                done + min(start + BATCH, len(images)), total, f"{row(self.name).title} looks at the images"
            )
        return MapMoments.joined(found)

    def _folder(self, augmentation: Augmentation | None, view: int) -> Path:
        """Where moments are kept: by network, weights, view and augmentation."""
        weights = status_of(self.name)
        changes = augmentation.digest() if augmentation and view else ""
        words = repr((self.name, weights.sha256, weights.input, VERSION, view, changes))
        return features_folder() / f"maps-{self.name}-{sha256(words.encode()).hexdigest()[:32]}"
