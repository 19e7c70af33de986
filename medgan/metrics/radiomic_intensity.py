"""First-order features: which grey levels and colours a picture has, how steep its edges are, and where light falls."""

import numpy as np

from medgan.metrics.radiomic_levels import LEVELS, ROUNDING_VARIANCE, Float64, Uint8, entropy_bits, log_energy

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
ZONES = 3


def intensity_features(levels: Uint8) -> dict[str, float]:
    """Statistics of the histogram of grey levels (h, w) (IBSI 3.3 and 3.4).

    Levels are over 255. Kurtosis is log(1 + kurtosis), skewness its inverse hyperbolic sine. Of the 32 bins: entropy
    over 5 bits, and the root of uniformity and of the shares of the darkest and the lightest bin, for their long tails.
    """
    shares = np.bincount(levels.ravel(), minlength=256) / levels.size
    mean, variance, skewness, kurtosis = _moments(shares)
    reached = np.searchsorted(shares.cumsum(), np.array(PERCENTILES) / 100)
    binned = shares.reshape(LEVELS, -1).sum(axis=1)
    return {
        "intensity_mean": mean / 255,
        "intensity_spread": variance**0.5 / 255,
        "intensity_skewness": float(np.arcsinh(skewness)),
        "intensity_kurtosis": float(np.log1p(kurtosis)),
        "intensity_deviation": float(shares @ np.abs(np.arange(256) - mean)) / 255,
        "intensity_entropy": float(entropy_bits(binned)) / 5,
        "intensity_uniformity": float(np.sqrt(binned @ binned)),
        "intensity_black": float(np.sqrt(binned[0])),
        "intensity_white": float(np.sqrt(binned[-1])),
    } | {f"intensity_percentile_{q}": level / 255 for q, level in zip(PERCENTILES, reached.tolist(), strict=True)}


def _moments(shares: Float64) -> tuple[float, float, float, float]:
    """Mean, variance, skewness and kurtosis (3 for a Gaussian; both 0 for a constant picture) of a histogram of 256."""
    mean = float(shares @ np.arange(256))
    centred = np.arange(256) - mean
    second, third, fourth = (float(shares @ centred**power) for power in (2, 3, 4))
    floored = second + ROUNDING_VARIANCE
    return mean, second, third / floored**1.5, fourth / floored**2


def gradient_features(levels: Uint8) -> dict[str, float]:
    """Steps between neighbouring pixels of (h, w): log energy, how few pixels hold it, direction and curvature."""
    values = levels.astype(np.float32)
    across, down = np.diff(values, axis=1)[:-1], np.diff(values, axis=0)[:, :-1]
    horizontal, vertical = float((across**2).mean()), float((down**2).mean())
    magnitude = np.sqrt(across**2 + down**2)
    curvature = values[1:-1, :-2] + values[1:-1, 2:] + values[:-2, 1:-1] + values[2:, 1:-1] - 4 * values[1:-1, 1:-1]
    energy = horizontal + vertical + ROUNDING_VARIANCE
    return {
        "gradient_energy": float(np.log10(energy)),
        "gradient_evenness": float(magnitude.mean()) / energy**0.5,
        "gradient_direction": (horizontal - vertical) / energy,
        "gradient_curvature": log_energy(curvature**2),
    }


def layout_features(levels: Uint8) -> dict[str, float]:
    """Where it is light: means over 255 of 3 x 3 zones of (h, w), and likeness to the mirror image (1: the same)."""
    zones = {
        f"layout_zone_{row + 1}{column + 1}": float(zone.mean()) / 255
        for row, band in enumerate(np.array_split(levels, ZONES, axis=0))
        for column, zone in enumerate(np.array_split(band, ZONES, axis=1))
    }
    centred = levels - levels.mean(dtype=np.float64)
    likeness = float((centred * centred[:, ::-1]).mean()) / (float((centred**2).mean()) + ROUNDING_VARIANCE)
    return zones | {"layout_symmetry": likeness}


def colour_features(image: Uint8) -> dict[str, float]:
    """What grey levels leave out of an RGB image (h, w, 3): each channel's moments, saturation, and opponent colours.

    Opponent colours are red against green and yellow against blue (Hasler and Suesstrunk, 2003), over 255.
    """
    red, green, blue = (np.ascontiguousarray(channel) for channel in np.moveaxis(image, 2, 0))
    found: dict[str, float] = {}
    for name, channel in (("red", red), ("green", green), ("blue", blue)):
        mean, variance, skewness, _ = _moments(np.bincount(channel.ravel(), minlength=256) / channel.size)
        found[f"{name}_mean"] = mean / 255
        found[f"{name}_spread"] = variance**0.5 / 255
        found[f"{name}_skewness"] = float(np.arcsinh(skewness))
    largest = np.maximum(np.maximum(red, green), blue)
    chroma = largest - np.minimum(np.minimum(red, green), blue)
    saturation = chroma / np.maximum(largest, 1).astype(np.float32)
    found |= {"saturation_mean": float(saturation.mean()), "saturation_spread": float(saturation.std())}
    reds, greens, blues = (channel.astype(np.float32) for channel in (red, green, blue))
    for name, opponent in (("red_green", reds - greens), ("yellow_blue", (reds + greens) / 2 - blues)):
        found[f"{name}_mean"] = float(opponent.mean()) / 255
        found[f"{name}_spread"] = float(opponent.std()) / 255
        found[f"{name}_gradient"] = log_energy(np.diff(opponent, axis=1) ** 2)
    return found
