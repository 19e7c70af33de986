"""What a grid search on a frozen backbone costs, on kept features and otherwise: `python benchmarks/classifier.py`.

The published grid (three learning rates, three dropout rates, 100 epochs) on phantom chest films. What it would cost
to run the backbone in every epoch is one measured pass, times settings and epochs, and the heads' own time.
"""

import argparse
import json
import os
import time

import numpy as np

from medgan.common.repro import environment
from medgan.data.phantoms import draw
from medgan.downstream.backbones import Backbone, chosen_backbone
from medgan.downstream.classifier import ClassifierConfig, train_classifier
from medgan.downstream.grid import search_grid
from medgan.downstream.labelled import LabelledImages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600, help="training images (default 600)")
    parser.add_argument("--epochs", type=int, default=100, help="epochs (default 100)")
    options = parser.parse_args()
    train, validation = _films(options.count, 0), _films(80, 100_000)
    config = ClassifierConfig(epochs=options.epochs)
    choice = chosen_backbone("auto")
    found: dict[str, object] = {"backbone": choice.words, "images": options.count, "epochs": options.epochs}
    if choice.name != "small":
        found |= _frozen(Backbone(choice.name), config, train, validation)
    started = time.perf_counter()
    train_classifier(config.model_copy(update={"backbone": "small"}), train, validation)
    found["seconds_small_network"] = round(time.perf_counter() - started, 1)
    print(json.dumps({**found, "load_of_machine": os.getloadavg()[0], "environment": environment()}, indent=2))


def _frozen(
    backbone: Backbone, config: ClassifierConfig, train: LabelledImages, validation: LabelledImages
) -> dict[str, object]:
    started = time.perf_counter()
    backbone.maps(train.images)
    one_pass = time.perf_counter() - started
    backbone.moments(train.images)
    backbone.moments(validation.images)
    started = time.perf_counter()
    settings = len(search_grid(config, train, validation).rows)
    heads = time.perf_counter() - started
    return {
        "settings": settings,
        "seconds_one_pass": round(one_pass, 1),
        "seconds_heads": round(heads, 1),
        "times_faster": round((one_pass * settings * config.epochs + heads) / (one_pass + heads)),
    }


def _films(count: int, first: int) -> LabelledImages:
    labels = np.arange(count) % 2
    names = ("normal", "tuberculosis")
    images = [draw("chest_xray", names[label], 64, 0, first + place).image for place, label in enumerate(labels)]
    return LabelledImages(np.stack(images), labels.astype(np.int64))


if __name__ == "__main__":
    main()
