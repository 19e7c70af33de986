"""A score with how far it can be trusted: its value, an interval, and what was resampled to get it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, t

Float64 = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A score; the interval has a nominal level of 95 % and is absent where nothing could be resampled."""

    value: float
    low: float | None = None
    high: float | None = None
    resamples: int = 0
    spread: float | None = None
    """Standard deviation over the score's own splits or subsets, where it has such; not an interval."""
    notes: tuple[str, ...] = ()

    def noted(self, *notes: str) -> "Estimate":
        return replace(self, notes=(*self.notes, *notes))


def around(
    value: float,
    resampled: Callable[[np.random.Generator], float],
    resamples: int,
    seed: int,
    *,
    spread: float | None = None,
) -> Estimate:
    """The value with an interval of as many bootstrap standard errors either side as a normal one takes.

    For scores that are biased by the number of images (distances of Gaussians, class scores): a resample repeats
    images and so is biased once more, which moves percentiles but not the spread.
    """
    if resamples < 2:
        return Estimate(value, spread=spread)
    rng = np.random.default_rng(seed)
    quantile = float(t.ppf((1 + LEVEL) / 2, resamples - 1))  # few resamples know their own spread badly
    error = quantile * float(np.std([resampled(rng) for _ in range(resamples)], ddof=1))
    return Estimate(value, value - error, value + error, resamples, spread)


def mean_of(contributions: Float64, resamples: int, seed: int) -> Estimate:
    """The mean of what each image or pair contributes, with its percentile bootstrap interval; none where all agree."""
    value = float(contributions.mean())
    if resamples < 2 or np.all(contributions == contributions[0]):  # no resample would differ
        return Estimate(value)
    rng = np.random.default_rng(seed)
    means = [contributions[draw(rng, len(contributions))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), resamples)


def share_of(contributions: Float64, resamples: int) -> Estimate:
    """The share of images that contribute 1 and not 0, with its exact binomial interval (Clopper and Pearson 1934).

    That is where a bootstrap of 0s and 1s goes with many resamples, but it does not vanish at 0 and 1. Left out where
    no resamples are asked for.
    """
    value = float(contributions.mean())
    if resamples < 2:
        return Estimate(value)
    exact = binomtest(int(contributions.sum()), len(contributions)).proportion_ci(LEVEL)
    return Estimate(value, float(exact.low), float(exact.high))


def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Places of a bootstrap resample of so many images."""
    return rng.integers(0, count, count)


def weights(rng: np.random.Generator, count: int) -> Float64:
    """The same as how often each image is in it."""
    return np.bincount(draw(rng, count), minlength=count).astype(np.float64)
