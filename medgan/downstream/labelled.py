"""Images with the class that each of them shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput


@dataclass(frozen=True)
class LabelledImages:
    """What a classifier learns from, or is validated on."""

    images: NDArray[np.uint8]
    """(n, h, w, 1 or 3) bytes; an array or a memory map."""
    labels: NDArray[np.int64]
    """(n,) 0 or 1; 1 is the class to be found."""
    weights: NDArray[np.float64] | None = None
    """(n,) how much each image counts, relative to the others; all alike where it is not given."""

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.labels.shape != (len(self.images),):
            raise BadInput(f"images {self.images.shape} and labels {self.labels.shape}: need one label an image")
        if not np.isin(self.labels, (0, 1)).all():
            raise BadInput("labels have to be 0 or 1")
        if self.weights is not None and (self.weights.shape != self.labels.shape or (self.weights < 0).any()):
            raise BadInput(f"weights {self.weights.shape}: need one an image, none of them negative")

    def __len__(self) -> int:
        return len(self.labels)

    def require_both_classes(self, what: str) -> None:
        """Raise BadInput where a class is missing."""
        for label in (0, 1):
            if not (self.labels == label).any():
                raise BadInput(f"the {what} images have none of class {label}: a classifier needs both classes")

    def shares(self, balanced: bool) -> NDArray[np.float32]:
        """How much each image counts (n,), 1 on average; `balanced` makes both classes count the same in all."""
        shares = np.ones(len(self)) if self.weights is None else self.weights.astype(np.float64)
        if balanced:
            totals = np.bincount(self.labels, shares, minlength=2)
            shares = shares / np.where(totals > 0, totals, 1)[self.labels]
        if not shares.sum():
            raise BadInput("all weights are 0: no image would count")
        return np.asarray(shares / shares.mean(), np.float32)
