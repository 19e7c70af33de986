"""KID: the squared maximum mean discrepancy of two sets' features under a cubic kernel (Binkowski et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.metrics.features import Float32

Float64 = NDArray[np.float64]
SUBSETS, SUBSET_SIZE, SEED = 100, 1000, 2020
"""As torch-fidelity draws them."""


@dataclass(frozen=True)
class KernelDistance:
    """Mean over subsets, and their spread (not that of the whole sets)."""

    mean: float
    spread: float
    subset_size: int


def kernel(a: Float32, b: Float32) -> Float64:
    """(a . b / d + 1)^3 of features (n, d) and (m, d), as (n, m)."""
    product: Float64 = np.asarray(a, np.float64) @ np.asarray(b, np.float64).T
    cubed: Float64 = (product / a.shape[1] + 1.0) ** 3
    return cubed


def kernel_distance(a: Float32, b: Float32, subsets: int = SUBSETS, subset_size: int = SUBSET_SIZE) -> KernelDistance:
    """The unbiased estimate; 0 for equal distributions, which it may fall below, and lower is closer.

    Sets of no more than `subset_size` images are compared whole: any subset of them would be the same again.
    """
    size = min(subset_size, len(a), len(b))
    if size == len(a) == len(b):
        subsets = 1
    rng = np.random.RandomState(SEED)
    found = []
    for _ in range(subsets):
        some_a = a[rng.choice(len(a), size, replace=False)]
        some_b = b[rng.choice(len(b), size, replace=False)]
        found.append(discrepancy(kernel(some_a, some_a), kernel(some_b, some_b), kernel(some_a, some_b)))
    return KernelDistance(float(np.mean(found)), float(np.std(found)), size)


def discrepancy(aa: Float64, bb: Float64, ab: Float64) -> float:
    """The unbiased squared discrepancy of kernel matrices (n, n), (m, m) and (n, m)."""
    n, m = ab.shape
    inside_a = (aa.sum() - np.trace(aa)) / (n * (n - 1))
    inside_b = (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return float(inside_a + inside_b - 2 * ab.mean())


def weighted_discrepancy(aa: Float64, bb: Float64, ab: Float64, of_a: Float64, of_b: Float64) -> float:
    """The same where image i counts `of_a[i]` times, as in a bootstrap; a pair of an image with itself never counts."""
    inside_a = _inside(aa, of_a)
    inside_b = _inside(bb, of_b)
    return float(inside_a + inside_b - 2 * (of_a @ ab @ of_b) / (of_a.sum() * of_b.sum()))


def _inside(matrix: Float64, weights: Float64) -> float:
    squares = np.square(weights)
    pairs = weights.sum() ** 2 - squares.sum()
    return float((weights @ matrix @ weights - squares @ np.diagonal(matrix)) / pairs)
