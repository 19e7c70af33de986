"""Screening of synthetic images for copies of training images; a screening, never a proof of privacy.

A synthetic image is suspect where it lies closer to the training images than real images that were held out from
training do. Each distance becomes a conformal p-value (Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a
Random World; Bates et al. 2023, Testing for outliers with conformal p-values, equation 2):

    p = (1 + number of held-out images at most as far) / (number of held-out images + 1)

and, over K kinds of distance, an image is flagged where its smallest p-value is at most rate / K (Bonferroni). A real
image that was not seen, exchangeable with those held out, is then flagged with a probability of at most `rate`, so a
share near `rate` says nothing. What it does not see: copies of a part of an image, copies moved or changed more than
its distances allow for, and what a generator knows without drawing it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from medgan.common.errors import BadInput

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

RATE = 0.05
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Distances:
    """Distances to the nearest training image in one kind of seeing: a feature space, or aligned pixels."""

    nearest: Int64
    """(n,): row of the training image nearest to each synthetic image."""
    synthetic: Float64
    """(n,): distance of each synthetic image from it."""
    held_out: Float64
    """(h,): distance of each held-out real image from the training image nearest to it."""


@dataclass(frozen=True)
class Screening:
    """Which synthetic images lie suspiciously close to training images. A screening, never a proof of privacy."""

    distances: dict[str, Distances]
    """What was measured, by kind."""
    p_values: dict[str, Float64]
    """(n,) a kind: small where few held-out images are as close."""
    flagged: NDArray[np.bool_]
    """(n,): whether the smallest p-value of the image is at most the level of each kind."""
    rate: float
    """Probability that a real unseen image is flagged, at most: the rate asked for, or a higher one, see `note`."""
    note: str
    """What to know about the rate; empty where it is the one asked for."""

    @property
    def count(self) -> int:
        """Synthetic images."""
        return len(self.flagged)

    @property
    def held_out_count(self) -> int:
        """Held-out real images."""
        return len(next(iter(self.distances.values())).held_out)

    @property
    def flagged_count(self) -> int:
        """Synthetic images that are flagged."""
        return int(self.flagged.sum())

    @property
    def share(self) -> float:
        """Share of the synthetic images that is flagged, 0 to 1; lower is better, and `rate` is what chance allows."""
        return self.flagged_count / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson interval of the share at 95 %: for these held-out images, not for the choice of them."""
        found = binomtest(self.flagged_count, self.count).proportion_ci(CONFIDENCE, method="exact")
        return float(found.low), float(found.high)

    def closest(self, k: int) -> Int64:
        """Rows of the k most suspect synthetic images: smallest p-value first, then smallest distance.

        Distances of different kinds are compared as multiples of the median of the held-out images.
        """
        smallest_p = np.min(list(self.p_values.values()), axis=0)
        tiny = np.finfo(np.float64).tiny
        relative = [kind.synthetic / max(float(np.median(kind.held_out)), tiny) for kind in self.distances.values()]
        order: Int64 = np.lexsort((np.min(relative, axis=0), smallest_p))[:k]
        return order


def screen(distances: Mapping[str, Distances], rate: float = RATE) -> Screening:
    """Flag the synthetic images that lie closer to the training images than chance allows.

    distances: by kind, all of the same synthetic and the same held-out images. rate: the probability, at most, that a
    real unseen image is flagged by any kind, between 0 and 1. With h held-out images no p-value is below 1 / (h + 1);
    where that is above the level rate / kinds, images are flagged at exactly that p-value, that is, where they are
    closer than every held-out image, and the result states the rate this gives.

    Raises BadInput without kinds or images, for kinds of different images, distances that are not finite, or a rate
    out of bounds.
    """
    _check(distances, rate)
    held_out = len(next(iter(distances.values())).held_out)
    allowed = _allowed(held_out, rate / len(distances))
    p_values = {name: p_value(kind.synthetic, kind.held_out) for name, kind in distances.items()}
    flagged = np.any([_as_close(kind.synthetic, kind.held_out) < allowed for kind in distances.values()], axis=0)
    strictest = min(1.0, len(distances) / (held_out + 1))
    if strictest <= rate or math.isclose(strictest, rate):
        return Screening(dict(distances), p_values, flagged, rate, note="")
    note = _note(held_out, len(distances), rate, strictest)
    return Screening(dict(distances), p_values, flagged, strictest, note)


def p_value(distances: Float64, held_out: Float64) -> Float64:
    """Conformal p-values (n,) of distances (n,), from the distances (h,) of held-out images; small is suspect."""
    p: Float64 = (1 + _as_close(distances, held_out)) / (len(held_out) + 1)
    return p


def leave_one_out_share(held_out: Mapping[str, Float64], rate: float = RATE) -> float:
    """Share of the held-out images flagged when each is screened against the others: a check of the stated rate.

    held_out: distances (h,) of the same images by kind. The share is at most `rate` or, where the images are too few
    for it, at most kinds / h, by the same argument as for an unseen image; the further below it, the more the kinds
    flag the same images.

    Raises BadInput for fewer than two images, and as `screen` does.
    """
    nobody = np.empty(0, np.int64)
    _check({name: Distances(nobody, values, values) for name, values in held_out.items()}, rate)
    count = len(next(iter(held_out.values())))
    if count < 2:
        raise BadInput("one held-out image cannot be screened against others: hold out two images or more")
    allowed = _allowed(count - 1, rate / len(held_out))
    # Every image is as close as itself: that one does not count among the others.
    flagged = np.any([_as_close(values, values) - 1 < allowed for values in held_out.values()], axis=0)
    return float(flagged.mean())


def _as_close(distances: Float64, held_out: Float64) -> Int64:
    """How many of the held-out images are at most as far, for each distance."""
    return np.searchsorted(np.sort(held_out), distances, side="right").astype(np.int64)


def _allowed(held_out: int, level: float) -> int:
    """The number of held-out images that have to be at most as far for an image not to be flagged, 1 or more."""
    return max(1, math.floor(level * (held_out + 1) + 1e-9))  # counted, since p-values and levels are rounded


def _note(held_out: int, kinds: int, rate: float, strictest: float) -> str:
    needed = math.ceil(kinds / rate - 1e-9) - 1
    return (
        f"{held_out} held-out images are too few to screen at a rate of {rate:.3g}, which takes {needed}: flagged is "
        f"what is closer than all of them, and a real unseen image is with a probability of up to {strictest:.3g}"
    )


def _check(distances: Mapping[str, Distances], rate: float) -> None:
    if not 0 < rate < 1:
        raise BadInput(f"cannot screen at a rate of {rate}: choose one between 0 and 1, such as {RATE}")
    if len({(len(kind.synthetic), len(kind.held_out)) for kind in distances.values()}) != 1:
        raise BadInput("cannot screen: give one kind of distance or more, all of the same images")
    for name, kind in distances.items():
        if not len(kind.synthetic) or not len(kind.held_out):
            raise BadInput(f"cannot screen by {name}: it takes at least one synthetic and one held-out real image")
        if not (np.isfinite(kind.synthetic).all() and np.isfinite(kind.held_out).all()):
            raise BadInput(f"cannot screen by {name}: some distances are not finite, measure them anew")
