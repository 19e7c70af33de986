"""The Fréchet distance against closed forms, with fewer images than features, and as images grow endless."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg

from medgan.common.errors import BadInput
from medgan.metrics.extrapolation import counts, followed
from medgan.metrics.frechet import Moments, frechet_distance, moments


def gaussian(mean: Any, covariance: Any) -> Moments:
    return Moments(10, np.asarray(mean, float), np.linalg.cholesky(np.asarray(covariance, float)))


class TestClosedForms:
    def test_equal_gaussians_are_no_distance_apart(self) -> None:
        one = gaussian([1, 2], [[2, 0.5], [0.5, 1]])
        assert frechet_distance(one, one) == pytest.approx(0, abs=1e-12)

    def test_means_alone(self) -> None:
        spread = [[2, 0.5], [0.5, 1]]
        assert frechet_distance(gaussian([1, 2], spread), gaussian([4, -2], spread)) == pytest.approx(25)

    def test_spreads_along_the_same_axes(self) -> None:
        """Sum of (s1 - s2)^2 for commuting covariances."""
        a, b = gaussian([0, 0], [[4, 0], [0, 9]]), gaussian([0, 0], [[1, 0], [0, 1]])
        assert frechet_distance(a, b) == pytest.approx((2 - 1) ** 2 + (3 - 1) ** 2)

    def test_any_covariances_as_a_general_matrix_root_has_it(self) -> None:
        rng = np.random.default_rng(0)
        spreads = [np.cov(rng.normal(size=(50, 7)) @ rng.normal(size=(7, 7)), rowvar=False) for _ in range(2)]
        root = scipy.linalg.sqrtm(spreads[0] @ spreads[1]).real
        expected = np.trace(spreads[0] + spreads[1] - 2 * root)
        found = frechet_distance(gaussian(np.zeros(7), spreads[0]), gaussian(np.zeros(7), spreads[1]))
        assert found == pytest.approx(expected, rel=1e-9)


class TestFewerImagesThanFeatures:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(12, 60)), rng.normal(0.2, 1.3, size=(9, 60))
    many = rng.normal(size=(300, 60))

    @staticmethod
    def by_roots(a: Any, b: Any) -> float:
        """By the definition, with symmetric roots."""
        apart = a.mean(0) - b.mean(0)
        spreads = [np.cov(rows, rowvar=False) for rows in (a, b)]
        values, vectors = np.linalg.eigh(spreads[0])
        root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
        cross = np.sqrt(np.linalg.eigvalsh(root @ spreads[1] @ root).clip(0)).sum()
        return float(apart @ apart + np.trace(spreads[0]) + np.trace(spreads[1]) - 2 * cross)

    @pytest.mark.parametrize("pair", [("a", "b"), ("a", "many"), ("many", "b"), ("many", "many")])
    def test_is_the_definitions(self, pair: tuple[str, str]) -> None:
        first, second = (getattr(self, name) for name in pair)
        found = frechet_distance(moments(first), moments(second))
        assert found == pytest.approx(self.by_roots(first, second), rel=1e-6, abs=1e-6)

    def test_features_that_depend_on_each_other(self) -> None:
        doubled = np.concatenate([self.many, self.many, np.ones((300, 3))], axis=1)
        shifted = doubled + 0.5
        assert frechet_distance(moments(doubled), moments(doubled)) == pytest.approx(0, abs=1e-8)
        assert frechet_distance(moments(doubled), moments(shifted)) == pytest.approx(0.25 * 123, rel=1e-9)

    def test_repeated_images(self) -> None:
        repeated = np.repeat(self.a, 20, axis=0)  # more rows than features, but a rank of 11
        plain = self.by_roots(repeated, self.many)
        assert frechet_distance(moments(repeated), moments(self.many)) == pytest.approx(plain, rel=1e-6)

    def test_one_image_and_other_features_are_refused(self) -> None:
        with pytest.raises(BadInput, match="at least 2 images"):
            moments(self.a[:1])
        with pytest.raises(BadInput, match="60 and of 59 numbers"):
            frechet_distance(moments(self.a), moments(self.a[:, :59]))


def test_order_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    rows, others = rng.normal(size=(200, 30)), rng.normal(size=(150, 30))
    shuffled = rows[rng.permutation(200)]
    before = frechet_distance(moments(rows), moments(others))
    assert frechet_distance(moments(shuffled), moments(others)) == pytest.approx(before, rel=1e-10)


class TestInfiniteSamples:
    def test_a_line_is_followed_to_its_end(self) -> None:
        found = followed(lambda chosen: 3.0 + 40.0 / len(chosen), 200, np.random.default_rng(0))
        assert found == pytest.approx(3.0)

    def test_subsets_grow_to_the_whole(self) -> None:
        assert counts(1000)[0] == 200
        assert counts(1000)[-1] == 1000

    def test_comes_closer_to_the_truth_than_the_plain_distance(self) -> None:
        """Synthetic images from a known Gaussian, 2 apart in each of 20 means: 80."""
        rng = np.random.default_rng(3)
        truth = gaussian(np.zeros(20), np.eye(20))
        plain, infinite = [], []
        for _ in range(10):
            rows = rng.normal(2, 1, (150, 20)).astype(np.float32)
            plain.append(frechet_distance(moments(rows), truth))
            infinite.append(
                followed(lambda chosen, rows=rows: frechet_distance(moments(rows[chosen]), truth), len(rows), rng)
            )
        assert np.mean(plain) > 80.3
        assert abs(np.mean(infinite) - 80) < abs(np.mean(plain) - 80)
