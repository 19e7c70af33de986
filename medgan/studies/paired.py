"""Two arms' scores on the same items, seed by seed: their difference, with patients left out or drawn again."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class PairedScores(ABC):
    """Arm and real-only arm (seeds, items), and the patient (items,) of each item, numbered from 0."""

    by_seed: Floats
    """The difference of each seed (seeds,) on all items."""
    arm: float
    """The arm's score on all items, averaged over seeds."""
    real: float

    def __init__(self, arm_values: Floats, real_values: Floats, patient: Indices) -> None:
        self.arm_values, self.real_values, self.patient = arm_values, real_values, patient
        self.items, self.patients = len(patient), int(patient.max()) + 1

    @abstractmethod
    def left_out(self) -> Floats:
        """Differences (seeds, patients) without one patient each."""

    @abstractmethod
    def resampled(self, patients: Indices, seeds: Indices) -> Floats:
        """Differences (...,) on patients (..., count) and seeds (..., count), given by number, some repeatedly."""

    def strata(self) -> Sequence[Indices]:
        """Groups of patients that are resampled apart: all patients, where there are no classes."""
        return [np.arange(self.patients)]

    def pseudovalues(self) -> Floats:
        """What each patient contributes (seeds, patients), so that a seed's mean is its difference.

        Tukey's jackknife, normalised as in Hillis, Obuchowski, Schartz and Berbaum 2005, Statistics in Medicine
        24:1579. For a mean with one item a patient they are the plain differences.
        """
        values = self.patients * self.by_seed[:, None] - (self.patients - 1) * self.left_out()
        return np.asarray(values + (self.by_seed - values.mean(axis=1))[:, None], np.float64)

    def exchanged(self) -> Floats:
        """Shares (patients,) in the difference that change their signs where a patient's two arms are exchanged."""
        return np.asarray(self.pseudovalues().mean(axis=0), np.float64)


class PairedMeans(PairedScores):
    """Scores that each item has by itself; an arm's score is their mean over items."""

    def __init__(self, arm_values: Floats, real_values: Floats, patient: Indices) -> None:
        super().__init__(arm_values, real_values, patient)
        self.counts = np.bincount(patient).astype(np.float64)
        self.sums = np.stack([np.bincount(patient, row) for row in arm_values - real_values])  # seeds, patients
        self.by_seed = self.sums.sum(axis=1) / self.items
        self.arm, self.real = float(arm_values.mean()), float(real_values.mean())

    def left_out(self) -> Floats:
        left = (self.sums.sum(axis=1, keepdims=True) - self.sums) / (self.items - self.counts)
        return np.asarray(left, np.float64)

    def resampled(self, patients: Indices, seeds: Indices) -> Floats:
        times = (seeds[..., None] == np.arange(len(self.sums))).sum(axis=-2)  # ..., seeds
        over_seeds = times / seeds.shape[-1] @ self.sums  # ..., patients
        over_seeds = np.broadcast_to(over_seeds, (*patients.shape[:-1], self.patients))
        sums = np.take_along_axis(over_seeds, patients, axis=-1).sum(axis=-1)
        return np.asarray(sums / self.counts[patients].sum(axis=-1), np.float64)

    def exchanged(self) -> Floats:
        return np.asarray(self.sums.mean(axis=0), np.float64)


class PairedMetric(PairedScores):
    """Predictions that only a whole test part can score: an AUROC, a sensitivity."""

    def __init__(
        self,
        arm_values: Floats,
        real_values: Floats,
        patient: Indices,
        metric: Callable[[Floats, NDArray[Any]], Any],
        labels: NDArray[Any],
    ) -> None:
        super().__init__(arm_values, real_values, patient)
        self.metric, self.labels = metric, labels
        self.both = np.concatenate([arm_values, real_values])
        order = np.argsort(patient, kind="stable")
        self.items_of = np.split(order, np.cumsum(np.bincount(patient))[:-1])
        arm, real = self._scored(np.arange(self.items))
        if not (np.isfinite(arm).all() and np.isfinite(real).all()):
            raise BadInput("The score is not defined on the test part: it needs items of every class")
        self.by_seed = arm - real
        self.arm, self.real = float(arm.mean()), float(real.mean())

    def left_out(self) -> Floats:
        everyone = np.arange(self.patients)
        left = [self._difference(np.delete(everyone, number)) for number in everyone]
        found = np.stack(left, axis=1)
        if not np.isfinite(found).all():
            raise BadInput("The score is not defined without some patient: the test part needs two or more of a class")
        return found

    def resampled(self, patients: Indices, seeds: Indices) -> Floats:
        shape = patients.shape[:-1]
        seeds = np.broadcast_to(seeds, (*shape, seeds.shape[-1]))
        found = [self._difference(patients[place])[seeds[place]].mean() for place in np.ndindex(shape)]
        return np.reshape(found, shape)

    def strata(self) -> Sequence[Indices]:
        """Patients by their highest class, so that a resample has every class; one group where one is alone."""
        codes = np.unique(self.labels, return_inverse=True)[1]
        highest = np.array([codes[items].max() for items in self.items_of])
        groups = [np.flatnonzero(highest == label) for label in np.unique(highest)]
        return groups if min(map(len, groups)) > 1 else super().strata()

    def _difference(self, patients: Indices) -> Floats:
        """Each seed's difference (seeds,) on these patients."""
        arm, real = self._scored(np.concatenate([self.items_of[patient] for patient in patients]))
        return np.asarray(arm - real, np.float64)

    def _scored(self, items: Indices) -> Floats:
        """Scores (2, seeds) of the arm and of the real-only arm on these items."""
        found = np.asarray(self.metric(self.both[:, items], self.labels[items]), np.float64)
        if found.shape != self.both.shape[:1]:
            raise BadInput(
                f"A metric gave shape {found.shape} for predictions {self.both[:, items].shape}: "
                "it must give one number a row"
            )
        return found.reshape(2, -1)
