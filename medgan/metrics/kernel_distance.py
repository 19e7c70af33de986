"""KID: the squared maximum mean discrepancy of two sets' features under a cubic kernel (Binkowski et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.metrics.features import Float32

Float64 = NDArray[np.float64]
Chosen = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Rows of either set, a subset each."""
SUBSETS, SUBSET_SIZE, SEED = 100, 1000, 2020
"""As torch-fidelity draws them."""
BLOCK = 512
"""Rows whose kernels are computed at a time."""


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

    Equally large sets of no more than `subset_size` images are compared whole, in one; of unequal ones the larger is
    drawn from.
    """
    size = min(subset_size, len(a), len(b))
    if size == len(a) == len(b):
        subsets = 1
    rng = np.random.RandomState(SEED)
    chosen = [
        (rng.choice(len(a), size, replace=False), rng.choice(len(b), size, replace=False)) for _ in range(subsets)
    ]
    # Subsets overlap where the sets are not much larger: then every pair's kernel is computed once for all of them.
    of_subsets = _at_once if (len(a) + len(b)) ** 2 < subsets * (2 * size) ** 2 else _one_by_one
    found = of_subsets(a, b, chosen)
    return KernelDistance(float(np.mean(found)), float(np.std(found)), size)


def _one_by_one(a: Float32, b: Float32, chosen: Chosen) -> list[float]:
    found = []
    for of_a, of_b in chosen:
        some_a, some_b = a[of_a], b[of_b]
        found.append(discrepancy(kernel(some_a, some_a), kernel(some_b, some_b), kernel(some_a, some_b)))
    return found


def _at_once(a: Float32, b: Float32, chosen: Chosen) -> Float64:
    """The discrepancies of all subsets from sums over pairs, block by block, so that no whole matrix is kept."""
    of_a, of_b = (_membership(len(rows), [pair[side] for pair in chosen]) for side, rows in ((0, a), (1, b)))
    size = len(chosen[0][0])
    inside = [
        (_sums(rows, rows, of, of) - _self_sums(rows, of)) / (size * (size - 1)) for rows, of in ((a, of_a), (b, of_b))
    ]
    between: Float64 = _sums(a, b, of_a, of_b) / size**2
    return inside[0] + inside[1] - 2 * between


def _membership(count: int, subsets: list[NDArray[np.int64]]) -> Float64:
    """1 where a row (count,) is in a subset: (count, subsets)."""
    found = np.zeros((count, len(subsets)))
    for place, rows in enumerate(subsets):
        found[rows, place] = 1
    return found


def _sums(a: Float32, b: Float32, of_a: Float64, of_b: Float64) -> Float64:
    """For each subset the sum of the kernel over its pairs."""
    total = np.zeros(of_a.shape[1])
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        total += ((kernel(a[rows], b) @ of_b) * of_a[rows]).sum(axis=0)
    return total


def _self_sums(rows: Float32, of: Float64) -> Float64:
    """For each subset the sum of the kernel of each row with itself."""
    squares = np.square(rows, dtype=np.float64).sum(axis=1)
    cubed: Float64 = (squares / rows.shape[1] + 1.0) ** 3
    return cubed @ of


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
