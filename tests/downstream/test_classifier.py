"""Classifiers learn what there is to learn, from training images alone; kept features change only the time it takes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import features_folder
from medgan.common.progress import Silent
from medgan.data.phantoms import draw
from medgan.downstream import backbones
from medgan.downstream.augment import Augmentation
from medgan.downstream.backbones import Backbone, chosen_backbone
from medgan.downstream.bodies import Feed, FineTunedBody, TrainedBody
from medgan.downstream.classifier import Classifier, ClassifierConfig, train_classifier, train_classifiers
from medgan.downstream.course import BestSoFar, Course, Targets
from medgan.downstream.draws import Draws
from medgan.downstream.grid import search_grid
from medgan.downstream.heads import Head, Point, train_heads
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.map_moments import MapMoments
from medgan.downstream.networks import train_network
from medgan.downstream.scores import classifier_scores
from medgan.downstream.views import view_of
from medgan.weights import import_file

SMALL = {"backbone": "small", "epochs": 6, "learning_rate": 0.0004}
VGG = {"backbone": "vgg16", "epochs": 4, "learning_rate": 0.01}


def films(count: int, first: int) -> LabelledImages:
    """Phantom chest films of 64 pixels, normal (0) and tuberculosis (1) by turns."""
    labels = np.arange(count) % 2
    names = ("normal", "tuberculosis")
    images = [draw("chest_xray", names[label], 64, 0, first + place).image for place, label in enumerate(labels)]
    return LabelledImages(np.stack(images), labels.astype(np.int64))


def spots(count: int, seed: int) -> LabelledImages:
    """Noise of 32 pixels (0), and noise with a bright spot somewhere (1), by turns."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 120, (count, 32, 32, 1), dtype=np.uint8), np.arange(count) % 2
    for image, label, (row, column) in zip(images, labels, rng.integers(0, 24, (count, 2)), strict=True):
        image[row : row + 8, column : column + 8] += np.uint8(60 * label)
    return LabelledImages(images, labels)


@pytest.fixture(scope="module")
def few() -> tuple[LabelledImages, LabelledImages]:
    """Training and validation images, few enough to be run through a network many times."""
    return films(37, 0), films(12, 1000)  # 37: the last batch is of five


def config(values: dict[str, Any], **others: Any) -> ClassifierConfig:
    return ClassifierConfig.parse({**values, **others})


def auroc(classifier: Classifier, images: LabelledImages) -> float:
    return classifier_scores(classifier.predict(images.images), images.labels, classifier.threshold).auroc


class Stopped(Silent):
    """Asks to stop after it was asked so many times whether to."""

    def __init__(self, after: int) -> None:
        self.left = after

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


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


# Kept features


def maps_of(count: int, seed: int) -> Tensor:
    """Maps (n, 6, 3, 4) as a network's: not negative, channels of different sizes."""
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.tensor([0.1, 1, 1, 5, 20, 0]).view(1, 6, 1, 1)
    return torch.rand(count, 6, 3, 4, generator=generator).sub(0.4).relu() * sizes


def targets_of(count: int, seed: int) -> Targets:
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(count, generator=generator) < 0.4).float()
    return Targets(labels, torch.rand(count, generator=generator) + 0.5)


class MapsAsInputs(Feed):
    def __init__(self, maps: Tensor) -> None:
        self.maps = maps

    def batch(self, rows: Tensor, views: Tensor, seed: int | None) -> Tensor:
        return self.maps[rows]


class Given(TrainedBody):
    """Layers that a test brings, with the classifier's own learning rate."""

    rate_factor = 1.0

    def __init__(self, layers: nn.Module, channels: int) -> None:
        self.layers, self.channels, self.device = layers, channels, torch.device("cpu")

    def feed(self, *_: Any) -> Feed:
        raise NotImplementedError

    def inputs(self, images: NDArray[np.uint8]) -> Tensor:
        raise NotImplementedError


POINTS = [Point(0.01, 0.4, 1), Point(0.03, 0.0, 2), Point(0.02, 0.5, 1)]


class TestHeadsOnMoments:
    """Two numbers a channel stand for the whole map."""

    def trained(self, points: list[Point], starts: list[Head | None] | None = None) -> list[tuple[Head, list[float]]]:
        seen, new = MapMoments.of(maps_of(37, 1)), MapMoments.of(maps_of(20, 2))
        parts = (seen, targets_of(37, 3)), (new, targets_of(20, 4))
        return train_heads(points, starts or [None] * len(points), *parts, Course(6, 8, 0), Silent())

    @pytest.mark.parametrize("place", range(3))
    def test_equal_heads_on_whole_maps(self, place: int) -> None:
        """Batch norm and pooling of torch, torch's Adam, its dropout rates: the same curve, statistics and answers."""
        ours, losses = self.trained(POINTS)[place]
        theirs = Head(6, Draws(POINTS[place].seed))
        parts = (MapsAsInputs(maps_of(37, 1)), targets_of(37, 3)), (MapsAsInputs(maps_of(20, 2)), targets_of(20, 4))
        wanted = train_network(Given(nn.Identity(), 6), theirs, POINTS[place], *parts, Course(6, 8, 0), Silent())
        np.testing.assert_allclose(losses, wanted, rtol=1e-4)
        assert len(set(losses)) == 6
        for name, value in theirs.state_dict().items():
            if name != "norm.num_batches_tracked":
                torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-3, atol=1e-4)
        maps = maps_of(9, 5)
        torch.testing.assert_close(ours.of_means(maps.mean((2, 3))), theirs(maps), rtol=1e-3, atol=1e-3)

    def test_heads_side_by_side_are_heads_alone(self) -> None:
        for (head, losses), point in zip(self.trained(POINTS), POINTS, strict=True):
            [(alone, wanted)] = self.trained([point])
            np.testing.assert_allclose(losses, wanted, rtol=1e-5)
            torch.testing.assert_close(head.unit.weight, alone.unit.weight, rtol=1e-4, atol=1e-6)

    def test_a_start_is_gone_on_from(self) -> None:
        [(first, _)] = self.trained(POINTS[:1])
        (further, losses), (_, fresh) = self.trained([POINTS[0], POINTS[0]], [first, None])
        assert losses[0] < fresh[0]
        assert not torch.equal(further.unit.weight, first.unit.weight)

    def test_whole_networks_are_trained_by_kernels_that_repeat_themselves(self) -> None:
        """On a GPU cuDNN may otherwise add up gradients in any order."""
        seen: list[bool] = []

        class Watched(MapsAsInputs):
            def batch(self, rows: Tensor, views: Tensor, seed: int | None) -> Tensor:
                seen.append(torch.backends.cudnn.deterministic)
                return super().batch(rows, views, seed)

        parts = (Watched(maps_of(9, 1)), targets_of(9, 3)), (Watched(maps_of(9, 2)), targets_of(9, 4))
        train_network(Given(nn.Identity(), 6), Head(6, Draws(0)), POINTS[0], *parts, Course(2, 8, 0), Silent())
        assert len(seen) == 6
        assert all(seen)
        assert not torch.backends.cudnn.deterministic

    def test_a_network_that_is_run_every_epoch_gives_the_same(
        self, small_vgg16: Any, few: tuple[LabelledImages, LabelledImages]
    ) -> None:
        """From images to probabilities, with layers of a (small) VGG16 run for every image in every epoch."""
        train, validation = few
        found = train_classifier(config(VGG), train, validation)
        backbone = Backbone("vgg16")
        body, head = Given(backbone.layers, 12), Head(12, Draws(0))
        shown = [backbone.maps(part.images, nn.Identity()) for part in few]
        feeds = [MapsAsInputs(inputs) for inputs in shown]
        targets = [Targets.of(part, balanced=True) for part in few]
        course = found.config.course
        wanted = train_network(
            body, head, found.config.point, (feeds[0], targets[0]), (feeds[1], targets[1]), course, Silent()
        )
        np.testing.assert_allclose(found.validation_losses, wanted, rtol=1e-4)
        with torch.no_grad():
            theirs = torch.sigmoid(head(backbone.layers(shown[1])))
        np.testing.assert_allclose(found.predict(validation.images), theirs.numpy(), atol=1e-4)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images the backbone looked at, call by call."""
    counts: list[int] = []
    maps = Backbone.maps

    def counted(self: Backbone, images: NDArray[np.uint8], layers: nn.Module | None = None) -> Tensor:
        counts.append(len(images))
        return maps(self, images, layers)

    monkeypatch.setattr(Backbone, "maps", counted)
    return counts


class TestKeptOnDisk:
    def test_images_are_looked_at_once_whatever_is_trained(
        self, small_vgg16: Any, few: tuple[LabelledImages, LabelledImages], looked_at: list[int]
    ) -> None:
        train, validation = few
        search_grid(config(VGG), train, validation, seeds=(0, 1))
        assert sum(looked_at) == 37 + 12
        larger = LabelledImages(np.concatenate([train.images, validation.images]), np.arange(49) % 2)
        train_classifier(config(VGG), larger, validation).predict(train.images)
        assert sum(looked_at) == 37 + 12  # another set of the same images, in another order
        augmented = config(VGG, augmentation={"enabled": True}, views=2)
        train_classifiers([augmented, augmented.model_copy(update={"seed": 5})], train, validation)
        assert sum(looked_at) == 37 + 12 + 2 * 37
        train_classifier(config(VGG, augmentation={"enabled": True, "flip": False}, views=1), train, validation)
        assert sum(looked_at) == 37 + 12 + 3 * 37

    def test_moments_do_not_depend_on_the_company(
        self, small_vgg16: Any, few: tuple[LabelledImages, LabelledImages], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images = few[0].images
        together = Backbone("vgg16").moments(images)
        for folder in features_folder().iterdir():
            shutil.rmtree(folder)
        alone = [Backbone("vgg16").moments(images[[place]]) for place in (0, 20, 36)]
        torch.testing.assert_close(MapMoments.joined(alone).mean, together.mean[:, [0, 20, 36]], rtol=0, atol=0)

    def test_damaged_files_are_passed_over(
        self, small_vgg16: Any, few: tuple[LabelledImages, LabelledImages], looked_at: list[int]
    ) -> None:
        images = few[0].images
        before = Backbone("vgg16").moments(images)
        [file] = features_folder().glob("maps-vgg16-*/*.safetensors")
        file.write_bytes(file.read_bytes()[:-100])
        after = Backbone("vgg16").moments(images)
        assert sum(looked_at) == 2 * 37
        torch.testing.assert_close(before.mean, after.mean, rtol=0, atol=0)
        torch.testing.assert_close(before.variance, after.variance, rtol=0, atol=0)

    def test_what_was_looked_at_before_a_stop_is_kept(
        self,
        small_vgg16: Any,
        few: tuple[LabelledImages, LabelledImages],
        looked_at: list[int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(backbones, "KEPT_AT_A_TIME", 16)
        with pytest.raises(Cancelled, match="32 of 37 images"):
            Backbone("vgg16").moments(few[0].images, progress=Stopped(2))
        Backbone("vgg16").moments(few[0].images)
        assert sum(looked_at) == 37

    def test_views_depend_on_the_image_and_their_number_alone(self, few: tuple[LabelledImages, LabelledImages]) -> None:
        images, augmentation = few[0].images, Augmentation()
        all_, some = view_of(images, augmentation, 1), view_of(images[5:8], augmentation, 1)
        np.testing.assert_array_equal(all_[5:8], some)
        assert not np.array_equal(all_, view_of(images, augmentation, 2))
        np.testing.assert_array_equal(view_of(images, augmentation, 0), images)


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
    assert words.startswith("VGG16's weights are not here, nor another network's; in its place a small network")
    import_file("squeezenet1_1", shared_weights / "squeezenet1_1_imagenet_features.pth", unverified=True)
    assert chosen_backbone("auto").name == "squeezenet1_1"
    import_file("mobilenet_v2", shared_weights / "mobilenet_v2_imagenet.pth", unverified=True)
    name, words = chosen_backbone("auto")
    assert (name, "VGG16's weights are not here; in its place MobileNetV2" in words) == ("mobilenet_v2", True)
    assert "mobilenet_v2_imagenet.pth" in words
    assert chosen_backbone("small").name == "small"
    request.getfixturevalue("small_vgg16")
    assert chosen_backbone("auto") == ("vgg16", "VGG16, trained on ImageNet")


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
