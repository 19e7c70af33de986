"""What a study trains in each arm: a classifier or a segmenter. Train, then look at the test images once."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.common.progress import Portion, Progress, portions
from medgan.downstream.backbones import chosen_backbone
from medgan.downstream.classifier import Classifier, ClassifierConfig, train_classifiers
from medgan.downstream.grid import search_grid
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.masked import MaskedImages
from medgan.downstream.scores import classifier_scores, segmenter_scores
from medgan.downstream.segmentation_grid import search_segmentation_grid
from medgan.downstream.segmenter import Segmenter, SegmenterConfig, train_segmenter
from medgan.studies.arms import Arm
from medgan.studies.material import Material, Some

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What one arm and seed came to on the test images."""

    seed: int
    scores: dict[str, float]
    """Means over the test images, by name."""
    per_image: Floats
    """(items,): the score that verdicts are about, image by image, more is better."""
    predictions: NDArray[Any]
    """Probabilities (items,) of a classifier; masks (items, h, w, structures) of 0 and 1 of a segmenter."""
    epochs: int
    """The epoch whose weights were tested."""


class Task(ABC):
    """A downstream task on some material."""

    score: str
    """The name of the score that verdicts are about."""
    config: ClassifierConfig | SegmenterConfig
    """How it is trained; its learning rate and dropout are those that a search chose."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.validation, self.test = material.part("validation"), material.part("test")

    @abstractmethod
    def search(self, progress: Progress) -> list[dict[str, Any]]:
        """Try settings on real training images, judged on validation images, and keep the best; a row a setting."""

    @abstractmethod
    def outcomes(self, arm: Arm, seeds: Sequence[int], progress: Progress) -> Iterator[Outcome]:
        """Train an arm once a seed, and test each training once."""


class Classification(Task):
    """Is the image of the positive class? Verdicts are about accuracy, at a threshold chosen on validation images."""

    score = "accuracy"

    def __init__(self, material: Material, config: ClassifierConfig, positive: str) -> None:
        super().__init__(material)
        self.config: ClassifierConfig = config.model_copy(update=_augmented(config, False))
        self.positive = positive

    def search(self, progress: Progress) -> list[dict[str, Any]]:
        train = self._labelled(self.material.part("train"))
        grid = search_grid(self.config, train, self._labelled(self.validation), progress=progress)
        self.config = grid.best
        return [
            {"learning_rate": row.config.learning_rate, "dropout": row.config.dropout, "loss": row.loss}
            | asdict(row.scores)
            for row in grid.rows
        ]

    def outcomes(self, arm: Arm, seeds: Sequence[int], progress: Progress) -> Iterator[Outcome]:
        labels = self._labelled(self.test).labels
        for some, portion in portions(progress, self._together(seeds)):
            for classifier in self._trained(arm, some, portion):
                probabilities = classifier.predict(self.test.images)
                scores = asdict(classifier_scores(probabilities, labels, classifier.threshold))
                right = ((probabilities >= classifier.threshold) == (labels == 1)).astype(np.float64)
                yield Outcome(classifier.config.seed, scores, right, probabilities, classifier.best_epoch)

    def _together(self, seeds: Sequence[int]) -> list[Sequence[int]]:
        return [seeds] if trained_together(self.config) else [[seed] for seed in seeds]

    def _trained(self, arm: Arm, seeds: Sequence[int], progress: Progress) -> list[Classifier]:
        changes = _augmented(self.config, arm.classical)
        configs = [self.config.model_copy(update={**changes, "seed": seed}) for seed in seeds]
        validation = self._labelled(self.validation)
        if arm.use == "pretraining":
            first, then = Portion(progress, 0.0, 0.5, "before"), Portion(progress, 0.5, 1.0)
            synthetic, real = self.material.synthetic_of(arm), self.material.real_of(arm)
            starts: Sequence[Classifier | None] = train_classifiers(
                configs, self._labelled(synthetic), validation, first
            )
            return train_classifiers(configs, self._labelled(real), validation, then, starts)
        return train_classifiers(configs, self._labelled(training_images(self.material, arm)), validation, progress)

    def _labelled(self, some: Some) -> LabelledImages:
        return LabelledImages(some.images, (some.labels == self.positive).astype(np.int64))


class Segmentation(Task):
    """Which pixels belong to a structure? Verdicts are about the IoU, averaged over the structures of an image."""

    score = "mean IoU"

    def __init__(self, material: Material, config: SegmenterConfig) -> None:
        super().__init__(material)
        self.config: SegmenterConfig = config.model_copy(update=_augmented(config, False))

    def search(self, progress: Progress) -> list[dict[str, Any]]:
        train, validation = _masked(self.material.part("train")), _masked(self.validation)
        rows, self.config = search_segmentation_grid(self.config, train, validation, progress=progress)
        return rows

    def outcomes(self, arm: Arm, seeds: Sequence[int], progress: Progress) -> Iterator[Outcome]:
        assert self.test.masks is not None
        for seed, portion in portions(progress, seeds):
            segmenter = self._trained(arm, seed, portion)
            masks = segmenter.predict(self.test.images)
            found = segmenter_scores(masks, self.test.masks)
            yield Outcome(seed, found.means(), found.iou.mean(axis=1), masks, segmenter.best_epoch)

    def _trained(self, arm: Arm, seed: int, progress: Progress) -> Segmenter:
        config = self.config.model_copy(update={**_augmented(self.config, arm.classical), "seed": seed})
        validation = _masked(self.validation)
        if arm.use == "pretraining":
            first, then = Portion(progress, 0.0, 0.5, "before"), Portion(progress, 0.5, 1.0)
            start = train_segmenter(config, _masked(self.material.synthetic_of(arm)), validation, first)
            return train_segmenter(config, _masked(self.material.real_of(arm)), validation, then, start=start)
        return train_segmenter(config, _masked(training_images(self.material, arm)), validation, progress)


def trained_together(config: ClassifierConfig) -> bool:
    """Whether all seeds are trained at once, on a frozen network; else one by one, so that each is kept when done."""
    return chosen_backbone(config.backbone).name != "small" and not config.trained_layers


def _augmented(config: ClassifierConfig | SegmenterConfig, classical: bool) -> dict[str, Any]:
    """Whether there is classical augmentation, as a change of a config; of which kind stays as the config says."""
    return {"augmentation": config.augmentation.model_copy(update={"enabled": classical})}


def training_images(material: Material, arm: Arm) -> Some:
    """What an arm trains on in one go: real images, synthetic ones, or both."""
    if arm.use == "none":
        return material.real_of(arm)
    if arm.use == "alone":
        return material.synthetic_of(arm)
    return Some.joined([material.real_of(arm), material.synthetic_of(arm)])


def _masked(some: Some) -> MaskedImages:
    if some.masks is None:
        raise BadInput("a segmenter needs images with masks")
    return MaskedImages(some.images, some.masks)
