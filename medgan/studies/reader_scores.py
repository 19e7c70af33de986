"""What a reader study found: could readers tell real from synthetic images, each reader, all of them, by model, class.

Figures of one reader are of other images of the same kind. Figures of several readers are of other readers and other
images, both treated as samples (Dorfman, Berbaum and Metz 1992, Investigative Radiology 27:723), with the analysis of
`medgan.studies.crossed`; few readers who differ give wide intervals, which is what few readers can tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from medgan.metrics.estimate import LEVEL, Estimate
from medgan.studies.agreement import kappa
from medgan.studies.crossed import analyse
from medgan.studies.paired import PairedMetric
from medgan.studies.reader import ReaderSession
from medgan.studies.reader_images import SYNTHETIC
from medgan.studies.reading import Answer, readings_of
from medgan.studies.statistics import auroc

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
CHANCE = 0.5
NO_SPREAD, TINY = 1e-9, 1e-12
"""Half-widths below the first are rounding: nobody differs from anybody."""


@dataclass(frozen=True)
class Group:
    """How well some of the images were told apart, averaged over the readers."""

    kind: str
    """`all`, `real`, `model` (one synthetic set) or `class`."""
    name: str
    """Id of the set or name of the class; empty for the first two kinds."""
    images: int
    right: Estimate
    """Share of these images that were called what they are, 0 to 1; of synthetic ones it is their detection rate."""
    auroc: Estimate | None
    """Of ratings: how often a synthetic image of the group is rated more synthetic than a real one of the same class,
    0.5 is chance; None where the group has no real or no synthetic image, or one alone."""


@dataclass(frozen=True)
class ReaderScore:
    """One reader, on what was answered so far."""

    reader: str
    answered: int
    right: Estimate
    auroc: Estimate | None
    p_value: float
    """Two-sided exact binomial test against guessing, uncorrected."""
    called_synthetic: float
    """Share of all answered images that the reader called synthetic, 0 to 1; half of them are."""
    median_seconds: float
    """Time an image, without breaks."""
    finished: bool


@dataclass(frozen=True)
class ReaderScores:
    """A session's answers, ready to be counted; figures of several readers are of those who finished."""

    session: ReaderSession
    answers: dict[str, list[Answer]]
    """Of each reader who has begun, in the order in which they were given."""

    @classmethod
    def of(cls, session: ReaderSession) -> "ReaderScores":
        """Read all answers as they are now; raises BadInput where a file is damaged."""
        return cls(session, {reading.reader: reading.answers() for reading in readings_of(session)})

    @property
    def finished(self) -> list[str]:
        """Readers who answered every image."""
        return [reader for reader, given in self.answers.items() if len(given) == len(self.session)]

    @cached_property
    def truth(self) -> Bools:
        """(items,): whether an image is synthetic."""
        return (self.session.items["truth"] == SYNTHETIC).to_numpy(bool)

    @cached_property
    def ratings(self) -> Floats:
        """(readers who finished, items): -5 certainly real to 5 certainly synthetic."""
        found = np.zeros((len(self.finished), len(self.session)))
        for row, reader in enumerate(self.finished):
            for answer in self.answers[reader]:
                found[row, answer.item] = answer.rating
        return found

    @property
    def right(self) -> Bools:
        """(readers who finished, items): whether the answer was right."""
        return np.asarray((self.ratings > 0) == self.truth)

    def readers(self) -> list[ReaderScore]:
        """Every reader who has answered something."""
        return [self._reader(reader, given) for reader, given in self.answers.items() if given]

    def _reader(self, reader: str, given: Sequence[Answer]) -> ReaderScore:
        truth = self.truth[[answer.item for answer in given]]
        ratings = np.array([[answer.rating for answer in given]], np.float64)
        right = (ratings > 0) == truth
        return ReaderScore(
            reader=reader,
            answered=len(given),
            right=share_right(right),
            auroc=area(ratings, truth),
            p_value=float(stats.binomtest(int(right.sum()), len(given), CHANCE).pvalue),
            called_synthetic=float((ratings > 0).mean()),
            median_seconds=float(np.median([answer.seconds for answer in given])),
            finished=len(given) == len(self.session),
        )

    def groups(self) -> list[Group]:
        """All images, the real ones, each model's and each class's; empty before a reader has finished."""
        return [self._group(*chosen) for chosen in self._chosen()] if self.finished else []

    def _chosen(self) -> Iterator[tuple[str, str, Bools, Bools]]:
        """Kind, name, the images that are counted, and those that the area is of."""
        items, everything = self.session.items, np.ones(len(self.session), bool)
        labels = items["label"].to_numpy(dtype=str)
        yield "all", "", everything, everything
        yield "real", "", ~self.truth, ~self.truth
        for id in dict.fromkeys(items["source"][self.truth]):
            own = (items["source"] == id).to_numpy(bool)
            of_class = everything if "" in labels[own] else np.isin(labels, labels[own])
            yield "model", str(id), own, own | (~self.truth & of_class)
        classes = sorted({*labels} - {""})
        for label in classes if len(classes) > 1 else []:
            yield "class", label, labels == label, labels == label

    def _group(self, kind: str, name: str, counted: Bools, compared: Bools) -> Group:
        right = share_right(self.right[:, counted])
        return Group(kind, name, int(counted.sum()), right, area(self.ratings[:, compared], self.truth[compared]))

    def p_value(self) -> float:
        """Two-sided p-value of "all readers guess": binomial for one reader, for several over readers and images."""
        if len(self.finished) == 1:
            return self._reader(self.finished[0], self.answers[self.finished[0]]).p_value
        return _above_chance(self.right)

    def agreement(self) -> Estimate | None:
        """Cohen's kappa of two readers who finished, Fleiss' of more; None where fewer did."""
        return kappa(self.ratings > 0) if len(self.finished) > 1 else None

    def pairs(self) -> dict[tuple[str, str], Estimate]:
        """Cohen's kappa of each two readers who finished."""
        called = self.ratings > 0
        places = combinations(range(len(self.finished)), 2)
        return {(self.finished[a], self.finished[b]): kappa(called[[a, b]]) for a, b in places}

    def mistaken(self) -> pd.DataFrame:
        """One row an image, those first that most readers who finished got wrong, and were surest about:
        `image` (its row), `wrong` (readers), and the columns of `ReaderSession.items`."""
        wrong = (~self.right).sum(axis=0)
        surest = np.abs(self.ratings * ~self.right).sum(axis=0)
        table = self.session.items.assign(image=range(len(self.session)), wrong=wrong, surest=surest)
        return table.sort_values(["wrong", "surest"], ascending=False, kind="stable").drop(columns="surest")


def share_right(right: Bools) -> Estimate:
    """Mean share of right answers (readers, items) over readers, with its 95 % interval.

    One reader: exact binomial (Clopper and Pearson 1934). Several: see the module; where nobody differs from anybody,
    that of one.
    """
    values = right.astype(np.float64)
    mean, (readers, items) = float(values.mean()), values.shape
    if readers > 1 and items > 1:
        half_width = analyse(values - CHANCE)[0].half_width()
        if half_width > NO_SPREAD:
            return Estimate(mean, max(0.0, mean - half_width), min(1.0, mean + half_width))
    exact = stats.binomtest(round(mean * items), items).proportion_ci(LEVEL)
    return Estimate(mean, float(exact.low), float(exact.high))


def area(ratings: Floats, truth: Bools) -> Estimate | None:
    """Mean area under the ROC curve of ratings (readers, items) over readers, with its 95 % interval.

    One reader: see `newcombe`. Several: pseudovalues of the jackknife over items, as of the shares. None with fewer
    than two real or two synthetic images.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if min(positives, negatives) < 2:
        return None
    value = float(auroc(ratings, truth).mean())
    if len(ratings) > 1:
        paired = PairedMetric(ratings, np.zeros_like(ratings), np.arange(len(truth)), auroc, truth)
        half_width = analyse(paired.pseudovalues())[0].half_width()
        if half_width > NO_SPREAD:
            return Estimate(value, max(0.0, value - half_width), min(1.0, value + half_width))
    return Estimate(value, *newcombe(value, positives, negatives))


def newcombe(area: float, positives: int, negatives: int) -> tuple[float, float]:
    """95 % interval of an area under the ROC curve, which holds its level also near 0 and 1.

    The score method with the variance of Hanley and McNeil (1982) for equal groups: Newcombe 2006, Statistics in
    Medicine 25:559, method 5.
    """
    quantile, pairs = float(stats.norm.isf((1 - LEVEL) / 2)), positives * negatives
    weight = (positives + negatives) / 2 - 1

    def too_far(true: float) -> float:
        variance = true * (1 - true) * (1 + weight * ((1 - true) / (2 - true) + true / (1 + true))) / pairs
        return abs(area - true) - quantile * sqrt(variance)

    inside = min(max(area, TINY), 1 - TINY)  # at 0 and 1 the variance is 0: the area itself solves the equation there
    low = 0.0 if area == 0 else float(optimize.brentq(too_far, 0.0, inside))
    high = 1.0 if area == 1 else float(optimize.brentq(too_far, inside, 1.0))
    return low, high


def _above_chance(right: Bools) -> float:
    values = right.astype(np.float64)
    design, mean = analyse(values - CHANCE)[0], float(values.mean()) - CHANCE
    if design.standard_error < NO_SPREAD:  # as one reader
        return float(stats.binomtest(int(values[0].sum()), values.shape[1], CHANCE).pvalue)
    return design.p_value(mean)
