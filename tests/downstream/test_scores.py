"""Scores are those of their definitions, and defined, or nan, where a class or a structure is missing."""

from math import hypot, isnan, nan

import numpy as np
import pytest
from skimage.metrics import hausdorff_distance
from sklearn.metrics import balanced_accuracy_score, brier_score_loss

from medgan.common.errors import BadInput
from medgan.downstream.scores import (
    best_threshold,
    boundary_distance,
    calibration_error,
    classifier_scores,
    roc_points,
    segmenter_scores,
)

PROBABILITIES = np.array([0.1, 0.4, 0.35, 0.8, 0.65, 0.9])
LABELS = np.array([0, 0, 1, 1, 0, 1])


def disc(row: int, column: int, radius: float, side: int = 48) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.asarray(np.hypot(rows - row, columns - column) <= radius)


class TestClassifier:
    def test_scores_by_hand(self) -> None:
        found = classifier_scores(PROBABILITIES, LABELS, 0.5)  # calls 3, 4, 5: one false alarm, one missed
        assert (found.false_positives, found.false_negatives) == (1, 1)
        assert found.accuracy == found.balanced_accuracy == pytest.approx(4 / 6)
        assert found.sensitivity == found.specificity == found.f1 == pytest.approx(2 / 3)
        assert found.auroc == pytest.approx(7 / 9)  # 9 pairs, of which 0.35 against 0.4 and 0.65 are wrong
        assert found.brier == pytest.approx(brier_score_loss(LABELS, PROBABILITIES))

    def test_the_threshold_itself_counts_as_class_1(self) -> None:
        assert classifier_scores(np.array([0.5, 0.5]), np.array([0, 1]), 0.5).false_positives == 1

    def test_unbalanced_images(self) -> None:
        rng = np.random.default_rng(0)
        labels = (rng.random(500) < 0.1).astype(np.int64)
        probabilities = np.clip(0.3 * labels + rng.random(500) * 0.6, 0, 1)
        found = classifier_scores(probabilities, labels, 0.4)
        assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(labels, probabilities >= 0.4))
        assert found.balanced_accuracy != pytest.approx(found.accuracy, abs=0.01)

    def test_one_class_leaves_what_needs_both_undefined(self) -> None:
        found = classifier_scores(np.array([0.2, 0.7]), np.array([0, 0]), 0.5)
        assert (found.accuracy, found.specificity) == (0.5, 0.5)
        assert all(isnan(value) for value in (found.auroc, found.sensitivity, found.balanced_accuracy))
        assert found.f1 == 0
        assert isnan(classifier_scores(np.array([0.2]), np.array([0]), 0.5).f1)

    def test_calibration(self) -> None:
        rng = np.random.default_rng(1)
        probabilities = rng.random(200_000)
        labels = (rng.random(200_000) < probabilities).astype(np.int64)
        assert calibration_error(probabilities, labels) < 0.01
        too_sure = np.where(probabilities < 0.5, 0.0, 1.0)
        assert calibration_error(too_sure, labels) == pytest.approx(0.25, abs=0.01)
        # bins [0, 0.1) with 0.05 against 0, and [0.9, 1] with 1.0 and 0.9 against 1 and 0
        by_hand = calibration_error(np.array([0.05, 1.0, 0.9]), np.array([0, 1, 0]))
        assert by_hand == pytest.approx((0.05 + 0.9) / 3)

    def test_roc_points_span_the_auroc(self) -> None:
        false_positive_rate, sensitivity, thresholds = roc_points(PROBABILITIES, LABELS)
        assert np.trapezoid(sensitivity, false_positive_rate) == pytest.approx(7 / 9)
        assert (false_positive_rate[0], sensitivity[0]) == (0, 0)
        assert (false_positive_rate[-1], sensitivity[-1]) == (1, 1)
        assert (np.diff(thresholds) < 0).all()

    @pytest.mark.parametrize("balanced", [True, False])
    def test_no_threshold_does_better_than_the_best(self, balanced: bool) -> None:
        rng = np.random.default_rng(2)
        labels = (rng.random(120) < 0.25).astype(np.int64)
        probabilities = np.round(np.clip(rng.normal(0.3 + 0.3 * labels, 0.15), 0, 1), 2)  # with ties

        def value(threshold: float) -> float:
            found = classifier_scores(probabilities, labels, threshold)
            return found.balanced_accuracy if balanced else found.accuracy

        chosen = best_threshold(probabilities, labels, balanced)
        assert value(chosen) == pytest.approx(max(value(threshold) for threshold in np.arange(101) / 100 - 0.005))
        assert value(chosen) > 0.7
        assert np.abs(probabilities - chosen).min() >= 0.005 - 1e-9  # half-way between two of them

    def test_separated_classes_are_cut_in_the_middle(self) -> None:
        assert best_threshold(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])) == pytest.approx(0.5)
        assert best_threshold(np.array([0.0, 1.0]), np.array([0, 1])) == pytest.approx(0.5)

    @pytest.mark.parametrize(
        ("probabilities", "labels", "message"),
        [
            ([0.5], [0, 1], "one of each an image"),
            ([], [], "one of each an image"),
            ([1.5], [1], "between 0 and 1"),
            ([nan], [1], "between 0 and 1"),
            ([0.5], [2], "0 or 1"),
        ],
    )
    def test_what_cannot_be_scored_is_refused(
        self, probabilities: list[float], labels: list[int], message: str
    ) -> None:
        with pytest.raises(BadInput, match=message):
            classifier_scores(np.array(probabilities), np.array(labels), 0.5)

    def test_thresholds_and_curves_need_both_classes(self) -> None:
        for use in (best_threshold, roc_points):
            with pytest.raises(BadInput, match="both classes"):
                use(np.array([0.5, 0.6]), np.array([1, 1]))


class TestSegmenter:
    def test_scores_by_hand(self) -> None:
        true, predicted = np.zeros((2, 8, 8, 2), np.uint8), np.zeros((2, 8, 8, 2), np.uint8)
        true[0, 2:6, 2:6, 0] = 1  # 16 pixels
        predicted[0, 2:6, 4:8, 0] = 1  # 16 pixels, 8 of them right
        true[1, :2, :2, 1] = 1  # missed
        predicted[0, 0, 0, 1] = 1  # not there
        found = segmenter_scores(predicted, true)
        np.testing.assert_allclose(found.iou, [[8 / 24, 0], [1, 0]])
        np.testing.assert_allclose(found.dice, [[16 / 32, 0], [1, 0]])
        np.testing.assert_allclose(found.false_positive_pixels, [[8, 1], [0, 0]])
        np.testing.assert_allclose(found.false_negative_pixels, [[8, 0], [0, 4]])
        np.testing.assert_allclose(found.boundary_distance, [[2, hypot(8, 8)], [0, hypot(8, 8)]])
        assert found.means()["iou"] == pytest.approx((8 / 24 + 1) / 4)

    def test_boundary_distance_of_shifted_and_grown_discs(self) -> None:
        assert boundary_distance(disc(24, 24, 12), disc(24, 24, 12)) == 0
        assert boundary_distance(disc(24, 24, 12), disc(24, 24, 8)) == pytest.approx(4, abs=0.5)
        shifted = boundary_distance(disc(24, 20, 10), disc(24, 26, 10))
        assert shifted == boundary_distance(disc(24, 26, 10), disc(24, 20, 10))
        assert shifted == pytest.approx(6, abs=0.5)

    def test_boundary_distance_forgives_what_the_maximum_does_not(self) -> None:
        true = disc(24, 24, 12)
        specked = true.copy()
        specked[0, 0] = True
        assert boundary_distance(true, specked) == 0
        assert hausdorff_distance(true, specked) > 20
        assert boundary_distance(true, disc(24, 30, 12)) <= hausdorff_distance(true, disc(24, 30, 12))

    def test_a_mask_that_fills_the_image_has_its_border_as_outline(self) -> None:
        full = np.ones((48, 48), bool)
        inner = np.zeros((48, 48), bool)
        inner[4:-4, 4:-4] = True
        assert boundary_distance(full, inner) == pytest.approx(4, abs=1)

    def test_shapes_must_agree(self) -> None:
        with pytest.raises(BadInput, match="n, h, w, structures"):
            segmenter_scores(np.zeros((1, 8, 8, 1), np.uint8), np.zeros((1, 8, 8, 2), np.uint8))

    def test_no_images_have_no_mean(self) -> None:
        empty = np.zeros((0, 8, 8, 1), np.uint8)
        assert isnan(segmenter_scores(empty, empty).means()["dice"])
