"""The mean difference of a study whose test patients and training seeds are both samples: its test, what more brings.

Every seed predicts every patient, so a difference between two arms has three sources of chance, of patients, of
seeds and of both together: d[s, i] = mean + patient[i] + seed[s] + rest[s, i]. It is the design of studies in which
several readers read the same cases, with training seeds as readers (Dorfman, Berbaum and Metz 1992, Investigative
Radiology 27:723). The squared standard error is the sum of two parts that are known with different certainty:

    seed part     (var(seed) + var(rest) / patients) / seeds, estimated with seeds - 1 degrees of freedom
    patient part  var(patient) / patients, estimated with about patients - 1

Half-widths add the parts, each times its own squared t quantile (Banerjee 1961, Sankhya A 23:359), which keeps the
level for any ratio of the two parts. The usual approximation of a common number of degrees of freedom (Satterthwaite;
Hillis 2007) does not: with two or three seeds it errs in up to 12 or 8 of 100 studies where it promises 5.

Together the parts never count as less than var(rest) / (seeds patients), which is in both and is known best: a few
seeds whose differences happen to be equal, as shares of right answers often are, would otherwise look like certainty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

MOST = 1000
"""What is more than this many times as much as a study had is called out of reach."""
TINIEST_P = 1e-12


@dataclass(frozen=True)
class Design:
    """A study's size, and the variances that decide what it can see."""

    seeds: int
    """Training seeds; with one seed every figure is about these trained models, as if var(seed) were 0."""
    patients: int
    seed_part: float
    """Part of the squared standard error due to seeds, in squared units of the score; 0 with one seed."""
    patient_part: float
    """Part due to patients; with one seed all of it."""
    rest_part: float = 0.0
    """Part due to what is particular to a seed on a patient: the two others together are never less."""

    @property
    def standard_error(self) -> float:
        return sqrt(max(self.seed_part + self.patient_part, self.rest_part))

    def half_width(self, alpha: float = 0.05) -> float:
        """Half of the width of the interval with confidence 1 - alpha, in units of the score."""
        squared = _t_quantile(alpha, self.patients - 1) ** 2 * self.patient_part
        if self.seeds > 1:
            squared += _t_quantile(alpha, self.seeds - 1) ** 2 * self.seed_part
            least = _t_quantile(alpha, (self.seeds - 1) * (self.patients - 1)) ** 2 * self.rest_part
            squared = max(squared, least)
        return sqrt(squared)

    def p_value(self, mean: float) -> float:
        """Two-sided p-value of "no difference": the alpha whose interval around the mean just reaches 0."""
        if mean == 0:
            return 1.0
        if self.half_width(TINIEST_P) <= abs(mean):
            return TINIEST_P
        return float(np.exp(optimize.brentq(self._excess, np.log(TINIEST_P), 0.0, args=(abs(mean),))))

    def _excess(self, log_alpha: float, mean: float) -> float:
        return self.half_width(float(np.exp(log_alpha))) - mean

    def detectable(self, alpha: float = 0.05, power: float = 0.8) -> float:
        """The smallest true difference that this design tells from none with the given power, in units of the score.

        The interval's half-width, and beyond it that of the one-sided interval of confidence `power`.
        """
        return self.half_width(alpha) + self.half_width(2 * (1 - power))


@dataclass(frozen=True)
class Components:
    """Variances of one seed's difference on one patient, in squared units of the score; estimates, at least 0."""

    patient: float
    """Patients on which every seed's difference is larger or smaller; with one seed the rest is in it."""
    seed: float | None
    """Seeds whose difference is larger or smaller on all patients; None with one seed, which cannot show it."""
    rest: float
    """What is particular to a seed on a patient."""

    def design(self, seeds: int, patients: int) -> Design:
        """What is to be expected of a study of this size."""
        rest_part = self.rest / (seeds * patients)
        return Design(seeds, patients, (self.seed or 0.0) / seeds + rest_part, self.patient / patients, rest_part)


@dataclass(frozen=True)
class Needs:
    """What it takes to tell a difference with power 0.8 if the true one is as observed; None: out of reach."""

    patients: int | None
    """Further patients in the test part, with the same seeds."""
    seeds: int | None
    """Further seeds, on the same patients; None with one seed, which does not show how seeds differ."""
    times: int | None
    """How many times as many of both, where neither alone is enough."""


def analyse(values: NDArray[np.float64]) -> tuple[Design, Components]:
    """Analysis of variance of differences (seeds, patients) without replication; two or more patients."""
    seeds, patients = values.shape
    by_patient, by_seed = values.mean(axis=0), values.mean(axis=1)
    patient_square = seeds * float(by_patient.var(ddof=1))
    if seeds == 1:
        return Design(1, patients, 0.0, patient_square / patients), Components(patient_square, None, 0.0)
    rest = values - by_patient - by_seed[:, None] + values.mean()
    rest_square = float((rest**2).sum()) / ((seeds - 1) * (patients - 1))
    seed_square = patients * float(by_seed.var(ddof=1))
    components = Components(
        patient=max(patient_square - rest_square, 0.0) / seeds,
        seed=max(seed_square - rest_square, 0.0) / patients,
        rest=rest_square,
    )
    parts = (seed_square / (seeds * patients), components.patient / patients, rest_square / (seeds * patients))
    return Design(seeds, patients, *parts), components


def needs(difference: float, components: Components, design: Design, alpha: float = 0.05) -> Needs:
    """How much more a study needs to tell `difference` from none at level alpha with power 0.8."""
    seeds, patients = design.seeds, design.patients

    def tells(seeds: int, patients: int) -> bool:
        return components.design(seeds, patients).detectable(alpha) <= abs(difference)

    if difference == 0:
        return Needs(None, None, None)
    more_patients = _least(lambda count: tells(seeds, count), patients)
    more_seeds = None if components.seed is None else _least(lambda count: tells(count, patients), seeds)
    times = None
    if more_patients is None and more_seeds is None and components.seed is not None:
        more = _least(lambda count: tells(seeds * count, patients * count), 1)
        times = None if more is None else 1 + more
    return Needs(more_patients, more_seeds, times)


def _t_quantile(alpha: float, degrees_of_freedom: int) -> float:
    """What Student's t exceeds in size with probability alpha."""
    return -float(special.stdtrit(degrees_of_freedom, alpha / 2))  # scipy.stats.t.isf, a hundred times as fast


def _least(enough: Callable[[int], bool], present: int) -> int | None:
    """How many more than at present are enough; what is enough stays so with more. None: out of reach."""
    below, above = present, present + 1
    while not enough(above):
        if above >= MOST * present:
            return None
        below, above = above, min(2 * above, MOST * present)
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if enough(middle) else (middle, above)
    return above - present
