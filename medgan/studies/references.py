"""A floor and a ceiling to read scores by: real images against real ones, and damaged real ones.

Two halves of the real training images, no patient in both, are as close as sets of their size can be. The same half
blurred, or with noise, shows how far a score moves for damage that anybody sees.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from medgan.common.repro import derive_seed
from medgan.metrics.comparison import Comparison
from medgan.metrics.corruptions import blurred, noisy
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import Seen

Int64 = NDArray[np.int64]
DAMAGED_MOST = 2000
"""Images that are blurred and given noise; they are held in memory."""
REFERENCES = {
    "halves": "two halves of the real training images",
    "test": "real test images against the real training images",
    "blurred": "half of the real images, blurred, against the other half",
    "noisy": "half of the real images, with noise, against the other half",
}
"""Names and what is compared; scores of one set alone are those of the first-named images."""


def halves(patients: NDArray[np.str_], seed: int) -> tuple[Int64, Int64]:
    """Places of two halves of about the same number of images, with no patient in both."""
    names = np.unique(patients)
    order = np.random.default_rng(derive_seed(seed, "halves")).permutation(len(names))
    counts = np.array([np.count_nonzero(patients == names[place]) for place in order])
    in_first = np.cumsum(counts) <= counts.sum() / 2
    chosen = np.isin(patients, names[order[in_first]])
    return np.flatnonzero(chosen), np.flatnonzero(~chosen)


Compare = Callable[[Seen | Pictures, Seen, str], Comparison]
"""Images, as seen or to be looked at, beside real ones; and what they are in words."""


def against_half(
    train: Seen, patients: NDArray[np.str_], seed: int, compare: Compare
) -> Iterator[tuple[str, Comparison]]:
    """Half of the real training images, as they are and damaged, beside the other half; none where there are too few.

    `patients` (n,) are those of the pictures in their own order, from which `train` takes its rows.
    """
    first, second = halves(patients, seed)
    if min(len(first), len(second)) < 2:
        return
    one, other = (train[np.flatnonzero(np.isin(train.rows, half))] for half in (first, second))
    yield "halves", compare(one, other, "real images")
    few = train.pictures.at(first)[:DAMAGED_MOST]
    yield "blurred", compare(blurred(few), other, "blurred images")
    yield "noisy", compare(noisy(few, seed=seed), other, "noisy images")
