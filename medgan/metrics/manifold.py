"""Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020).

Each set is a union of balls: around every image, as wide as the distance to its k-th neighbour in its own set. In
chunks of bounded size, so that memory does not grow with the square of the number of images.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.metrics.features import Float32

PRECISION_NEIGHBOURS, DENSITY_NEIGHBOURS = 3, 5
"""As in the two papers."""
CELLS = 1 << 25
"""Distances that are held at a time."""


@dataclass(frozen=True)
class Manifold:
    """What each image contributes; the scores are the means."""

    precise: NDArray[np.float64]
    """Of each synthetic image: 1 where it lies in a real image's ball."""
    recalled: NDArray[np.float64]
    """Of each real image: 1 where it lies in a synthetic image's ball."""
    dense: NDArray[np.float64]
    """Of each synthetic image: in how many real balls it lies, by the number expected of a real image."""
    covered: NDArray[np.float64]
    """Of each real image: 1 where a synthetic image lies in its ball."""


def radii(features: Float32, neighbours: tuple[int, ...]) -> NDArray[np.float32]:
    """Distance of each row of (n, d) to its k-th other row, for each k: (n, len(neighbours)).

    A k beyond the number of other rows is taken as the farthest.
    """
    all_rows = torch.tensor(features)  # a copy: what is kept on disk is read-only
    ranks = [min(k, len(features) - 1) for k in neighbours]
    found = []
    for rows in torch.split(all_rows, max(1, CELLS // len(features))):
        nearest = torch.cdist(rows, all_rows).topk(max(ranks) + 1, largest=False).values
        found.append(nearest[:, ranks])
    return torch.cat(found).numpy()


def manifold(synthetic: Float32, real: Float32, real_radii: NDArray[np.float32] | None = None) -> Manifold:
    """Compare features (n, d) with those of real images (m, d), whose radii may be known already."""
    wanted = (PRECISION_NEIGHBOURS, DENSITY_NEIGHBOURS)
    of_real = torch.from_numpy(radii(real, wanted) if real_radii is None else real_radii)
    of_synthetic = torch.from_numpy(radii(synthetic, wanted))[:, 0]
    expected = min(DENSITY_NEIGHBOURS, len(real) - 1)
    fakes, reals = torch.tensor(synthetic), torch.tensor(real)
    precise, dense = [], []
    recalled, nearest = torch.zeros(len(real), dtype=torch.bool), torch.full((len(real),), torch.inf)
    rows_at_a_time = max(1, CELLS // len(real))
    for start in range(0, len(fakes), rows_at_a_time):
        distances = torch.cdist(fakes[start : start + rows_at_a_time], reals)  # (some, m)
        precise.append((distances <= of_real[:, 0]).any(dim=1))
        dense.append((distances <= of_real[:, 1]).sum(dim=1) / max(1, expected))
        recalled |= (distances <= of_synthetic[start : start + rows_at_a_time, None]).any(dim=0)
        nearest = torch.minimum(nearest, distances.min(dim=0).values)
    found = (torch.cat(precise), recalled, torch.cat(dense), nearest <= of_real[:, 1])
    return Manifold(*(contributions.double().numpy() for contributions in found))
