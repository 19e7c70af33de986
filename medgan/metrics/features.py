"""Feature spaces: what a set of pictures looks like to one way of seeing, as numbers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.metrics.pictures import Pictures

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """What one feature space sees of some pictures, one row a picture."""

    pool: Float32
    """(n, d): what distances between sets are measured in."""
    logits: Float32 | None = None
    """(n, classes): evidence for each class of the network's own training; None where it names no classes."""

    @classmethod
    def joined(cls, pieces: Sequence["Features"]) -> "Features":
        """The same feature space's rows, one piece after the other."""
        logits = [piece.logits for piece in pieces if piece.logits is not None]
        return cls(np.concatenate([piece.pool for piece in pieces]), np.concatenate(logits) if logits else None)


class Extractor(ABC):
    """Turns pictures into features; a picture's row does not depend on the others in its batch."""

    batch: int = 16
    """Pictures at a time: always so many, filled up at the end, since kernels may round differently for other sizes."""

    def least_spreads(self, pictures: Pictures) -> Float32 | float:
        """What each feature counts as varying by at least where features are brought to a set's spread, (d,)."""
        return 0.0

    @abstractmethod
    def __call__(self, pictures: Pictures) -> Features:
        """Features of at most `batch` pictures, one row each."""
