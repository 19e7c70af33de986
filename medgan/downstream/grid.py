"""Grid search for a classifier's learning rate and dropout, on validation images only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from medgan.common.errors import BadInput
from medgan.common.progress import Progress
from medgan.downstream.classifier import ClassifierConfig, train_classifiers
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.scores import ClassifierScores, classifier_scores

LEARNING_RATES, DROPOUTS = (0.0001, 0.0002, 0.0003), (0.3, 0.4, 0.5)
"""The published grid (tables 4.1 and 4.8)."""


@dataclass(frozen=True)
class GridRow:
    """One training of the grid, on validation images; the threshold was chosen on them too, so it flatters a little."""

    config: ClassifierConfig
    best_epoch: int
    loss: float
    """Lowest validation loss: mean weighted binary cross-entropy in nats, less is better."""
    scores: ClassifierScores


@dataclass(frozen=True)
class Grid:
    """All trainings, learning rate by learning rate, and the best setting."""

    rows: tuple[GridRow, ...]
    best: ClassifierConfig
    """The setting whose validation loss is lowest on average over seeds, with the given config's own seed."""


def search_grid(
    config: ClassifierConfig,
    train: LabelledImages,
    validation: LabelledImages,
    *,
    learning_rates: Sequence[float] = LEARNING_RATES,
    dropouts: Sequence[float] = DROPOUTS,
    seeds: Sequence[int] = (0,),
    progress: Progress | None = None,
) -> Grid:
    """Train a classifier for each learning rate, dropout and seed, side by side where the backbone is frozen.

    The loss decides, not the accuracy, in which many settings tie on a small validation part. Raises BadInput where
    there is nothing to search or what is given cannot be trained with, and Cancelled when asked to stop.
    """
    settings = list(product(learning_rates, dropouts))
    if not settings or not seeds:
        raise BadInput("a grid needs a learning rate, a dropout and a seed at least")
    values = config.model_dump()
    configs = [
        ClassifierConfig.parse({**values, "learning_rate": rate, "dropout": dropout, "seed": seed})
        for (rate, dropout), seed in product(settings, seeds)
    ]
    rows = []
    for classifier in train_classifiers(configs, train, validation, progress):
        scores = classifier_scores(classifier.predict(validation.images), validation.labels, classifier.threshold)
        rows.append(GridRow(classifier.config, classifier.best_epoch, min(classifier.validation_losses), scores))
    losses = np.reshape([row.loss for row in rows], (len(settings), len(seeds))).mean(axis=1)
    rate, dropout = settings[int(np.argmin(losses))]
    best = ClassifierConfig.parse({**values, "learning_rate": rate, "dropout": dropout})
    return Grid(tuple(rows), best)
