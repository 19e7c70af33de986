"""Images that classifiers learn from in seconds, and options to learn with."""

from typing import Any

import numpy as np
import pytest

from medgan.common.progress import Silent
from medgan.data.phantoms import draw
from medgan.downstream.classifier import ClassifierConfig
from medgan.downstream.labelled import LabelledImages

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


class Stopped(Silent):
    """Asks to stop after it was asked so many times whether to."""

    def __init__(self, after: int) -> None:
        self.left = after

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0
