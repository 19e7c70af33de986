"""Inception score: whether each picture is of one class, and all together of many (Salimans et al. 2016)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, xlogy

from medgan.metrics.features import Float32

SPLITS, SEED = 10, 2020
"""As torch-fidelity splits and shuffles."""


@dataclass(frozen=True)
class InceptionScore:
    """Mean over splits, and their spread."""

    mean: float
    spread: float
    splits: int


def inception_score(logits: Float32, splits: int = SPLITS) -> InceptionScore:
    """exp of the mean divergence between a picture's classes and all pictures' classes; logits (n, classes).

    From 1 (all alike, or none of any class) to the number of classes. Fewer pictures than splits make fewer splits.
    """
    splits = max(1, min(splits, len(logits)))
    shuffled = logits[np.random.RandomState(SEED).permutation(len(logits))]
    bounds = [place * len(logits) // splits for place in range(splits + 1)]
    scores = [_score(shuffled[first:last]) for first, last in pairwise(bounds)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)), splits)


def _score(logits: Float32) -> float:
    log_shares = log_softmax(logits.astype(np.float64), axis=1)
    shares = np.exp(log_shares)
    return score_of((shares * log_shares).sum(axis=1), shares.mean(axis=0))


def score_of(certainty: NDArray[np.float64], mean_shares: NDArray[np.float64]) -> float:
    """The score of one split from each picture's sum of p log p (n,) and the mean class shares (classes,)."""
    return float(np.exp(certainty.mean() - xlogy(mean_shares, mean_shares).sum()))
