"""Figures of a study with their intervals: each arm's scores over new patients and new trainings."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.downstream.scores import segmenter_scores
from medgan.studies.crossed import analyse
from medgan.studies.paired import PairedMeans
from medgan.studies.study import Study

Floats = NDArray[np.float64]
NOT_SCORES = ("number", "arm", "seed", "epochs", "threshold")
MAIN = {"classification": "accuracy", "segmentation": "iou"}
"""The column of a study's rows that its verdicts are about."""


@dataclass(frozen=True)
class Interval:
    """A mean over seeds, with its 95 % interval over new patients and new trainings where one is to be had."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ArmFigures:
    """What an arm came to on the test images."""

    number: int
    arm: str
    seeds: pd.DataFrame
    """One row a seed: seed, epochs and each score."""
    scores: dict[str, Interval]
    """Each score by its name."""


def tested(study: Study) -> list[tuple[int, str, pd.DataFrame]]:
    """Number, name and rows of each arm that was tested with one seed at least, in the study's order."""
    rows = study.rows()
    if rows.empty:
        return []
    groups = {int(number): rows[rows["number"] == number] for number in sorted(rows["number"].unique())}
    return [(number, str(found["arm"].iloc[0]), found.sort_values("seed")) for number, found in groups.items()]


def main_figures(study: Study) -> list[ArmFigures]:
    """The score that verdicts are about, of each arm that was tested so far."""
    name, patients = MAIN[study.config.task], study.test["patient_id"].to_numpy(dtype=str)
    return [
        ArmFigures(number, arm, rows, {name: interval_of(study.per_image(number), patients, most=1.0)})
        for number, arm, rows in tested(study)
    ]


def arm_figures(study: Study) -> list[ArmFigures]:
    """Every score of each arm that was tested; those that are a mean over images come with an interval."""
    patients = study.test["patient_id"].to_numpy(dtype=str)
    found = []
    for number, arm, rows in tested(study):
        names = [str(name) for name in rows.columns if name not in NOT_SCORES]
        scores = {name: Interval(float(rows[name].mean())) for name in names}
        for one in image_scores(study, number, rows):
            values, of_patients = one.values[:, one.items], patients[one.items]
            scores[one.name] = interval_of(values, of_patients, factor=one.factor, most=one.most)
        found.append(ArmFigures(number, arm, rows, scores))
    return found


class ImageScores(NamedTuple):
    """A score that each test image has by itself."""

    name: str
    values: Floats
    """(seeds, items)."""
    items: NDArray[np.bool_]
    """(items,) those that it is the mean of."""
    factor: float = 1.0
    """What the mean is multiplied by."""
    most: float = 1.0
    """The most that is possible after that; the least is 0."""


def image_scores(study: Study, number: int, rows: pd.DataFrame) -> Iterator[ImageScores]:
    """The scores of an arm that each test image has by itself."""
    if study.config.task == "segmentation":
        yield from _of_masks(study, number, rows)
    else:
        yield from _of_probabilities(study, number, rows)


def _of_probabilities(study: Study, number: int, rows: pd.DataFrame) -> Iterator[ImageScores]:
    positive = is_positive(study)
    called = probabilities(study, number, rows) >= rows["threshold"].to_numpy()[:, None]
    everywhere, right = np.ones(len(positive), bool), (called == positive).astype(np.float64)
    yield ImageScores("accuracy", right, everywhere)
    for name, chosen in (("sensitivity", positive), ("specificity", ~positive)):
        if chosen.any():
            yield ImageScores(name, right, chosen)
    for name, wrong, of in (
        ("false_positives", called & ~positive, ~positive),
        ("false_negatives", ~called & positive, positive),
    ):
        yield ImageScores(name, wrong.astype(np.float64), everywhere, float(len(positive)), float(of.sum()))


def _of_masks(study: Study, number: int, rows: pd.DataFrame) -> Iterator[ImageScores]:
    """Nothing but the IoU where the data set is gone, whose masks the others need."""
    values = study.per_image(number)
    everywhere = np.ones(values.shape[1], bool)
    yield ImageScores("iou", values, everywhere)
    dataset = test_dataset(study)
    if dataset is None or dataset.masks is None:
        return
    height, width = dataset.masks.shape[1:3]
    pixels, diagonal = float(height * width), float(np.hypot(height, width))
    found = [_mask_scores(study.folder, number, int(seed)) for seed in rows["seed"]]
    for name, most in (
        ("dice", 1.0),
        ("false_positive_pixels", pixels),
        ("false_negative_pixels", pixels),
        ("boundary_distance", diagonal),
    ):
        yield ImageScores(name, np.stack([scores[name] for scores in found]), everywhere, most=most)


@lru_cache(maxsize=1024)
def _mask_scores(folder: Path, number: int, seed: int) -> dict[str, Floats]:
    """Each score of a training's masks by name, (items,): kept, since outlines take long and pages ask again."""
    study = Study.read(folder)
    masks = true_masks(study)
    assert masks is not None
    scores = segmenter_scores(study.predictions(number, seed), masks)
    return {name: values.mean(axis=1) for name, values in vars(scores).items()}


def is_positive(study: Study) -> NDArray[np.bool_]:
    """Whether each test image (items,) is of the class to be found."""
    labels: NDArray[np.str_] = study.test["label"].fillna("").to_numpy(dtype=str)
    return np.asarray(labels == study.config.positive)


def probabilities(study: Study, number: int, rows: pd.DataFrame) -> Floats:
    """Probabilities (seeds, items) of the class to be found."""
    return np.stack([study.predictions(number, int(seed)) for seed in rows["seed"]]).astype(np.float64)


def test_dataset(study: Study) -> PreparedDataset | None:
    """The study's data set; None where it is gone."""
    try:
        return PreparedDataset.open(study.config.dataset)
    except BadInput:
        return None


def true_masks(study: Study) -> NDArray[np.uint8] | None:
    """True masks (items, h, w, structures) of the test images; None where the data set is gone."""
    dataset = test_dataset(study)
    return None if dataset is None or dataset.masks is None else dataset.masks[dataset.indices("test")]


def interval_of(values: Floats, patients: NDArray[np.str_], *, factor: float = 1.0, most: float | None) -> Interval:
    """The mean of values (seeds, items) times a factor, with the Student interval of `medgan.studies.crossed`.

    It is cut at 0 and, where there is one, at the most that is possible. Fewer than two patients have no interval.
    """
    value = factor * float(values.mean())
    numbers = np.unique(patients, return_inverse=True)[1]
    if numbers.max() < 1:
        return Interval(value)
    design, _ = analyse(PairedMeans(values, np.zeros_like(values), numbers).pseudovalues())
    reach = factor * design.half_width()
    if reach == 0:  # every image and seed alike: nothing is known of chance
        return Interval(value)
    return Interval(value, max(0.0, value - reach), value + reach if most is None else min(most, value + reach))
