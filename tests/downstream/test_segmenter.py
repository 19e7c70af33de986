"""Segmenters learn from masks, stop by validation images, and say the same for the same seed."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.progress import Silent
from medgan.data.phantoms import PHANTOMS, draw
from medgan.downstream.augment import Augmentation
from medgan.downstream.masked import MaskedImages
from medgan.downstream.scores import segmenter_scores
from medgan.downstream.segmentation_networks import segmentation_network, usual_width
from medgan.downstream.segmenter import (
    Segmenter,
    SegmenterConfig,
    mean_iou,
    segmentation_loss,
    train_segmenter,
)

Uint8 = NDArray[np.uint8]


@cache
def drawn(family: str, first: int, count: int, size: int = 64) -> MaskedImages:
    """Phantoms number `first` to `first + count - 1` of a family, its classes in turn."""
    classes = PHANTOMS[family].classes
    phantoms = [draw(family, classes[i % len(classes)], size, 0, i) for i in range(first, first + count)]
    return MaskedImages(np.stack([p.image for p in phantoms]), np.stack([p.masks for p in phantoms]))


def trained(
    family: str = "dermoscopy", count: int = 16, *, start: Segmenter | None = None, **options: Any
) -> Segmenter:
    """A segmenter of `count` images and 8 to validate with; a short training unless options say otherwise."""
    config = SegmenterConfig.parse({"epochs": 2, "batch_size": 8} | options)
    return train_segmenter(config, drawn(family, 0, count), drawn(family, 500, 8), start=start)


def iou(predicted: Uint8, true: Uint8) -> NDArray[np.float64]:
    """Mean IoU of each structure."""
    return segmenter_scores(predicted, true).iou.mean(axis=0)


def best_constant(train: MaskedImages, test: MaskedImages) -> NDArray[np.float64]:
    """Mean IoU of each structure for one answer to every image: what half of the training masks agree on."""
    answer = (train.masks.mean(axis=0) >= 0.5).astype(np.uint8)
    return iou(np.broadcast_to(answer, test.masks.shape), test.masks)


class TestLearning:
    @pytest.mark.parametrize(("network", "width"), [("unet", 8), ("pix2pix", 16)])
    def test_finds_lesions(self, network: str, width: int) -> None:
        test = drawn("dermoscopy", 600, 24)
        segmenter = trained(count=64, network=network, width=width, epochs=5, batch_size=4)
        found = iou(segmenter.predict(test.images), test.masks)[0]
        assert found > 0.6
        assert found > best_constant(drawn("dermoscopy", 0, 64), test)[0] + 0.1

    def test_finds_several_structures(self) -> None:
        """Lung and heart. The trachea has a dozen pixels in a quarter of these slices, and takes longer to learn."""
        test = drawn("chest_ct", 600, 24)
        found = iou(
            trained("chest_ct", count=64, epochs=5, batch_size=4, learning_rate=0.003).predict(test.images), test.masks
        )
        constant = best_constant(drawn("chest_ct", 0, 64), test)
        assert found[0] > max(0.85, constant[0] + 0.1)
        assert found[1] > max(0.65, constant[1] + 0.1)

    def test_says_nothing_is_there_where_nothing_ever_was(self) -> None:
        images = drawn("dermoscopy", 0, 16).images
        empty = MaskedImages(images, np.zeros((16, 64, 64, 1), np.uint8))
        segmenter = train_segmenter(SegmenterConfig(epochs=8, batch_size=4, learning_rate=0.01), empty, empty)
        assert segmenter.predict(images).max() == 0
        assert segmenter.validation_iou == 1.0

    def test_goes_on_from_a_pre_trained_one(self) -> None:
        first = trained(count=32, epochs=4, batch_size=4)
        scratch, further = trained(epochs=1), trained(epochs=1, start=first)
        assert further.validation_iou > scratch.validation_iou + 0.1

    def test_leaves_the_pre_trained_one_as_it_was(self) -> None:
        first = trained(epochs=1)
        before = first.probabilities(drawn("dermoscopy", 600, 2).images)
        trained(epochs=1, start=first)
        np.testing.assert_array_equal(first.probabilities(drawn("dermoscopy", 600, 2).images), before)


class TestSeeds:
    @pytest.mark.parametrize("network", ["unet", "pix2pix"])
    def test_same_seed_same_prediction(self, network: str) -> None:
        images = drawn("dermoscopy", 600, 4).images
        options = {"network": network, "width": 8, "augmentation": {"enabled": True}}
        one, again, other = (trained(**options, seed=seed).probabilities(images) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)

    def test_dropout_is_off_in_predictions(self) -> None:
        segmenter = trained(network="pix2pix", width=8, dropout=0.9, epochs=1)
        images = drawn("dermoscopy", 600, 4).images
        np.testing.assert_array_equal(segmenter.probabilities(images), segmenter.probabilities(images))

    def test_leaves_the_random_state_of_others_alone(self) -> None:
        torch.manual_seed(0)
        expected = torch.rand(3)
        torch.manual_seed(0)
        trained(epochs=1)
        assert torch.equal(torch.rand(3), expected)

    def test_augmentation_changes_training(self) -> None:
        images = drawn("dermoscopy", 600, 4).images
        augmented = trained(augmentation=Augmentation()).probabilities(images)
        assert not np.array_equal(augmented, trained().probabilities(images))


class TestEarlyStopping:
    def test_returns_the_best_epoch_and_ends_when_patience_does(self) -> None:
        segmenter = trained(count=8, learning_rate=0.02, epochs=40, patience=3)
        validation = drawn("dermoscopy", 500, 8)
        course = [epoch.validation_iou for epoch in segmenter.history]
        assert len(course) == segmenter.best_epoch + 3 < 40
        assert segmenter.validation_iou == max(course) > course[-1]
        found = segmenter_scores(segmenter.predict(validation.images), validation.masks).iou.mean()
        assert found == pytest.approx(segmenter.validation_iou)

    def test_cancel(self) -> None:
        class Impatient(Silent):
            epochs = 0

            def update(self, done: int, total: int, message: str = "") -> None:
                self.epochs = done

            def stop_requested(self) -> bool:
                return self.epochs == 1

        data = drawn("dermoscopy", 0, 8)
        with pytest.raises(Cancelled, match="epoch 2"):
            train_segmenter(SegmenterConfig(epochs=3), data, data, Impatient())

    def test_diverging_weights_are_told(self) -> None:
        broken = trained(epochs=1)
        with torch.no_grad():
            next(broken.network.parameters()).fill_(torch.nan)
        with pytest.raises(WorkFailed, match="in epoch 1"):
            trained(start=broken)


class TestLossAndIoU:
    def test_loss_of_a_known_case(self) -> None:
        """All pixels 0.5: cross-entropy log 2; Dice (2 * 2 * 0.5 + 1) / (4 * 0.5 + 2 + 1) of two pixels in four."""
        masks = torch.tensor([1.0, 1.0, 0.0, 0.0]).view(1, 1, 2, 2)
        assert segmentation_loss(torch.zeros(1, 1, 2, 2), masks).item() == pytest.approx(np.log(2) + 1 - 3 / 5)

    def test_loss_nears_nothing_for_a_right_answer_even_without_structure(self) -> None:
        for masks in (torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)):
            assert segmentation_loss(40 * masks - 20, masks).item() == pytest.approx(0, abs=1e-4)

    def test_mean_iou_is_that_of_the_scores(self) -> None:
        generator = np.random.default_rng(0)
        predicted, true = generator.integers(0, 2, (2, 5, 8, 8, 3), dtype=np.uint8)
        predicted[0, ..., 0] = true[0, ..., 0] = 0  # neither has it
        predicted[1, ..., 1] = 0  # one has it
        as_tensors = (torch.from_numpy(masks).permute(0, 3, 1, 2).bool() for masks in (predicted, true))
        assert mean_iou(*as_tensors) == pytest.approx(segmenter_scores(predicted, true).iou.mean())


class TestNetworks:
    def test_unet_of_the_paper_has_its_weights(self) -> None:
        """Figure 1, counted by hand. Down: 9 (1*64 + 64*64 + 64*128 + 128*128 + ... + 1024*1024). A level up to w maps:
        4 * 2w*w of the up-convolution, 9 (2w*w + w*w) after the skip. Then 64 for the one class."""
        with torch.device("meta"):
            network = segmentation_network("unet", size=256, channels=1, structures=1, width=64, dropout=0.5)
        weights = sum(parameter.numel() for parameter in network.parameters() if parameter.ndim == 4)
        assert weights == 9 * 2_093_120 + 35 * (512**2 + 256**2 + 128**2 + 64**2) + 64

    @pytest.mark.parametrize(("name", "sizes"), [("unet", (48, 64, 256)), ("pix2pix", (32, 64, 128))])
    def test_masks_are_as_large_as_images(self, name: Any, sizes: tuple[int, ...]) -> None:
        for size in sizes:
            network = segmentation_network(name, size=size, channels=3, structures=2, width=4, dropout=0.4)
            assert network(torch.zeros(2, 3, size, size)).shape == (2, 2, size, size)

    def test_widths_grow_with_the_images(self) -> None:
        assert [usual_width("unet", size) for size in (64, 128, 256, 512)] == [8, 16, 32, 64]
        assert [usual_width("pix2pix", size) for size in (64, 128, 256)] == [32, 64, 64]


def cut(data: MaskedImages, change: Callable[[Uint8], Uint8]) -> MaskedImages:
    return MaskedImages(change(data.images), change(data.masks))


class TestBadInput:
    def test_images_and_masks_have_to_fit(self) -> None:
        data = drawn("dermoscopy", 0, 8)
        with pytest.raises(BadInput, match="need one mask an image"):
            MaskedImages(data.images, data.masks[:7])
        with pytest.raises(BadInput, match="no masks"):
            MaskedImages(data.images, data.masks[..., :0])
        with pytest.raises(BadInput, match="go up to 255"):
            MaskedImages(data.images, data.masks * np.uint8(255))

    @pytest.mark.parametrize(
        ("change", "network", "words"),
        [
            (lambda pixels: pixels[:0], "unet", "no training images"),
            (lambda pixels: pixels[:, :60], "unet", "64 by 60 pixels"),
            (lambda pixels: pixels[:, :56, :56], "unet", "which 56 pixels do not allow"),
            (lambda pixels: pixels[:, :48, :48], "pix2pix", "not 48"),
        ],
    )
    def test_what_cannot_be_trained_on(self, change: Callable[[Uint8], Uint8], network: Any, words: str) -> None:
        data = cut(drawn("dermoscopy", 0, 8), change)
        validation = data if len(data) else drawn("dermoscopy", 0, 8)
        with pytest.raises(BadInput, match=words):
            train_segmenter(SegmenterConfig(network=network), data, validation)

    def test_training_and_validation_have_to_be_alike(self) -> None:
        with pytest.raises(BadInput, match="have to be alike"):
            train_segmenter(SegmenterConfig(), drawn("dermoscopy", 0, 8), drawn("chest_ct", 0, 8))

    def test_start_has_to_be_the_same_network(self) -> None:
        with pytest.raises(BadInput, match="another network"):
            trained(start=trained(epochs=1), width=4)

    def test_prediction_needs_the_same_shape(self) -> None:
        with pytest.raises(BadInput, match=r"trained on images \(64, 64, 3\)"):
            trained(epochs=1).predict(drawn("chest_ct", 0, 2).images)
