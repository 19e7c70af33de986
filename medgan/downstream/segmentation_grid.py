"""Grid search for a segmenter's learning rate and dropout, on validation images only (table 4.8)."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from medgan.common.progress import Progress
from medgan.downstream.masked import MaskedImages
from medgan.downstream.scores import segmenter_scores
from medgan.downstream.segmenter import SegmenterConfig, train_segmenter

LEARNING_RATES, DROPOUTS = (0.01, 0.001, 0.0001), (0.3, 0.4, 0.5)
"""The published grid."""


def search_segmentation_grid(
    config: SegmenterConfig,
    train: MaskedImages,
    validation: MaskedImages,
    *,
    learning_rates: Sequence[float] = LEARNING_RATES,
    dropouts: Sequence[float] = DROPOUTS,
    progress: Progress | None = None,
) -> tuple[list[dict[str, Any]], SegmenterConfig]:
    """Train a segmenter for each learning rate and dropout: a row of validation scores each, and the best setting.

    The highest mean IoU decides. Raises what `train_segmenter` raises.
    """
    rows = []
    for rate, dropout in product(learning_rates, dropouts):
        setting = config.model_copy(update={"learning_rate": rate, "dropout": dropout})
        segmenter = train_segmenter(setting, train, validation, progress)
        scores = segmenter_scores(segmenter.predict(validation.images), validation.masks).means()
        rows.append({"learning_rate": rate, "dropout": dropout} | scores)
    best = rows[int(np.argmax([row["iou"] for row in rows]))]
    return rows, config.model_copy(update={"learning_rate": best["learning_rate"], "dropout": best["dropout"]})
