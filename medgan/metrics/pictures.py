"""What is scored: images, masks, or both together as one picture."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from medgan.common.errors import BadInput
from medgan.common.pictures import painted

Uint8 = NDArray[np.uint8]
Part = Literal["images", "masks", "combined"]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in a grey level (ITU-R BT.601)."""


@dataclass(frozen=True)
class Pictures:
    """Images (n, h, w, 1 or 3), their masks (n, h, w, structures) of 0/1, or one of them; arrays or memory maps."""

    images: Uint8 | None = None
    masks: Uint8 | None = None
    rows: NDArray[np.int64] | None = None
    """Which rows of the arrays these are, in their order; all where it is not given. Nothing is read for them yet."""

    def __len__(self) -> int:
        return len(self._any) if self.rows is None else len(self.rows)

    def __getitem__(self, chosen: slice | NDArray[np.int64]) -> "Pictures":
        """Some of them, read into memory."""
        rows = chosen if self.rows is None else self.rows[chosen]
        images, masks = (None if part is None else np.asarray(part[rows]) for part in (self.images, self.masks))
        return Pictures(images, masks)

    def at(self, chosen: NDArray[np.int64]) -> "Pictures":
        """Some of them, not read yet."""
        return replace(self, rows=chosen if self.rows is None else self.rows[chosen])

    @property
    def size(self) -> int:
        """Pixels a side."""
        return int(self._any.shape[1])

    @property
    def _any(self) -> Uint8:
        part = self.masks if self.images is None else self.images
        assert part is not None
        return part

    def only(self, part: Part) -> "Pictures":
        """What a part consists of: the images alone, the masks alone, or both; raises BadInput where it is missing."""
        if part != "masks" and self.images is None:
            raise BadInput(f"there are no images to score as {part}: choose part masks")
        if part != "images" and self.masks is None:
            raise BadInput(f"there are no masks to score as {part}: choose part images, or a set and data with masks")
        images, masks = self.images if part != "masks" else None, self.masks if part != "images" else None
        return replace(self, images=images, masks=masks)

    def as_rgb(self) -> Uint8:
        """What a network that expects colour is shown, (n, h, w, 3).

        Grey images and masks are repeated to three channels. Images with masks become one picture: the grey image,
        the painted mask, the grey image again; so a colour image keeps only its grey levels there.
        """
        if self.rows is not None:
            return self[:].as_rgb()
        if self.images is None or self.masks is None:
            alone = painted(self.masks) if self.images is None and self.masks is not None else self.images
            assert alone is not None
            return np.repeat(alone, 3, axis=3) if alone.shape[3] == 1 else np.asarray(alone)
        image = grey(self.images)
        return np.concatenate([image, painted(self.masks), image], axis=3)


def grey(images: Uint8) -> Uint8:
    """Images (n, h, w, 1 or 3) as grey levels (n, h, w, 1)."""
    if images.shape[3] == 1:
        return images
    levels: Uint8 = np.rint(images.astype(np.float32) @ LUMA).astype(np.uint8)
    return levels[..., None]


def resized(pictures: Pictures, size: int) -> Pictures:
    """Pictures in memory brought down to a side, antialiased; masks stay 0 and 1. Smaller ones stay as they are."""
    if pictures.size <= size:
        return pictures
    images, masks = pictures.images, pictures.masks
    return Pictures(
        None if images is None else _smaller(images, size),
        None if masks is None else (_smaller(masks * np.uint8(255), size) >= 128).astype(np.uint8),
    )


def _smaller(rows: Uint8, size: int) -> Uint8:
    tensor = torch.from_numpy(np.ascontiguousarray(rows)).permute(0, 3, 1, 2).float()
    small = interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)
    bytes_: Uint8 = small.round().clamp_(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy()
    return bytes_
