"""A mask made another one: elastically deformed, grown or shrunk, moved."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.data.shaping import grown, shifted
from medgan.training.deform import Deformation

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True)
class MaskChange:
    """What is done to masks, in this order; nothing by default. Lengths are in share of the image's side."""

    deform: float = 0.0
    """Strength of the elastic deformation: how far points in the middle move (root mean square)."""
    seed: int = 0
    """Which deformation: each seed bends the mask another way."""
    grow: float = 0.0
    """How far outlines move outwards; negative: inwards."""
    right: float = 0.0
    down: float = 0.0

    def __call__(self, masks: Uint8) -> Uint8:
        """Masks (size, size, structures) of 0/1, changed."""
        if self.deform:
            signed = torch.from_numpy(masks.astype(np.float32) * 2 - 1).permute(2, 0, 1)[None]
            deformed = Deformation(self.deform, self.seed)(signed, first=0)[0]
            masks = (deformed.permute(1, 2, 0).numpy() > 0).astype(np.uint8)
        return shifted(grown(masks, self.grow), self.right, self.down)
