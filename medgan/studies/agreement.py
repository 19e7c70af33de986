"""How far readers agree beyond chance: Cohen's kappa of two, Fleiss' kappa of more.

Answers are arrays (..., readers, items) of 0 and 1; leading axes, as those of resamples, are kept. Kappa is 1 where
all agree, 0 where they agree as often as chance would have it, and NaN where everybody always says the same.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medgan.common.errors import BadInput
from medgan.metrics.estimate import Estimate

Floats = NDArray[np.float64]


def cohen_kappa(answers: ArrayLike) -> Floats:
    """Kappa of two readers, each with a habit of its own (Cohen 1960, Educational and Psychological Measurement 20:37).

    answers: (..., 2, items). Raises BadInput for another number of readers.
    """
    values = _checked(answers)
    if values.shape[-2] != 2:
        raise BadInput(f"Cohen's kappa is of two readers, not of {values.shape[-2]}")
    first, second = values[..., 0, :], values[..., 1, :]
    observed = (first == second).mean(axis=-1)
    p, q = first.mean(axis=-1), second.mean(axis=-1)
    return _beyond_chance(observed, p * q + (1 - p) * (1 - q))


def fleiss_kappa(answers: ArrayLike) -> Floats:
    """Kappa of two or more readers of the same items (Fleiss 1971, Psychological Bulletin 76:378).

    answers: (..., readers, items). Raises BadInput for a single reader.
    """
    values = _checked(answers)
    readers = values.shape[-2]
    if readers < 2:
        raise BadInput("agreement is between readers: it takes two or more")
    ones = values.sum(axis=-2)  # ..., items
    pairs = (ones * (ones - 1) + (readers - ones) * (readers - ones - 1)) / (readers * (readers - 1))
    share = ones.mean(axis=-1) / readers
    return _beyond_chance(pairs.mean(axis=-1), share**2 + (1 - share) ** 2)


def kappa(answers: ArrayLike, *, resamples: int = 999, seed: int = 0) -> Estimate:
    """Cohen's kappa of two readers, Fleiss' of more, with the percentile bootstrap interval over items.

    The interval is about these readers on other images. Absent where every resample is alike; the value is NaN where
    everybody always says the same.
    """
    values = _checked(answers)
    of = cohen_kappa if values.shape[-2] == 2 else fleiss_kappa
    value, items = float(of(values)), values.shape[-1]
    drawn = np.random.default_rng(seed).integers(0, items, (resamples, items))
    found = of(np.moveaxis(values[:, drawn], 0, 1))  # resamples, readers, items
    found = found[np.isfinite(found)]
    if not np.isfinite(value) or np.ptp(found) == 0:
        return Estimate(value)
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(value, float(low), float(high), resamples)


def in_words(value: float) -> str:
    """What a kappa is commonly called (Landis and Koch 1977, Biometrics 33:159)."""
    if value < 0:
        return "poor"
    names = ("slight", "fair", "moderate", "substantial", "almost perfect")
    return names[int(np.searchsorted([0.2, 0.4, 0.6, 0.8], value))]


def _checked(answers: ArrayLike) -> Floats:
    values = np.asarray(answers, np.float64)
    if values.ndim < 2 or not values.shape[-1] or not np.isin(values, (0, 1)).all():
        raise BadInput(f"answers of shape {values.shape}: give 0 or 1 of every reader for one or more items")
    return values


def _beyond_chance(observed: Floats, expected: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan), np.float64)
