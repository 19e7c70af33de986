"""Contrast features: how the image inside a structure differs from the image outside."""

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from medgan.metrics.radiomic_levels import LEVELS, ROUNDING_VARIANCE, Float64, Uint8, discretised, entropy_bits

Bool = NDArray[np.bool_]
RIM_PIXELS = 2
"""How far to both sides of an outline its rim reaches."""


def contrast_features(image: Uint8, levels: Uint8, mask: Bool) -> dict[str, float]:
    """Inside against outside the structure that is true in (h, w), for an image (h, w, 1 or 3) of grey levels (h, w).

    All zero where the structure is empty or fills the picture. Positive where there is more of it inside. Means are
    over 255 and entropies over 5 bits; spread, gradient and edge (the outline's steepness) are log ratios of energies;
    histogram is the share of inner pixels that would have to change bins to look like the outer ones.
    """
    if mask.all() or not mask.any():
        halved = np.zeros_like(mask)
        halved[0] = True
        return dict.fromkeys(contrast_features(image, levels, halved), 0.0)
    found = _histogram_contrasts(levels, mask) | _texture_contrasts(levels, mask) | _rim_contrasts(levels, mask)
    if image.shape[2] == 3:
        channels = [np.ascontiguousarray(channel) for channel in np.moveaxis(image, 2, 0)]
        chroma = np.maximum(np.maximum(*channels[:2]), channels[2]) - np.minimum(np.minimum(*channels[:2]), channels[2])
        for name, values in zip(("red", "green", "blue", "chroma"), (*channels, chroma), strict=True):
            outside, inside = _means(values, mask.view(np.uint8), 2)
            found[f"contrast_{name}"] = (inside - outside) / 255
    return found


def _means(values: Uint8 | NDArray[np.floating], zones: Uint8, count: int) -> list[float]:
    """Mean of values (h, w) in each of count zones (h, w), 0 where a zone has no pixel."""
    sums = np.bincount(zones.ravel(), values.ravel(), minlength=count)
    pixels = np.bincount(zones.ravel(), minlength=count)
    means: list[float] = (sums / np.maximum(pixels, 1)).tolist()
    return means


def _log_ratio(energy: float, other: float) -> float:
    return float(np.log10((energy + ROUNDING_VARIANCE) / (other + ROUNDING_VARIANCE)))


def _histogram_contrasts(levels: Uint8, mask: Bool) -> dict[str, float]:
    counts = np.bincount((levels + mask * np.uint16(256)).ravel(), minlength=512).reshape(2, 256)
    shares = counts / counts.sum(axis=1, keepdims=True)
    (outer_mean, outer_variance), (mean, variance) = (_mean_variance(side) for side in shares)
    binned = shares.reshape(2, LEVELS, -1).sum(axis=2)
    outer_entropy, entropy = entropy_bits(binned).tolist()
    return {
        "inside_mean": mean / 255,
        "contrast_mean": (mean - outer_mean) / 255,
        "contrast_spread": _log_ratio(variance, outer_variance),
        "contrast_entropy": (entropy - outer_entropy) / 5,
        "contrast_histogram": float(np.abs(binned[1] - binned[0]).sum()) / 2,
    }


def _mean_variance(shares: Float64) -> tuple[float, float]:
    """Of a histogram of 256 levels."""
    mean = float(shares @ np.arange(256))
    return mean, float(shares @ (np.arange(256) - mean) ** 2)


def _texture_contrasts(levels: Uint8, mask: Bool) -> dict[str, float]:
    """Step energy and homogeneity (IBSI 3.6.16) of neighbours along rows, both inside against both outside."""
    sides = mask[:, 1:].view(np.uint8) + mask[:, :-1].view(np.uint8)  # 0 both outside, 1 across the outline, 2 inside
    steps, bin_steps = (np.diff(grey.astype(np.float32), axis=1) for grey in (levels, discretised(levels)))
    if not (sides == 0).any() or not (sides == 2).any():
        return {"contrast_gradient": 0.0, "contrast_homogeneity": 0.0}
    outer, _, inner = _means(steps**2, sides, 3)
    outer_alike, _, inner_alike = _means(1 / (1 + bin_steps**2), sides, 3)
    return {"contrast_gradient": _log_ratio(inner, outer), "contrast_homogeneity": inner_alike - outer_alike}


def _rim_contrasts(levels: Uint8, mask: Bool) -> dict[str, float]:
    """The image within two pixels of the outline: its step across, and its gradient against the whole image's."""
    inner, outer = mask & _grown(~mask), ~mask & _grown(mask)
    _, inside, outside = _means(levels, inner + outer * np.uint8(2), 3)
    values = levels.astype(np.float32)
    squares = np.diff(values, axis=1)[:-1] ** 2 + np.diff(values, axis=0)[:, :-1] ** 2
    _, steepness = _means(squares, (inner | outer)[:-1, :-1].view(np.uint8), 2)
    everywhere = float(squares.mean(dtype=np.float64))
    return {"contrast_rim": (inside - outside) / 255, "contrast_edge": _log_ratio(steepness, everywhere)}


def _grown(mask: Bool) -> Bool:
    """A mask (h, w) and all within RIM_PIXELS of it along rows, columns and diagonals."""
    height, width = mask.shape
    padded = np.pad(mask, RIM_PIXELS)
    tall = reduce(np.logical_or, [padded[shift : shift + height] for shift in range(2 * RIM_PIXELS + 1)])
    grown: Bool = reduce(np.logical_or, [tall[:, shift : shift + width] for shift in range(2 * RIM_PIXELS + 1)])
    return grown
