"""Texture features: which grey levels lie beside each other, and in how long runs, after IBSI (arXiv:1612.07003)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medgan.metrics.radiomic_levels import LEVELS, Float64, Uint8, discretised, entropy_bits

Int64 = NDArray[np.int64]
DISTANCES = (1, 2, 4)
"""Pixels between the two of a pair, along rows, columns and both diagonals (there the larger of the two steps)."""
ANGLES = ((0, 1), (-1, 1), (1, 0), (1, 1))
"""Steps in rows and columns: 0, 45, 90 and 135 degrees."""

_FIRST, _SECOND = np.indices((LEVELS, LEVELS)).reshape(2, -1)
_BY_DIFFERENCE = (np.abs(_FIRST - _SECOND)[:, None] == np.arange(LEVELS)).astype(np.float64)
_BY_SUM = ((_FIRST + _SECOND)[:, None] == np.arange(2 * LEVELS - 1)).astype(np.float64)


def cooccurrence_matrices(levels: Uint8) -> Float64:
    """Grey-level co-occurrence matrices of (h, w): (distances, angles, 32, 32), symmetric, each adding to one."""
    bins = discretised(levels).astype(np.uint16)  # the smallest that holds a pair's number: fewer bytes to move
    first_of_pair = bins * np.uint16(LEVELS)
    height, width = bins.shape
    counts = np.empty((len(DISTANCES), len(ANGLES), LEVELS * LEVELS))
    for row, distance in enumerate(DISTANCES):
        for column, (down, across) in enumerate(ANGLES):
            dy, dx = abs(down) * distance, across * distance
            above, below = slice(0, height - dy), slice(dy, height)
            start, end = (above, below) if down >= 0 else (below, above)
            pairs = first_of_pair[start, : width - dx] + bins[end, dx:]
            counts[row, column] = np.bincount(pairs.ravel(), minlength=LEVELS * LEVELS)
    one_way = counts.reshape(*counts.shape[:2], LEVELS, LEVELS)
    both_ways = one_way + one_way.swapaxes(2, 3)
    shares: Float64 = both_ways / both_ways.sum(axis=(2, 3), keepdims=True)
    return shares


def cooccurrence_features(levels: Uint8) -> dict[str, float]:
    """Features of co-occurring grey levels (IBSI 3.6) of (h, w) at 1, 2 and 4 pixels, averaged over four angles.

    Contrast is log(1 + contrast in squared bins), cluster shade the inverse hyperbolic sine of its ratio to the
    spread; entropies, and the bits that two levels share, are over their largest value. The others are as defined.
    """
    shares = cooccurrence_matrices(levels)
    joint, marginal = shares.reshape(*shares.shape[:2], -1), shares.sum(axis=3)
    difference = joint @ _BY_DIFFERENCE
    steps = np.arange(LEVELS, dtype=np.float64)
    mean, entropy = marginal @ steps, entropy_bits(joint)
    variance = _variance(marginal, steps)
    covariance = joint @ (_FIRST * _SECOND).astype(np.float64) - mean**2
    shared_bits = np.maximum(2 * entropy_bits(marginal) - entropy, 0)
    columns = {
        "contrast": np.log1p(difference @ steps**2),
        "difference_entropy": entropy_bits(difference) / 5,
        "homogeneity": difference @ (1 / (1 + steps**2)),
        "energy": np.sqrt((joint**2).sum(axis=2)),
        "entropy": entropy / 10,
        "correlation": np.where(variance > 1e-9, covariance / np.maximum(variance, 1e-9), 1),
        "mutual_information": shared_bits / 5,
        "cluster_shade": np.arcsinh(_shade(joint @ _BY_SUM)),
    }
    return {
        f"cooccurrence_{name}_{distance}": float(value)
        for name, values in columns.items()
        for distance, value in zip(DISTANCES, values.mean(axis=1), strict=True)
    }


def _shade(sums: Float64) -> Float64:
    """Skewness of the sums of two levels (..., 63): cluster shade over the spread to the third power."""
    steps = np.arange(2 * LEVELS - 1, dtype=np.float64)
    centred = steps - (sums @ steps)[..., None]
    second, third = ((sums * centred**power).sum(axis=-1) for power in (2, 3))
    ratio: Float64 = third / (second + 1 / LEVELS) ** 1.5  # the floor keeps rare single steps from counting as shade
    return ratio


def run_length_matrix(levels: Uint8, angle: int) -> Int64:
    """Runs of equal bins in (h, w) along one of ANGLES: (32, longest side), the count of each bin and length - 1."""
    order, ends = _lines(*levels.shape, angle)
    values = discretised(levels).ravel()[order]
    ends_here = ends.copy()
    ends_here[:-1] |= values[1:] != values[:-1]
    last = np.flatnonzero(ends_here)
    lengths = np.diff(last, prepend=-1)
    longest = max(levels.shape)
    counts = np.bincount(values[last].astype(np.int64) * longest + lengths - 1, minlength=LEVELS * longest)
    return counts.reshape(LEVELS, longest)


@lru_cache(maxsize=16)
def _lines(height: int, width: int, angle: int) -> tuple[Int64, NDArray[np.bool_]]:
    """Pixels of a picture in the order of its lines at one of ANGLES, and whether each is the last of its line."""
    down, across = ANGLES[angle]
    y, x = np.indices((height, width)).reshape(2, -1)
    line, along = y * across - x * down, x if across else y
    order = np.lexsort((along, line))
    ends = np.append(np.diff(line[order]) != 0, True)
    return order, ends


def run_length_features(levels: Uint8) -> dict[str, float]:
    """Features of runs of equal grey levels (IBSI 3.7) of (h, w), averaged over four angles.

    Long runs and the variance of lengths are log(1 + value), low grey levels and the (normalised) non-uniformities are
    roots, grey levels are over 32, entropy is over 10 bits.
    """
    runs = np.stack([run_length_matrix(levels, angle) for angle in range(len(ANGLES))])
    total = runs.sum(axis=(1, 2), keepdims=True)
    joint = runs / total
    by_level, by_length = joint.sum(axis=2), joint.sum(axis=1)
    level, length = np.arange(1.0, LEVELS + 1), np.arange(1.0, runs.shape[2] + 1)
    columns = {
        "short_emphasis": by_length @ length**-2,
        "long_emphasis": np.log1p(by_length @ length**2),
        "low_grey_emphasis": np.sqrt(by_level @ level**-2),
        "high_grey_emphasis": by_level @ level**2 / LEVELS**2,
        "grey_non_uniformity": np.sqrt((by_level**2).sum(axis=1)),
        "length_non_uniformity": np.sqrt((by_length**2).sum(axis=1)),
        "percentage": total / levels.size,
        "grey_spread": np.sqrt(_variance(by_level, level)) / LEVELS,
        "length_variance": np.log1p(_variance(by_length, length)),
        "entropy": entropy_bits(joint.reshape(len(ANGLES), -1)) / 10,
    }
    return {f"run_{name}": float(values.mean()) for name, values in columns.items()}


def _variance(shares: Float64, values: Float64) -> Float64:
    """Variance of values that occur with shares (..., values)."""
    centred = values - (shares @ values)[..., None]
    variance: Float64 = (shares * centred**2).sum(axis=-1)
    return variance
