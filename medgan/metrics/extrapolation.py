"""The Fréchet distance as it would be with endlessly many synthetic images (Chong & Forsyth 2020, arXiv:1911.07023).

With N images the distance is too large by about a constant over N. So it is taken for several N, and a line through
the values over 1/N is followed to 0. That the excess falls as 1/N holds for N above the number of features only.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

POINTS = 8
SMALLEST_SHARE = 0.2
"""Of all synthetic images, in the smallest of the subsets."""


def counts(count: int) -> NDArray[np.int64]:
    """Sizes of the subsets, evenly spaced; the last is the whole set."""
    return np.unique(np.linspace(max(2, SMALLEST_SHARE * count), count, POINTS).astype(np.int64))


def followed(distance: Callable[[NDArray[np.int64]], float], count: int, rng: np.random.Generator) -> float:
    """Where the line through distances of random subsets, over one by their size, meets 0."""
    sizes = counts(count)
    values = [distance(rng.permutation(count)[:size]) for size in sizes]
    _, at_zero = np.polyfit(1 / sizes, values, 1)
    return float(at_zero)
