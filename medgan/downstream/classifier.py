"""Classifiers of two classes: trained on some images, judged on validation images; no test image ever comes here."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.progress import Progress, Silent
from medgan.downstream.augment import Augmentation
from medgan.downstream.backbones import Backbone, BackboneName, Choice, chosen_backbone
from medgan.downstream.bodies import Body, FineTunedBody, FrozenBody, SmallBody, TrainedBody
from medgan.downstream.course import Course, Targets
from medgan.downstream.draws import Draws
from medgan.downstream.heads import Head, Point, train_heads
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.networks import train_network
from medgan.downstream.scores import best_threshold


class ClassifierConfig(Config):
    """How a classifier is made; the defaults are those of the published comparison, with no augmentation."""

    backbone: BackboneName = "auto"
    """The network below the classifier's last unit. auto: VGG16 if its ImageNet weights are here, else another network
    whose weights are, else a small one that needs none."""
    trained_layers: int = Field(0, ge=0, le=100)
    """How many of the backbone's last layers learn with the classifier's own; 0 leaves all of it as it is."""
    learning_rate: float = Field(0.0002, gt=0, le=0.1)
    """Step size of the optimizer (Adam); layers of a backbone that learn take a tenth of it, a small network that
    starts from nothing ten times as much."""
    dropout: float = Field(0.4, ge=0, lt=1)
    """Share of the features that are left out at random while it learns."""
    epochs: int = Field(100, ge=1, le=10_000)
    """Most passes over the training images; the pass after which the validation loss was lowest counts."""
    patience: int = Field(0, ge=0, le=10_000)
    """Stop when the validation loss has not fallen for so many passes; 0 makes all of them."""
    batch_size: int = Field(16, ge=2, le=1024)
    """Images in one training step."""
    balanced: bool = True
    """Whether both classes count the same, however many images each has."""
    threshold: Literal["youden", "accuracy"] = "youden"
    """What the threshold is best for on validation images: sensitivity plus specificity, or accuracy."""
    augmentation: Augmentation = Augmentation(enabled=False)
    """Random changes of training images."""
    views: int = Field(4, ge=1, le=100)
    """Augmented views of each image; each pass shows one of them or the image itself. More take longer. Layers that
    learn from whole images (the small network) see a new view in every pass."""
    seed: int = Field(0, ge=0)
    """Seed of initial weights, order of images, dropout and changes."""

    @property
    def point(self) -> Point:
        return Point(self.learning_rate, self.dropout, self.seed)

    @property
    def course(self) -> Course:
        return Course(self.epochs, self.batch_size, self.patience)

    @property
    def extra_views(self) -> int:
        return self.views if self.augmentation.enabled else 0


@dataclass(frozen=True)
class Classifier:
    """A trained classifier, with what was learned about it on validation images."""

    config: ClassifierConfig
    backbone: Choice
    body: Body
    head: Head
    validation_losses: tuple[float, ...]
    """After each epoch: mean weighted binary cross-entropy, in nats."""
    threshold: float
    """From this probability on, an image is called 1; chosen on validation images."""

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights it has, counted from 1."""
        return int(np.argmin(self.validation_losses)) + 1

    def predict(self, images: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float64]:
        """Probabilities (n,) of class 1 for images (n, h, w, 1 or 3) bytes."""
        return _probabilities(self.body, self.head, images, progress)


def train_classifier(
    config: ClassifierConfig,
    train: LabelledImages,
    validation: LabelledImages,
    progress: Progress | None = None,
    start: Classifier | None = None,
) -> Classifier:
    """Train one classifier; best epoch and threshold come from the validation images.

    `start` is a classifier of the same network to go on from: one that learned from synthetic images, say. The same
    config and images give the same classifier on one machine. Raises BadInput where a class is missing or the
    backbone's weights are not here, and Cancelled when asked to stop.
    """
    return train_classifiers([config], train, validation, progress, [start])[0]


def train_classifiers(
    configs: Sequence[ClassifierConfig],
    train: LabelledImages,
    validation: LabelledImages,
    progress: Progress | None = None,
    starts: Sequence[Classifier | None] | None = None,
) -> list[Classifier]:
    """Train classifiers whose configs differ in learning rate, dropout and seed only; see `train_classifier`.

    Those on a frozen backbone are trained side by side on features that are computed once.
    """
    progress, starts = progress or Silent(), starts or [None] * len(configs)
    config, choice = _common(configs), chosen_backbone(configs[0].backbone)
    train.require_both_classes("training")
    validation.require_both_classes("validation")
    for start in starts:
        _check_start(start, config, choice)
    if choice.name != "small" and not config.trained_layers:
        return _on_frozen(Backbone(choice.name), choice, configs, train, validation, progress, starts)
    return [
        _with_trained(choice, one, train, validation, progress, start)
        for one, start in zip(configs, starts, strict=True)
    ]


def _on_frozen(
    backbone: Backbone,
    choice: Choice,
    configs: Sequence[ClassifierConfig],
    train: LabelledImages,
    validation: LabelledImages,
    progress: Progress,
    starts: Sequence[Classifier | None],
) -> list[Classifier]:
    config = configs[0]
    seen = backbone.views(train.images, config.augmentation, config.extra_views, progress)
    unseen = backbone.moments(validation.images, progress=progress)
    trained = train_heads(
        [one.point for one in configs],
        [None if start is None else start.head for start in starts],
        (seen, Targets.of(train, config.balanced)),
        (unseen, Targets.of(validation, config.balanced)),
        config.course,
        progress,
    )
    body = FrozenBody(backbone)
    return [
        _finished(one, choice, body, head, losses, validation)
        for one, (head, losses) in zip(configs, trained, strict=True)
    ]


def _with_trained(
    choice: Choice,
    config: ClassifierConfig,
    train: LabelledImages,
    validation: LabelledImages,
    progress: Progress,
    start: Classifier | None,
) -> Classifier:
    body = _new_body(choice, config, train.images.shape[3])
    head = Head(body.channels, Draws(config.seed))
    if start is not None:
        head = copy.deepcopy(start.head)
        if isinstance(start.body, TrainedBody):
            body.go_on_from(start.body)
    feed = body.feed(train.images, config.augmentation, config.extra_views, progress)
    unchanged = body.feed(validation.images, config.augmentation, 0, progress)
    losses = train_network(
        body,
        head,
        config.point,
        (feed, Targets.of(train, config.balanced)),
        (unchanged, Targets.of(validation, config.balanced)),
        config.course,
        progress,
    )
    return _finished(config, choice, body, head, losses, validation)


def _new_body(choice: Choice, config: ClassifierConfig, image_channels: int) -> TrainedBody:
    if choice.name == "small":
        return SmallBody(image_channels, config.seed)
    return FineTunedBody(Backbone(choice.name), config.trained_layers)


def _finished(
    config: ClassifierConfig,
    choice: Choice,
    body: Body,
    head: Head,
    losses: Sequence[float],
    validation: LabelledImages,
) -> Classifier:
    probabilities = _probabilities(body, head, validation.images)
    threshold = best_threshold(probabilities, validation.labels, balanced=config.threshold == "youden")
    return Classifier(config, choice, body, head, tuple(losses), threshold)


def _probabilities(
    body: Body, head: Head, images: NDArray[np.uint8], progress: Progress | None = None
) -> NDArray[np.float64]:
    if not len(images):
        return np.empty(0)
    logits = head.of_means(body.means(images, progress))
    return np.asarray(torch.sigmoid(logits.double()).numpy(), np.float64)


def _common(configs: Sequence[ClassifierConfig]) -> ClassifierConfig:
    """The first of the configs; raises BadInput where another differs in more than may differ."""
    if not configs:
        raise BadInput("no classifier to train: give one config or more")
    rest = [one.model_dump(exclude={"learning_rate", "dropout", "seed"}) for one in configs]
    if any(one != rest[0] for one in rest):
        raise BadInput("classifiers that are trained together may differ in learning_rate, dropout and seed only")
    return configs[0]


def _check_start(start: Classifier | None, config: ClassifierConfig, choice: Choice) -> None:
    if start is None or (start.backbone.name, start.config.trained_layers) in {
        (choice.name, config.trained_layers),
        (choice.name, 0),
    }:
        return
    raise BadInput(
        f"a classifier on {choice.name} with {config.trained_layers} trained layers cannot go on from one on "
        f"{start.backbone.name} with {start.config.trained_layers}"
    )
