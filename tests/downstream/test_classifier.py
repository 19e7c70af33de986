"""Classifiers learn what there is to learn, from training images alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgan.common.errors import BadInput, Cancelled
from medgan.downstream.backbones import SMALL_BEFORE, chosen_backbone, is_small, is_substitute
from medgan.downstream.bodies import FineTunedBody
from medgan.downstream.classifier import Classifier, ClassifierConfig, train_classifier, train_classifiers
from medgan.downstream.course import BestSoFar
from medgan.downstream.grid import search_grid
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.scores import classifier_scores
from medgan.weights import import_file

from .conftest import SMALL, VGG, Stopped, config, films, spots


def auroc(classifier: Classifier, images: LabelledImages) -> float:
    return classifier_scores(classifier.predict(images.images), images.labels, classifier.threshold).auroc


# What is learned


class TestSmallNetwork:
    def test_tells_tuberculosis_on_films_it_has_not_seen(self) -> None:
        """Phantoms; 0.5 is chance."""
        options = config(SMALL, epochs=25, augmentation={"enabled": True})
        found = train_classifier(options, films(300, 0), films(80, 1000))
        assert auroc(found, films(80, 2000)) > 0.7

    def test_is_the_same_for_a_seed(self) -> None:
        parts, unseen = (spots(60, 0), spots(30, 1)), spots(30, 2)
        options = config(SMALL, augmentation={"enabled": True})
        first = train_classifier(options, *parts)
        torch.manual_seed(123)  # nothing hangs on the global generator
        again, other = (train_classifier(options.model_copy(update={"seed": seed}), *parts) for seed in (0, 1))
        np.testing.assert_array_equal(first.predict(unseen.images), again.predict(unseen.images))
        assert (first.threshold, first.validation_losses) == (again.threshold, again.validation_losses)
        assert not np.array_equal(first.predict(unseen.images), other.predict(unseen.images))

    def test_has_the_weights_of_its_best_epoch(self) -> None:
        noise = LabelledImages(spots(40, 0).images[::2], np.arange(20) // 2 % 2)  # nothing that could be learned
        parts = noise, spots(40, 1)
        found = train_classifier(config(SMALL, learning_rate=0.002, balanced=False, epochs=12), *parts)
        probabilities, labels = found.predict(parts[1].images), parts[1].labels
        loss = -np.log(np.where(labels == 1, probabilities, 1 - probabilities)).mean()
        assert loss == pytest.approx(min(found.validation_losses), rel=1e-3)
        assert found.best_epoch == np.argmin(found.validation_losses) + 1
        assert loss < found.validation_losses[-1] - 0.01  # otherwise the last epoch's weights would do as well

    def test_goes_on_from_another(self) -> None:
        parts = spots(80, 0), spots(40, 1)
        first = train_classifier(config(SMALL, epochs=15), *parts)
        before = first.predict(parts[1].images)
        further, fresh = (
            train_classifier(config(SMALL, epochs=1, seed=3), *parts, start=start) for start in (first, None)
        )
        assert further.validation_losses[0] < fresh.validation_losses[0] - 0.1
        np.testing.assert_array_equal(before, first.predict(parts[1].images))  # the start stays as it was

    def test_images_without_weight_teach_nothing(self) -> None:
        """Half of the labels are wrong: unweighted, they undo what the other half teaches."""
        train, validation = spots(120, 0), spots(40, 1)
        right = np.arange(120) < 60
        labels = np.where(right, train.labels, 1 - train.labels)
        misled, told = (
            train_classifier(config(SMALL, epochs=10), LabelledImages(train.images, labels, weights), validation)
            for weights in (None, right.astype(np.float64))
        )
        assert auroc(told, spots(60, 2)) > 0.9
        assert auroc(misled, spots(60, 2)) < 0.8

    def test_larger_colour_images_are_taken(self, few: tuple[LabelledImages, LabelledImages]) -> None:
        large, other = (
            LabelledImages(part.images.repeat(3, axis=1).repeat(3, axis=2).repeat(3, axis=3), part.labels)
            for part in few
        )
        found = train_classifier(config(SMALL, epochs=1, augmentation={"enabled": True}), large, other)
        assert found.predict(other.images).shape == (12,)
        assert found.predict(other.images[:0]).shape == (0,)


class TestFrozenNetwork:
    @pytest.fixture
    def mobilenet(self, shared_weights: Path) -> None:
        import_file("mobilenet_v2", shared_weights / "mobilenet_v2_imagenet.pth", unverified=True)

    def test_learns(self, mobilenet: None) -> None:
        found = train_classifier(ClassifierConfig(learning_rate=0.001, epochs=30), films(100, 0), films(40, 1000))
        assert found.backbone.name == "mobilenet_v2"
        assert auroc(found, films(40, 2000)) > 0.7

    def test_last_layers_learn_too(self, mobilenet: None, few: tuple[LabelledImages, LabelledImages]) -> None:
        options = config(
            {"learning_rate": 0.002, "epochs": 2, "trained_layers": 2, "views": 1}, augmentation={"enabled": True}
        )
        found = train_classifier(options, *few)
        assert isinstance(found.body, FineTunedBody)
        _, before = found.body.backbone.split(2)
        assert all(
            not torch.equal(new, old)
            for new, old in zip(found.body.layers.parameters(), before.parameters(), strict=True)
        )
        np.testing.assert_array_equal(
            found.predict(few[1].images), train_classifier(options, *few).predict(few[1].images)
        )

    def test_a_frozen_start_is_fine_tuned(self, small_vgg16: Any, few: tuple[LabelledImages, LabelledImages]) -> None:
        frozen = train_classifier(config(VGG, epochs=20), *few)
        tuned = train_classifier(config(VGG, trained_layers=3, learning_rate=1e-6, epochs=1), *few, start=frozen)
        np.testing.assert_allclose(tuned.predict(few[1].images), frozen.predict(few[1].images), atol=0.02)
        with pytest.raises(BadInput, match="vgg16 with 0 trained layers cannot go on from one on vgg16 with 3"):
            train_classifier(config(VGG), *few, start=tuned)


# What decides


def test_the_grid_takes_the_lowest_validation_loss_over_seeds(
    small_vgg16: Any, few: tuple[LabelledImages, LabelledImages]
) -> None:
    rates = (0.0001, 0.003, 0.02)
    grid = search_grid(config(VGG, epochs=10, seed=7), *few, learning_rates=rates, dropouts=(0.0, 0.5), seeds=(0, 1))
    assert len(grid.rows) == 12
    means = {
        (rate, dropout): np.mean(
            [row.loss for row in grid.rows if (row.config.learning_rate, row.config.dropout) == (rate, dropout)]
        )
        for rate in rates
        for dropout in (0.0, 0.5)
    }
    assert (grid.best.learning_rate, grid.best.dropout) == min(means, key=lambda setting: float(means[setting]))
    assert grid.best.seed == 7
    assert len(set(means.values())) == 6
    [alone] = train_classifiers([grid.rows[3].config], *few)
    assert grid.rows[3].loss == pytest.approx(min(alone.validation_losses), rel=1e-4)


def test_the_best_epoch_is_the_lowest_before_patience_ends() -> None:
    best = BestSoFar(3, patience=2)
    for losses in ([3.0, 1, 5], [2.0, 2, 4], [2.5, 3, 3], [1.0, 0, 2]):
        best.improved(torch.tensor(losses))
    assert best.epoch.tolist() == [4, 1, 4]  # the second ended after its third epoch
    assert best.loss.tolist() == [1, 1, 2]
    forever = BestSoFar(1, patience=0)
    for loss in (1.0, 2.0, 3.0, 0.5):
        forever.improved(torch.tensor([loss]))
    assert forever.epoch.tolist() == [4]


def test_patience_ends_a_training(small_vgg16: Any, few: tuple[LabelledImages, LabelledImages]) -> None:
    for values in (VGG, SMALL):
        found = train_classifier(config(values, epochs=60, learning_rate=0.05, patience=2), *few)
        assert len(found.validation_losses) == found.best_epoch + 2


def test_classes_count_the_same_however_many_they_are() -> None:
    labels = np.array([0] * 9 + [1])
    images = np.zeros((10, 8, 8, 1), np.uint8)
    shares = LabelledImages(images, labels).shares(balanced=True)
    assert shares[:9].sum() == pytest.approx(shares[9])
    assert shares.mean() == pytest.approx(1)
    np.testing.assert_array_equal(LabelledImages(images, labels).shares(balanced=False), np.ones(10))
    weighted = LabelledImages(images, labels, np.array([2.0] + [1] * 9)).shares(balanced=True)
    assert weighted[0] == pytest.approx(2 * weighted[1])
    assert weighted[:9].sum() == pytest.approx(weighted[9])


@pytest.mark.parametrize("values", [SMALL, VGG, {**VGG, "trained_layers": 2}])
def test_a_stop_is_heard(small_vgg16: Any, few: tuple[LabelledImages, LabelledImages], values: dict[str, Any]) -> None:
    with pytest.raises(Cancelled):
        train_classifier(config(values), *few, Stopped(5))


# What is chosen, and refused


def test_the_backbone_is_said_in_words(shared_weights: Path, request: pytest.FixtureRequest) -> None:
    name, words = chosen_backbone("auto")
    assert name == "small"
    assert words == "small, not pre-trained (VGG16's weights are missing)"
    assert is_small(words)
    assert is_substitute(words)
    import_file("squeezenet1_1", shared_weights / "squeezenet1_1_imagenet_features.pth", unverified=True)
    assert chosen_backbone("auto").name == "squeezenet1_1"
    import_file("mobilenet_v2", shared_weights / "mobilenet_v2_imagenet.pth", unverified=True)
    name, words = chosen_backbone("auto")
    assert name == "mobilenet_v2"
    assert words.startswith("MobileNetV2")
    assert is_substitute(words)
    assert not is_small(words)
    assert "mobilenet_v2_imagenet.pth" in words
    assert chosen_backbone("small") == ("small", "small, not pre-trained")
    assert is_small("VGG16's weights are not here, nor another network's; in its place " + SMALL_BEFORE)
    request.getfixturevalue("small_vgg16")
    assert chosen_backbone("auto") == ("vgg16", "VGG16, trained on ImageNet")
    assert not is_substitute("VGG16, trained on ImageNet")


@pytest.mark.parametrize(
    ("values", "change", "message"),
    [
        ({"backbone": "squeezenet1_0"}, lambda parts: parts, "the weights of SqueezeNet 1.0 are not here"),
        ({**VGG, "trained_layers": 99}, lambda parts: parts, "VGG16 has 13 layers|trained_layers: VGG16 has"),
        (SMALL, lambda parts: (LabelledImages(parts[0].images, np.zeros(37, np.int64)), parts[1]), "training images"),
        (SMALL, lambda parts: (parts[0], LabelledImages(parts[1].images, np.ones(12, np.int64))), "validation images"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    small_vgg16: Any,
    few: tuple[LabelledImages, LabelledImages],
    values: dict[str, Any],
    change: Callable[[Any], Any],
    message: str,
) -> None:
    with pytest.raises(BadInput, match=message):
        train_classifier(config(values), *change(few))


def test_only_what_may_differ_differs(few: tuple[LabelledImages, LabelledImages]) -> None:
    with pytest.raises(BadInput, match="learning_rate, dropout and seed only"):
        train_classifiers([config(SMALL), config(SMALL, epochs=3)], *few)
    with pytest.raises(BadInput, match="give one config"):
        train_classifiers([], *few)


@pytest.mark.parametrize(
    ("labels", "weights", "message"),
    [
        ([0, 1], None, "one label an image"),
        ([0, 1, 2], None, "0 or 1"),
        ([0, 1, 1], [1.0, 1.0], "one an image"),
        ([0, 1, 1], [1.0, 1.0, -1.0], "none of them negative"),
    ],
)
def test_labels_and_weights_fit_their_images(labels: list[int], weights: list[float] | None, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        LabelledImages(
            np.zeros((3, 8, 8, 1), np.uint8), np.array(labels), None if weights is None else np.array(weights)
        )
