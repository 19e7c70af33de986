"""The Fréchet distance between two sets' features, each taken as a Gaussian (Heusel et al. 2017, equation 6).

||m1 - m2||^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)). With factors C = F F^T the trace of the root is the sum of the singular
values of F1^T F2: no root of a non-symmetric matrix, and with fewer images than features F is as small as the images
are few.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.metrics.features import Float32

Float64 = NDArray[np.float64]
CHUNK = 4096
"""Rows that are turned to float64 at a time."""


@dataclass(frozen=True)
class Moments:
    """Mean (d,) of a set's features and a factor (d, r) of their covariance, which is factor times its transpose."""

    count: int
    mean: Float64
    factor: Float64

    @property
    def variance(self) -> float:
        """Trace of the covariance."""
        return float(np.sum(np.square(self.factor)))


def moments(features: Float32) -> Moments:
    """Moments of features (n, d), the covariance over n - 1 as usual. Raises BadInput for fewer than 2 rows."""
    count, dimensions = features.shape
    if count < 2:
        raise BadInput(f"a spread needs at least 2 images, there are {count}")
    chunks = [features[start : start + CHUNK] for start in range(0, count, CHUNK)]
    mean = sum(np.sum(chunk, axis=0, dtype=np.float64) for chunk in chunks) / count
    if count <= dimensions:
        return Moments(count, mean, ((features - mean) / np.sqrt(count - 1)).T)
    covariance = np.zeros((dimensions, dimensions))
    for chunk in chunks:
        centred = chunk - mean
        covariance += centred.T @ centred
    return Moments(count, mean, _factor(covariance / (count - 1)))


def _factor(covariance: Float64) -> Float64:
    """A factor of a symmetric matrix without negative eigenvalues but for rounding."""
    matrix = torch.from_numpy(covariance)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if not failed and bool((factor.diagonal() > 1e-7 * factor.diagonal().max()).all()):
        return np.asarray(factor)
    values, vectors = torch.linalg.eigh(matrix)  # some features depend on each other
    kept = values > values[-1] * len(values) * torch.finfo(torch.float64).eps
    return np.asarray(vectors[:, kept] * values[kept].sqrt())


def frechet_distance(a: Moments, b: Moments) -> float:
    """Squared distance in units of the features squared; 0 for equal Gaussians, lower is closer.

    Raises BadInput where they have not the same number of features.
    """
    if a.mean.shape != b.mean.shape:
        raise BadInput(f"features of {len(a.mean)} and of {len(b.mean)} numbers cannot be compared")
    apart = a.mean - b.mean
    return float(apart @ apart + a.variance + b.variance - 2 * _root_trace(a.factor, b.factor))


def _root_trace(a: Float64, b: Float64) -> float:
    """The sum of the singular values of a^T b, smaller matrix first so that the decomposition is."""
    product = torch.from_numpy(a.T @ b)
    return float(torch.linalg.svdvals(product).sum())
