"""Images with the masks of what they show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput


@dataclass(frozen=True)
class MaskedImages:
    """What a segmenter learns from, or is validated on."""

    images: NDArray[np.uint8]
    """(n, size, size, 1 or 3) bytes; an array or a memory map."""
    masks: NDArray[np.uint8]
    """(n, size, size, structures) of 0 and 1, each structure by itself: they may overlap, and any may be empty."""

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.masks.ndim != 4 or self.masks.shape[:3] != self.images.shape[:3]:
            raise BadInput(f"images {self.images.shape} and masks {self.masks.shape}: need one mask an image, as large")
        if not self.structures:
            raise BadInput("these images have no masks, and a segmenter needs them: choose a data set with masks")
        if len(self) and self.masks.max() > 1:
            raise BadInput(f"masks have to be 0 outside and 1 inside; these go up to {self.masks.max()}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    @property
    def structures(self) -> int:
        """How many structures the masks outline."""
        return int(self.masks.shape[3])
