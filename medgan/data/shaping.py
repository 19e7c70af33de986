"""Shapes of masks: an ellipse from nothing, and masks moved, grown or shrunk.

Lengths are in share of the image's side, so that they mean the same at every size.
"""

from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import ellipse

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Ellipse:
    """An ellipse; what lies beyond the image's border is cut off."""

    right: float = 0.5
    """Of its centre, from the left border."""
    down: float = 0.5
    """Of its centre, from the upper border."""
    width: float = 0.5
    """Its axis that lies level before it is turned."""
    height: float = 0.4
    angle: float = 0.0
    """How far it is turned, in degrees, anticlockwise as seen on a screen."""

    def drawn(self, size: int) -> Uint8:
        """The mask (size, size) of 0/1."""
        mask = np.zeros((size, size), np.uint8)
        rows, columns = ellipse(  # type: ignore[no-untyped-call]
            self.down * size - 0.5,
            self.right * size - 0.5,
            self.height * size / 2,
            self.width * size / 2,
            shape=mask.shape,
            rotation=radians((self.angle + 180) % 360 - 180),
        )
        mask[rows, columns] = 1
        return mask


def shifted(masks: Uint8, right: float, down: float) -> Uint8:
    """Masks (h, w, structures) moved by whole pixels; what leaves the image is lost, what comes in is empty."""
    height, width = masks.shape[:2]
    moved: Uint8 = ndimage.shift(masks, (round(down * height), round(right * width), 0), order=0)
    return moved


def grown(masks: Uint8, by: float) -> Uint8:
    """Masks (h, w, structures) with every outline moved outwards by a distance; inwards where it is negative.

    Dilation and erosion by a disc, each structure by itself: neighbours may then overlap. A structure that the
    border cuts off stays cut off there; one that is thinner than twice the distance vanishes.
    """
    distance = abs(by) * masks.shape[1]
    if distance == 0:
        return masks
    return np.stack([_grown(masks[..., each] > 0, distance, by > 0) for each in range(masks.shape[2])], axis=2)


def _grown(mask: NDArray[np.bool_], distance: float, outwards: bool) -> Uint8:
    if mask.all() or not mask.any():  # no outline
        return mask.astype(np.uint8)
    to_outline = ndimage.distance_transform_edt(~mask if outwards else mask)
    result = to_outline <= distance if outwards else to_outline > distance
    return np.asarray(result, np.uint8)
