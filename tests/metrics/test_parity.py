"""The same images and weights give torch-fidelity's numbers: features, FID, KID, IS, precision and recall."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from medgan.metrics.frechet import frechet_distance, moments
from medgan.metrics.inception_score import inception_score
from medgan.metrics.kernel_distance import discrepancy, kernel, kernel_distance
from medgan.metrics.manifold import manifold
from medgan.metrics.ms_ssim import ms_ssim, scales_of
from medgan.metrics.networks import Inception
from medgan.metrics.pictures import Pictures

from .conftest import pictures_of

QUIET = {"verbose": False}


def features(count: int, dimensions: int, seed: int, shift: float = 0.0) -> Any:
    """Features as a network's: not negative, depending on each other."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(dimensions, dimensions)) / np.sqrt(dimensions)
    return np.maximum(0, rng.normal(shift, 1, (count, dimensions)) @ mixing + 0.3).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [64, 400])
def test_inception_features_and_logits(inception: Path, channels: int, side: int) -> None:
    images = pictures_of(3, side, channels)
    wanted = ["2048", "logits_unbiased"]
    theirs = FeatureExtractorInceptionV3("theirs", wanted, feature_extractor_weights_path=str(inception))
    colour = torch.from_numpy(np.repeat(images, 3 // channels, axis=3)).permute(0, 3, 1, 2)
    pool, logits = (found.numpy() for found in theirs(colour))
    ours = Inception()(Pictures(images))
    assert ours.logits is not None
    assert np.linalg.norm(pool) > 1
    assert np.abs(ours.pool - pool).max() <= 1e-5 * np.abs(pool).max()
    assert np.linalg.norm(ours.pool - pool) <= 1e-5 * np.linalg.norm(pool)
    assert np.linalg.norm(ours.logits - logits) <= 1e-5 * np.linalg.norm(logits)


class TestGivenTheFeatures:
    """To 1e-6 relative, on 700 and 600 images of 96 features."""

    a = features(700, 96, seed=1)
    b = features(600, 96, seed=2, shift=0.1)

    def test_frechet(self) -> None:
        statistics = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (self.a, self.b)]
        theirs = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
        assert frechet_distance(moments(self.a), moments(self.b)) == pytest.approx(theirs, rel=1e-6)

    def test_kernel(self) -> None:
        options = {"kid_subsets": 20, "kid_subset_size": 300, "rng_seed": 2020} | QUIET
        theirs = kid_features_to_metric(torch.from_numpy(self.a), torch.from_numpy(self.b), **options)
        ours = kernel_distance(self.a, self.b, subsets=20, subset_size=300)
        assert ours.mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-5, abs=1e-9)
        assert ours.spread == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-4)

    def test_kernel_in_double_precision_to_rounding(self) -> None:
        """Theirs computes in the features' own type; given doubles it is ours to 1e-9."""
        options = {"kid_subsets": 5, "kid_subset_size": 300, "rng_seed": 2020} | QUIET
        a, b = (torch.from_numpy(rows.astype(np.float64)) for rows in (self.a, self.b))
        theirs = kid_features_to_metric(a, b, **options)
        ours = kernel_distance(self.a, self.b, subsets=5, subset_size=300)
        assert ours.mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)

    @pytest.mark.parametrize(("subsets", "subset_size"), [(3, 100), (40, 500)])
    def test_kernel_is_the_same_subset_by_subset_and_at_once(self, subsets: int, subset_size: int) -> None:
        rng = np.random.RandomState(2020)
        expected = []
        for _ in range(subsets):
            a, b = (rows[rng.choice(len(rows), subset_size, replace=False)] for rows in (self.a, self.b))
            expected.append(discrepancy(kernel(a, a), kernel(b, b), kernel(a, b)))
        ours = kernel_distance(self.a, self.b, subsets=subsets, subset_size=subset_size)
        assert ours.mean == pytest.approx(np.mean(expected), rel=1e-10)
        assert ours.spread == pytest.approx(np.std(expected), rel=1e-8)

    def test_inception_score(self) -> None:
        logits = 5 * self.a[:, :40]
        theirs = isc_features_to_metric(torch.from_numpy(logits), splits=10, shuffle=True, rng_seed=2020)
        ours = inception_score(logits)
        assert ours.mean == pytest.approx(theirs["inception_score_mean"], rel=1e-9)
        assert ours.spread == pytest.approx(theirs["inception_score_std"], rel=1e-9)

    def test_precision_and_recall(self) -> None:
        options = {"prc_neighborhood": 3, "prc_batch_size": 10_000, "save_cpu_ram": False} | QUIET
        theirs = prc_features_to_metric(torch.from_numpy(self.a), torch.from_numpy(self.b), **options)
        ours = manifold(self.a, self.b)
        assert ours.precise.mean() == pytest.approx(theirs["precision"], abs=1e-6)
        assert ours.recalled.mean() == pytest.approx(theirs["recall"], abs=1e-6)
        assert 0 < theirs["recall"] < 1


def test_ssim_of_one_scale_is_that_of_scikit_image() -> None:
    """As Wang et al. wrote it: a Gaussian window where it fits whole."""
    first = pictures_of(3, 16, 1, seed=1)
    second = (0.7 * first + 0.3 * first[:, :, ::-1]).astype(np.uint8)
    assert scales_of(16) == 1
    for place in range(3):
        theirs = structural_similarity(
            first[place, ..., 0], second[place, ..., 0], data_range=255, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert ms_ssim(first, second)[place] == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_ms_ssim_is_that_of_torchmetrics(channels: int) -> None:
    """To a percent: at the last scale theirs also counts the borders, where the window hangs over."""
    first = pictures_of(2, 512, channels, seed=1)
    second = (0.7 * first + 0.3 * first[:, :, ::-1]).astype(np.uint8)
    pair = [torch.from_numpy(np.ascontiguousarray(some)).permute(0, 3, 1, 2).double() / 255 for some in (first, second)]
    for place in range(2):
        theirs = multiscale_structural_similarity_index_measure(
            *(some[place : place + 1] for some in pair), data_range=1.0, normalize="relu", gaussian_kernel=True
        )
        assert ms_ssim(first, second)[place] == pytest.approx(float(theirs), abs=1e-2)
