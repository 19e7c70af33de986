"""Scores with intervals: what they need, what they refuse, and that they move the right way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.metrics import METRICS, score
from medgan.metrics.comparison import Comparison, Reference, standardised
from medgan.metrics.corruptions import blurred, noisy
from medgan.metrics.estimate import around, mean_of, share_of
from medgan.metrics.features import Features
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import Seen, look
from medgan.metrics.spaces import SPACES, space
from medgan.weights import import_file


def seen(pool: Any, *, logits: Any = None, labels: Any = None, space_name: str = "mobilenet_v2") -> Seen:
    """Features without pictures behind them."""
    count = len(pool)
    pictures = Pictures(np.zeros((count, 16, 16, 1), np.uint8))
    return Seen(space_name, "images", pictures, np.arange(count), Features(pool, logits), 16, labels)


def compared(synthetic: Seen, real: Seen, **options: Any) -> Comparison:
    return Comparison(synthetic, Reference(real, options.pop("labelled", None)), **options)


def normal(count: int, dimensions: int = 8, seed: int = 0, shift: float = 0.0) -> Any:
    return np.random.default_rng(seed).normal(shift, 1, (count, dimensions)).astype(np.float32)


@pytest.mark.parametrize("name", METRICS)
def test_every_score_has_its_words_and_says_when_images_are_too_few(name: str) -> None:
    metric = METRICS[name]
    assert metric.explained.endswith(".")
    assert metric.unit
    assert metric.source
    assert metric.least <= metric.enough
    row = score(name, compared(seen(normal(1)), seen(normal(1))))
    assert row.estimate is None
    assert row.refused.startswith("needs at least")


def test_a_score_is_never_called_as_in_another_space() -> None:
    for name, metric in METRICS.items():
        called = [metric.called(name, space_name) for space_name in SPACES]
        assert not any("FID" in words or "KID" in words for words in called[:1] + called[2:])
        assert len(set(called)) == (len(SPACES) if metric.own_space else 1)
    assert METRICS["frechet"].called("frechet", "inception") == "FID"
    assert METRICS["frechet"].called("frechet", "radiomic") == "Fréchet distance (radiomic)"


def test_a_space_whose_weights_are_absent_is_refused_with_the_way_to_get_them() -> None:
    with pytest.raises(BadInput, match="weights download inception"):
        space("inception")
    with pytest.raises(BadInput, match="no feature space 'eyes'"):
        space("eyes")


class TestIntervals:
    @pytest.mark.parametrize("name", ["frechet", "kernel", "precision", "coverage", "density"])
    def test_cover_the_value_and_shrink_with_more_images(self, name: str) -> None:
        widths = []
        for count in (60, 600):
            found = score(name, compared(seen(normal(count, shift=0.3)), seen(normal(count, seed=1)))).estimate
            assert found is not None
            assert found.low is not None
            assert found.high is not None
            assert found.low <= found.value <= found.high
            widths.append(found.high - found.low)
        assert widths[1] < widths[0]

    def test_of_a_distance_is_as_wide_as_the_distance_varies(self) -> None:
        """Twenty pairs of sets: the standard deviation of the distance, and what the intervals say it is."""
        pairs = [
            score("frechet", compared(seen(normal(200, seed=k, shift=0.5)), seen(normal(200, seed=k + 20)), seed=k))
            for k in range(20)
        ]
        estimates = [row.estimate for row in pairs if row.estimate]
        varies = np.std([found.value for found in estimates], ddof=1)
        said = np.mean([(found.high - found.low) / (2 * 1.96) for found in estimates])  # type: ignore[operator]
        assert 0.6 < said / varies < 1.6

    def test_of_a_share_without_exception_is_not_empty(self) -> None:
        found = share_of(np.ones(50), resamples=100)
        assert found.low is not None
        assert 0.9 < found.low < 1.0 == found.high

    def test_of_a_mean_without_any_variation_is_left_out(self) -> None:
        found = mean_of(np.zeros(50), resamples=100, seed=0)
        assert (found.value, found.low, found.high) == (0.0, None, None)

    def test_are_left_out_without_resamples_and_repeat_with_a_seed(self) -> None:
        assert around(1.0, lambda rng: rng.normal(), 0, seed=0).low is None
        assert around(1.0, lambda rng: rng.normal(), 50, seed=3) == around(1.0, lambda rng: rng.normal(), 50, seed=3)


class TestDirections:
    real = normal(400, seed=5)

    def value(self, name: str, synthetic: Any, **options: Any) -> float:
        found = score(name, compared(seen(synthetic), seen(self.real), resamples=0, **options)).estimate
        assert found is not None
        return found.value

    def test_distances_grow_with_a_shift(self) -> None:
        for name in ("frechet", "kernel", "frechet_infinite"):
            values = [self.value(name, normal(400, seed=6, shift=shift)) for shift in (0, 0.3, 0.6, 1.2)]
            assert values == sorted(values), name

    def test_recall_and_coverage_fall_as_images_repeat(self) -> None:
        fresh = normal(400, seed=7)
        for name in ("recall", "coverage"):
            values = [self.value(name, fresh[np.arange(400) % kept]) for kept in (400, 100, 25, 5)]
            assert values == sorted(values, reverse=True), name
            assert values[0] > values[-1] + 0.3

    def test_precision_holds_where_only_variety_is_lost(self) -> None:
        narrow = 0.2 * normal(400, seed=8)
        assert self.value("precision", narrow) > 0.95
        assert self.value("recall", narrow) < 0.3

    def test_class_score_rises_with_clear_and_varied_classes(self) -> None:
        def of(logits: Any) -> float:
            found = score(
                "class_score", compared(seen(self.real, logits=logits), seen(self.real), resamples=0)
            ).estimate
            assert found is not None
            return found.value

        varied = np.eye(10, dtype=np.float32)[np.arange(400) % 10]
        assert of(0 * varied) == pytest.approx(1)
        assert 8.5 < of(50 * varied) <= 10  # a split of 40 rarely holds each class four times
        assert of(50 * varied[np.zeros(400, int)]) == pytest.approx(1)

    def test_classifier_sees_the_class_or_does_not(self) -> None:
        labels = np.array(["normal", "sick"])[np.arange(200) % 2]
        pool = normal(200, seed=9) + 3.0 * (labels == "sick")[:, None].astype(np.float32)
        trained = seen(pool, labels=labels)
        for drawn, expected in ((labels, 1.0), (labels[::-1], 0.0)):
            synthetic = seen(pool, labels=drawn)
            found = score("seen_as_drawn", compared(synthetic, trained, labelled=trained)).estimate
            assert found is not None
            assert found.value == pytest.approx(expected, abs=0.02)

    def test_classifier_refuses_unknown_and_unlabelled_images(self) -> None:
        labels = np.array(["normal", "sick"])[np.arange(50) % 2]
        trained = seen(normal(50), labels=labels)
        for drawn, reason in ((np.full(50, ""), "not known"), (np.full(50, "other"), "no class other")):
            row = score("seen_as_drawn", compared(seen(normal(50), labels=drawn), trained, labelled=trained))
            assert reason in row.refused


@contextmanager
def spaces_of(weights: Path) -> Iterator[list[str]]:
    """All feature spaces that can be had from a folder of small networks."""
    import_file("squeezenet1_1", weights / "squeezenet1_1_imagenet_features.pth", unverified=True)
    import_file("mobilenet_v2", weights / "mobilenet_v2_imagenet.pth", unverified=True)
    yield ["radiomic", "squeezenet1_1", "mobilenet_v2"]


@pytest.fixture
def films(medgan_home: Path) -> PreparedDataset:
    return prepare_phantoms(PhantomConfig(family="chest_xray", count=180, size=64, name="films"))


class TestPictures:
    def test_blur_and_noise_move_every_distance_the_right_way(self, films: PreparedDataset) -> None:
        self.check(films, ["radiomic"])

    def test_in_the_networks_at_hand_as_well(self, films: PreparedDataset, shared_weights: Path) -> None:
        with spaces_of(shared_weights) as names:
            self.check(films, names[1:])

    @staticmethod
    def check(films: PreparedDataset, names: list[str]) -> None:
        whole = Pictures(films.images)
        first, second = whole[: len(films) // 2], whole[len(films) // 2 :]
        damages: list[Callable[[float], Pictures]] = [
            lambda dose: blurred(first, 0.02 * dose),
            lambda dose: noisy(first, 20 * dose),
        ]
        for name in names:
            real = look(second, "images", name)
            for damage in damages:
                looks = [look(damage(dose), "images", name, keep=False) for dose in (0.001, 0.5, 1, 2)]
                for metric in ("frechet", "kernel"):
                    values = []
                    for one in looks:
                        found = score(metric, compared(*reversed(standardised(real, one)), resamples=0)).estimate
                        assert found is not None
                        values.append(found.value)
                    assert values == sorted(values), (name, metric)

    def test_order_and_batch_size_change_nothing(self, films: PreparedDataset, monkeypatch: Any) -> None:
        from medgan.metrics.radiomic import Radiomic

        whole = Pictures(films.images)
        backwards = whole.at(np.arange(len(films))[::-1])
        found = look(whole, "images", "radiomic")
        monkeypatch.setattr(Radiomic, "batch", 7)
        again = look(backwards, "images", "radiomic", keep=False)
        assert np.array_equal(found.features.pool, again.features.pool)
        assert np.array_equal(found.rows, len(films) - 1 - again.rows)

    def test_features_are_extracted_once(self, films: PreparedDataset, monkeypatch: Any) -> None:
        first = look(Pictures(films.images), "images", "radiomic")
        monkeypatch.setattr("medgan.metrics.seen._extracted", lambda *_: pytest.fail("extracted again"))
        assert np.array_equal(look(Pictures(films.images), "images", "radiomic").features.pool, first.features.pool)

    def test_damaged_kept_features_are_extracted_anew(self, films: PreparedDataset, medgan_home: Path) -> None:
        first = look(Pictures(films.images), "images", "radiomic")
        expected = np.array(first.features.pool)
        for kept in (medgan_home / "workspace" / "features").glob("*/pool.npy"):
            kept.write_bytes(kept.read_bytes()[:100])
        assert np.array_equal(look(Pictures(films.images), "images", "radiomic").features.pool, expected)

    def test_what_a_killed_process_left_is_cleared_away(self, films: PreparedDataset, medgan_home: Path) -> None:
        first = look(Pictures(films.images), "images", "radiomic")
        (kept,) = (medgan_home / "workspace" / "features").glob("radiomic-*")
        expected = np.array(first.features.pool)
        left = kept.rename(kept.with_name(f".{kept.name}.123-abc"))
        assert np.array_equal(look(Pictures(films.images), "images", "radiomic").features.pool, expected)
        assert not left.exists()
        assert kept.exists()

    def test_larger_pictures_are_brought_down_first(self, films: PreparedDataset) -> None:
        assert look(Pictures(films.images), "images", "radiomic", size=32, keep=False).size == 32
        assert look(Pictures(films.images), "images", "radiomic", size=128, keep=False).size == 64

    @pytest.mark.parametrize(("family", "label"), [("chest_xray", "normal"), ("dermoscopy", "")])
    def test_strangers_lost_modes_and_repeats_move_the_radiomic_scores(
        self, family: str, label: str, medgan_home: Path
    ) -> None:
        drawn = prepare_phantoms(PhantomConfig.parse({"family": family, "count": 360, "size": 64, "name": family}))
        rows = drawn.indices(None, label or None)
        whole = Pictures(drawn.images)
        real, fresh = (look(whole.at(half), "images", "radiomic") for half in np.array_split(rows, 2))
        real, fresh = standardised(real, fresh)
        groups = KMeans(5, n_init=4, random_state=0).fit_predict(fresh.features.pool)
        largest = np.argsort(-np.bincount(groups))
        fewer = [fresh[np.flatnonzero(np.isin(groups, largest[:kept]))] for kept in (5, 3, 1)]
        repeated = [fresh[np.arange(len(fresh)) % -(-len(fresh) // times)] for times in (1, 5, 20)]
        for worse in (fewer, repeated):
            self.rises("frechet", worse, real)
            self.rises("coverage", worse[::-1], real)
            self.rises("recall", worse[::-1], real)
        if label:
            others = drawn.indices(None, "viral_pneumonia")
            strangers = standardised(look(whole.at(rows[: len(real)]), "images", "radiomic"),
                                     look(whole.at(others), "images", "radiomic"))[1]  # fmt: skip
            count = min(len(fresh), len(strangers))
            mixed = [
                np.concatenate([fresh.features.pool[taken:count], strangers.features.pool[:taken]])
                for taken in (0, count // 2, count)
            ]
            self.rises("frechet", [seen(pool, space_name="radiomic") for pool in mixed], real)

    @staticmethod
    def rises(name: str, sets: Any, real: Seen) -> None:
        found = [score(name, compared(one, real, resamples=0)).estimate for one in sets]
        values = [estimate.value for estimate in found if estimate]
        assert len(values) == len(sets)
        assert values == sorted(values), (name, values)


class TestParts:
    images = np.full((2, 4, 4, 1), 100, np.uint8)
    masks = np.ones((2, 4, 4, 2), np.uint8) * np.array([1, 0], np.uint8)

    def test_grey_is_repeated_and_masks_are_a_channel_of_their_own(self) -> None:
        both = Pictures(self.images, self.masks)
        assert both.only("images").as_rgb().tolist() == np.full((2, 4, 4, 3), 100).tolist()
        assert set(both.only("masks").as_rgb().ravel()) == {127}
        assert both.only("combined").as_rgb()[0, 0, 0].tolist() == [100, 127, 100]

    def test_what_is_missing_is_said(self) -> None:
        with pytest.raises(BadInput, match="no masks to score as combined"):
            Pictures(self.images).only("combined")
        with pytest.raises(BadInput, match="no images to score as images"):
            Pictures(None, self.masks).only("images")
