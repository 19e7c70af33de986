"""What a frozen network's maps come down to for the head above it, and where that is kept on disk.

The published head is batch norm, global average pooling, dropout and one unit. Batch norm shifts and scales each
channel, which commutes with averaging over places; its statistics over a batch follow from each image's own mean and
variance of the channel. So two numbers a channel stand for the whole map: 4 KiB an image for VGG16, not 100 or more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.common.tensors import read_tensors, write_tensors


@dataclass(frozen=True)
class MapMoments:
    """Means and variances of maps over their places, for each of n images in each of some views."""

    mean: Tensor
    """(views, n, channels) float32."""
    variance: Tensor
    """(views, n, channels) float32: the mean squared distance from the mean."""
    places: int
    """Height times width of a map."""

    @classmethod
    def of(cls, maps: Tensor) -> "MapMoments":
        """Those of maps (n, channels, h, w), as one view."""
        variance, mean = torch.var_mean(maps.float().flatten(2), dim=2, correction=0)
        return cls(mean[None], variance[None], maps[0, 0].numel())

    @classmethod
    def stacked(cls, views: Sequence["MapMoments"]) -> "MapMoments":
        """Several views of the same images."""
        mean, variance = (torch.cat([getattr(view, name) for view in views]) for name in ("mean", "variance"))
        return cls(mean, variance, views[0].places)

    @classmethod
    def joined(cls, pieces: Sequence["MapMoments"]) -> "MapMoments":
        """The same views of several groups of images, one after the other."""
        mean, variance = (torch.cat([getattr(piece, name) for piece in pieces], 1) for name in ("mean", "variance"))
        return cls(mean, variance, pieces[0].places)

    def at(self, rows: NDArray[np.int64]) -> "MapMoments":
        """Those of some of the images."""
        chosen = torch.from_numpy(rows)
        return MapMoments(self.mean[:, chosen], self.variance[:, chosen], self.places)


class KeptMoments:
    """A folder of moments of single views, found again by the content of their images.

    Each writer adds files of its own, so that several processes may share the folder; a damaged file is passed over.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pieces: list[MapMoments] = []
        self.row_of: dict[str, int] = {}
        for path in sorted(folder.glob("*.safetensors")):
            try:
                tensors, facts = read_tensors(path)
                moments = MapMoments(tensors["mean"], tensors["variance"], int(facts["places"]))
                self._note(facts["digests"].split(), moments)
            except (BadInput, KeyError, ValueError):
                continue

    def __contains__(self, digest: object) -> bool:
        return digest in self.row_of

    def add(self, digests: Sequence[str], moments: MapMoments) -> None:
        """Keep the moments of images with these digests; a disk without room keeps none, for this process only."""
        self._note(digests, moments)
        facts = {"places": str(moments.places), "digests": " ".join(digests)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{secrets.token_hex(8)}.safetensors"
            write_tensors(path, {"mean": moments.mean, "variance": moments.variance}, facts)
        except OSError:
            pass

    def of(self, digests: Sequence[str]) -> MapMoments:
        """Moments of images with these digests, in their order; all of them have to be kept."""
        return MapMoments.joined(self.pieces).at(np.array([self.row_of[digest] for digest in digests], np.int64))

    def _note(self, digests: Sequence[str], moments: MapMoments) -> None:
        first = sum(piece.mean.shape[1] for piece in self.pieces)
        self.row_of |= {digest: first + place for place, digest in enumerate(digests)}
        self.pieces.append(moments)
