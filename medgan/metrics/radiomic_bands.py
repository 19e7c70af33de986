"""Frequency features: how much of a picture is fine and how much coarse, by wavelets and by Fourier bands."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pywt
import scipy.fft
from numpy.typing import NDArray

from medgan.metrics.radiomic_levels import ROUNDING_VARIANCE, Uint8, log_energy

WAVELET = "db2"
WAVELET_SCALES = 4
BAND_EDGES = (1 / 32, 1 / 16, 1 / 8, 2**-2.5, 1 / 4, 2**-1.5, 1 / 2)
"""Spatial frequencies between Fourier bands, in cycles a pixel; the last band holds the corners beyond 1/2."""


def wavelet_features(levels: Uint8) -> dict[str, float]:
    """Detail of (h, w) at four scales: log energy by orientation, and evenness (0.8 for noise, less for few edges)."""
    found: dict[str, float] = {}
    approximation = levels.astype(np.float32)
    for scale in range(1, WAVELET_SCALES + 1):
        approximation, details = pywt.dwt2(approximation, WAVELET, mode="symmetric")
        squares = [detail**2 for detail in details]
        for orientation, energies in zip(("horizontal", "vertical", "diagonal"), squares, strict=True):
            found[f"wavelet_{orientation}_{scale}"] = log_energy(energies)
        spread = np.sqrt(np.mean([energies.mean() for energies in squares]) + ROUNDING_VARIANCE)
        found[f"wavelet_evenness_{scale}"] = float(np.mean([np.abs(detail).mean() for detail in details]) / spread)
    return found


def fourier_features(levels: Uint8) -> dict[str, float]:
    """Power of (h, w) in rings of spatial frequency, from coarse (1) to fine (8), and at the pixel raster's own period.

    Bands are log power a coefficient, scaled so that white noise has its variance in every band; a ring that a small
    picture does not reach holds the floor. `fourier_centre` is the mean frequency, in octaves below 1/2 cycle a pixel.
    `fourier_checkerboard` is the log ratio of power at a period of two pixels to that at slightly longer periods:
    generators that upsample badly leave such a pattern (Odena et al., 2016).
    """
    plan = _plan(*levels.shape)
    values = levels.astype(np.float32)
    spectrum = scipy.fft.rfft2((values - np.float32(values.mean(dtype=np.float64))) * plan.window)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    counts = np.bincount(plan.ring, minlength=len(BAND_EDGES) + 1)
    bands = np.bincount(plan.ring, power.ravel(), minlength=counts.size) / np.maximum(counts, 1)
    found = {f"fourier_band_{band}": float(value) for band, value in enumerate(np.log10(bands + ROUNDING_VARIANCE), 1)}
    centre = float((power * plan.frequency).mean()) / (float(power.mean()) + ROUNDING_VARIANCE)
    checkerboard = log_energy(power[plan.at_raster]) - log_energy(power[plan.near_raster])
    return found | {"fourier_centre": float(np.log2(2 * centre + 1 / 128)), "fourier_checkerboard": checkerboard}


class _Plan(NamedTuple):
    """What the coefficients (h, w // 2 + 1) of the Fourier transform of a picture (h, w) stand for."""

    window: NDArray[np.float32]
    """(h, w): Hann's, so that opposite edges of the picture do not count as detail; of unit energy."""
    ring: NDArray[np.int64]
    """(coefficients,): which band."""
    frequency: NDArray[np.float32]
    """Cycles a pixel."""
    at_raster: NDArray[np.bool_]
    """Whether their period is two pixels, across or down."""
    near_raster: NDArray[np.bool_]
    """Whether it is a little longer, out of the window's reach."""


@lru_cache(maxsize=4)
def _plan(height: int, width: int) -> _Plan:
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    window /= np.sqrt((window**2).sum())
    down, across = np.abs(scipy.fft.fftfreq(height))[:, None], scipy.fft.rfftfreq(width)[None]
    frequency, fastest, step = np.hypot(down, across), np.maximum(down, across), 1 / min(height, width)
    return _Plan(
        window.astype(np.float32),
        np.digitize(frequency, BAND_EDGES).ravel(),
        frequency.astype(np.float32),
        at_raster=fastest > 0.5 - 0.75 * step,
        near_raster=(fastest > 0.25) & (fastest < 0.5 - 2.5 * step),
    )
