"""How good predictions are: of a classifier from probabilities, of a segmenter from masks.

Where a score is not defined it is nan, never a guess.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score, roc_curve

from medgan.common.errors import BadInput

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
Uint8 = NDArray[np.uint8]
CALIBRATION_BINS = 10
BOUNDARY_PERCENTILE = 95


@dataclass(frozen=True)
class ClassifierScores:
    """What a classifier got right on n images; class 1 is the one to be found."""

    accuracy: float
    """Share of images that were classified rightly; 0 to 1, more is better."""
    balanced_accuracy: float
    """Mean of sensitivity and specificity; 0.5 is chance. nan where a class is missing."""
    auroc: float
    """Probability that an image of class 1 gets more than one of class 0 does; 0.5 is chance. nan as above."""
    sensitivity: float
    """Share of class 1 that was found; nan where there is none."""
    specificity: float
    """Share of class 0 that was left alone; nan where there is none."""
    f1: float
    """Harmonic mean of precision and sensitivity; nan where class 1 is neither there nor predicted."""
    brier: float
    """Mean squared distance of probability and label; 0 is best, 0.25 is a coin's (Brier 1950)."""
    calibration_error: float
    """Expected calibration error, 0 is best: mean distance of probability and frequency over ten equal bins of the
    probability, weighted by their images (Naeini et al. 2015)."""
    false_positives: int
    false_negatives: int
    threshold: float
    """An image is called 1 where its probability is at least this."""


def classifier_scores(probabilities: Floats, labels: Labels, threshold: float) -> ClassifierScores:
    """Scores of probabilities (n,) of class 1 against labels (n,) of 0 and 1.

    The threshold has to come from other images: see `best_threshold`. Raises BadInput where there are no images, or
    where the arrays are not probabilities and labels.
    """
    probabilities, labels = _checked(probabilities, labels)
    called = (probabilities >= threshold).astype(np.int64)
    true_negatives, false_positives, false_negatives, true_positives = (
        int(count) for count in confusion_matrix(labels, called, labels=[0, 1]).ravel()
    )
    sensitivity = _share(true_positives, true_positives + false_negatives)
    specificity = _share(true_negatives, true_negatives + false_positives)
    return ClassifierScores(
        accuracy=_share(true_positives + true_negatives, len(labels)),
        balanced_accuracy=(sensitivity + specificity) / 2,
        auroc=float(roc_auc_score(labels, probabilities)) if _has_both(labels) else nan,
        sensitivity=sensitivity,
        specificity=specificity,
        f1=float(f1_score(labels, called, zero_division=nan)),
        brier=float(np.mean((probabilities - labels) ** 2)),
        calibration_error=calibration_error(probabilities, labels),
        false_positives=false_positives,
        false_negatives=false_negatives,
        threshold=threshold,
    )


def calibration_error(probabilities: Floats, labels: Labels, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error of probabilities (n,), 0 to 1, 0 is best, in bins of equal width."""
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    surplus = np.bincount(place, probabilities - labels, minlength=bins)
    return float(np.abs(surplus).sum() / len(labels))


def roc_points(probabilities: Floats, labels: Labels) -> tuple[Floats, Floats, Floats]:
    """The ROC curve: false-positive rate, sensitivity and threshold (points,) each, from (0, 0) to (1, 1).

    Raises BadInput where a class is missing.
    """
    probabilities, labels = _checked(probabilities, labels)
    if not _has_both(labels):
        raise BadInput("a ROC curve needs images of both classes")
    false_positive_rate, sensitivity, thresholds = roc_curve(labels, probabilities)
    return false_positive_rate, sensitivity, thresholds


def best_threshold(probabilities: Floats, labels: Labels, balanced: bool = True) -> float:
    """The threshold that serves validation images best; it lies half-way between two probabilities that occur.

    `balanced`: sensitivity + specificity is largest (Youden's index 1950); else accuracy is. Of equally good
    thresholds, the one nearest to 0.5. Raises BadInput where a class is missing.
    """
    probabilities, labels = _checked(probabilities, labels)
    if not _has_both(labels):
        raise BadInput("a threshold needs validation images of both classes")
    edges = np.concatenate([[0.0], np.unique(probabilities), [1.0]])
    thresholds = (edges[:-1] + edges[1:]) / 2
    shares = [_share_at_least(thresholds, probabilities[labels == label]) for label in (0, 1)]
    weight = 0.5 if balanced else float(np.mean(labels))
    gain = weight * shares[1] - (1 - weight) * shares[0]
    good = thresholds[gain >= gain.max() - 1e-12]
    return float(good[np.argmin(np.abs(good - 0.5))])


@dataclass(frozen=True)
class SegmenterScores:
    """What a segmenter got right, image by image and structure by structure: arrays (n, structures).

    Where neither mask has the structure, it is perfectly found; where one of them has it, it is wholly missed.
    """

    iou: Floats
    """Intersection over union (Jaccard), 0 to 1, more is better; 1 where both masks are empty."""
    dice: Floats
    """Twice the intersection over the sum of both areas, 0 to 1, more is better; 1 where both masks are empty."""
    false_positive_pixels: Floats
    false_negative_pixels: Floats
    boundary_distance: Floats
    """95 % Hausdorff distance of the outlines in pixels, 0 is best: 95 % of either outline is at most so far from the
    other. 0 where both masks are empty, the image's diagonal where one is."""

    def means(self) -> dict[str, float]:
        """Each score's mean over images and structures; all nan without images."""
        return {name: float(values.mean()) if values.size else nan for name, values in vars(self).items()}


def segmenter_scores(predicted: Uint8, true: Uint8) -> SegmenterScores:
    """Scores of masks (n, h, w, structures) of 0 and 1; raises BadInput where the shapes differ."""
    if predicted.shape != true.shape or true.ndim != 4:
        raise BadInput(f"masks of shapes {predicted.shape} and {true.shape}: both must be (n, h, w, structures)")
    found, wanted = predicted > 0, true > 0
    both = (found & wanted).sum(axis=(1, 2)).astype(np.float64)
    false_positives = (found & ~wanted).sum(axis=(1, 2)).astype(np.float64)
    false_negatives = (~found & wanted).sum(axis=(1, 2)).astype(np.float64)
    wrong = false_positives + false_negatives
    return SegmenterScores(
        iou=_ratio(both, both + wrong),
        dice=_ratio(2 * both, 2 * both + wrong),
        false_positive_pixels=false_positives,
        false_negative_pixels=false_negatives,
        boundary_distance=_boundary_distances(found, wanted),
    )


def boundary_distance(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """95 % Hausdorff distance of the outlines of two masks (h, w), in pixels; for empty ones see SegmenterScores.

    The larger of the two directed 95th percentiles (Taha and Hanbury 2015), as MONAI computes it. scikit-image has
    the maximum only, and MONAI would be a large dependency for this one function.
    """
    if not a.any() or not b.any():
        return 0.0 if a.any() == b.any() else float(np.hypot(*a.shape))
    outlines = [mask & ~binary_erosion(mask) for mask in (a, b)]
    to_other = [
        distance_transform_edt(~other)[outline] for outline, other in zip(outlines, outlines[::-1], strict=True)
    ]
    return max(float(np.percentile(distances, BOUNDARY_PERCENTILE)) for distances in to_other)


def _boundary_distances(found: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Floats:
    count, *_, structures = found.shape
    distances = np.empty((count, structures))
    for place in np.ndindex(count, structures):
        image, structure = place
        distances[place] = boundary_distance(found[image, ..., structure], wanted[image, ..., structure])
    return distances


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, and 1 where there is nothing to find."""
    return np.divide(part, whole, out=np.ones_like(part), where=whole > 0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else nan


def _share_at_least(thresholds: Floats, values: Floats) -> Floats:
    """Share of values (n,) that reach each threshold (t,)."""
    below = np.searchsorted(np.sort(values), thresholds, side="left")
    return np.asarray(1 - below / len(values), np.float64)


def _has_both(labels: Labels) -> bool:
    return 0 < int(labels.sum()) < len(labels)


def _checked(probabilities: Floats, labels: Labels) -> tuple[Floats, Labels]:
    """Both as arrays that fit each other; raises BadInput otherwise."""
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels).astype(np.int64)
    if not len(labels) or probabilities.shape != labels.shape or labels.ndim != 1:
        raise BadInput(f"{probabilities.shape} probabilities and {labels.shape} labels: give one of each an image")
    if not ((probabilities >= 0) & (probabilities <= 1)).all() or not np.isin(labels, (0, 1)).all():
        raise BadInput("probabilities have to lie between 0 and 1, and labels have to be 0 or 1")
    return probabilities, labels
