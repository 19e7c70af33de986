"""What a generator drew, as bytes: images, masks that are masks, or both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgan.common.images import to_uint8
from medgan.common.pictures import painted
from medgan.models.task import Batch

Uint8 = NDArray[np.uint8]
SPECK = 0.05  # of the largest piece: what is smaller is no part of a structure


@dataclass(frozen=True)
class Drawn:
    """Images (n, h, w, c), masks (n, h, w, structures) of 0/1, or both; at least one of them is there."""

    images: Uint8 | None
    masks: Uint8 | None

    @classmethod
    def of(cls, batch: Batch) -> "Drawn":
        """From parts in [-1, 1] as a GAN draws them; masks are cut at 0 and cleaned."""
        images = to_uint8(batch["images"]) if "images" in batch else None
        return cls(images, cleaned(to_uint8(batch["masks"]) >= 128) if "masks" in batch else None)

    @classmethod
    def joined(cls, pieces: Sequence["Drawn"]) -> "Drawn":
        """The same kind of thing, one after the other."""
        images = [piece.images for piece in pieces if piece.images is not None]
        masks = [piece.masks for piece in pieces if piece.masks is not None]
        return cls(np.concatenate(images) if images else None, np.concatenate(masks) if masks else None)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, chosen: slice) -> "Drawn":
        images, masks = (None if part is None else part[chosen] for part in (self.images, self.masks))
        return Drawn(images, masks)

    @property
    def pictures(self) -> Uint8:
        """Something to look at, (n, h, w, c): the images; where there are none, the masks as grey levels."""
        if self.images is not None:
            return self.images
        assert self.masks is not None
        return painted(self.masks)


def cleaned(masks: NDArray[np.bool_]) -> Uint8:
    """Masks (n, h, w, structures) without specks and holes, as 0/1.

    A generator leaves single pixels and pinholes that no outline drawn by a person has: pieces smaller than a
    twentieth of the largest go, enclosed holes are filled.
    """
    clean = np.zeros(masks.shape, np.uint8)
    for index in range(len(masks)):
        for structure in range(masks.shape[3]):
            clean[index, ..., structure] = _cleaned(masks[index, ..., structure])
    return clean


def _cleaned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, count = ndimage.label(mask)
    if count == 0:
        return mask
    areas = np.bincount(pieces.ravel())
    areas[0] = 0
    kept: NDArray[np.bool_] = (areas >= SPECK * areas.max())[pieces] & mask
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(kept)
    return filled
