"""Kept features change nothing but the time that a training takes: heads on moments, and what is kept on disk."""

import shutil
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgan.common.errors import Cancelled
from medgan.common.home import features_folder
from medgan.common.progress import Silent
from medgan.downstream import backbones
from medgan.downstream.augment import Augmentation
from medgan.downstream.backbones import Backbone
from medgan.downstream.bodies import Feed, TrainedBody
from medgan.downstream.classifier import train_classifier, train_classifiers
from medgan.downstream.course import Course, Targets
from medgan.downstream.draws import Draws
from medgan.downstream.grid import search_grid
from medgan.downstream.heads import Head, Point, train_heads
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.map_moments import MapMoments
from medgan.downstream.networks import train_network
from medgan.downstream.views import view_of

from .conftest import VGG, Stopped, config


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
