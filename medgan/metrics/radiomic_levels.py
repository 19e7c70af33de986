"""Grey levels as the radiomic features count them."""

import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Float64 = NDArray[np.float64]

LEVELS = 32
"""Grey levels after discretisation: fixed bins of 8 levels over 0..255, the same for every picture (IBSI 3.1)."""
ROUNDING_VARIANCE = 1 / 12
"""Variance, in squared grey levels, of rounding to whole levels: the floor under variances and energies.

Differences below it are not in the picture, and with it the logarithm or ratio of a constant picture is defined.
"""


def discretised(levels: Uint8) -> Uint8:
    """Grey levels 0..255 as bins 0..31."""
    return levels >> np.uint8(3)


def entropy_bits(shares: Float64) -> Float64:
    """Shannon entropy of shares that add to one along the last axis, in bits."""
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    bits: Float64 = -(shares * logarithms).sum(axis=-1)
    return bits


def log_energy(squares: NDArray[np.floating]) -> float:
    """Common logarithm of a mean of squared grey levels, from -1.1 (nothing but rounding) to 4.8."""
    return float(np.log10(squares.mean() + ROUNDING_VARIANCE))
