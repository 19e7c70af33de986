"""How long a segmenter trains: `python -m benchmarks.segmenter [--dataset NAME] [--network unet] [--epochs 100]`.

Seconds of an epoch (one pass over the training images, then the validation images) and of the whole training, which is
an arm of a study: with the default 100 epochs it ends where early stopping ends it. On dermoscopy phantoms where no
prepared data set with masks is named.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

from medgan.common.errors import BadInput
from medgan.common.progress import Silent
from medgan.common.repro import environment
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.downstream.augment import Augmentation
from medgan.downstream.masked import MaskedImages
from medgan.downstream.scores import segmenter_scores
from medgan.downstream.segmenter import SegmenterConfig, train_segmenter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help="name of a prepared data set with masks; phantoms where it is not given")
    parser.add_argument("--size", type=int, default=64, help="side of the phantoms in pixels (default 64)")
    parser.add_argument("--count", type=int, default=600, help="phantoms, all parts together (default 600)")
    parser.add_argument("--network", choices=("unet", "pix2pix"), action="append", help="only this one (repeatable)")
    parser.add_argument("--images", type=int, help="training images, at most")
    parser.add_argument("--epochs", type=int, default=100, help="epochs, at most (default 100)")
    options = parser.parse_args()
    if options.dataset:
        rows = measured(PreparedDataset.open(options.dataset), options)
    else:
        with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
            os.environ["MEDGAN_HOME"] = temporary
            rows = measured(prepare_phantoms(PhantomConfig.parse(phantoms(options))), options)
    print(json.dumps({"rows": rows, "environment": environment()}, indent=2))


def phantoms(options: argparse.Namespace) -> dict[str, object]:
    return {"family": "dermoscopy", "count": options.count, "size": options.size}


def measured(dataset: PreparedDataset, options: argparse.Namespace) -> list[dict[str, object]]:
    """A row for each network, without and with augmentation."""
    parts = {name: masked(dataset, name) for name in ("train", "validation", "test")}
    train = parts["train"]
    parts["train"] = MaskedImages(train.images[: options.images], train.masks[: options.images])
    return [
        row(
            SegmenterConfig(network=network, epochs=options.epochs, augmentation=Augmentation(enabled=augmented)), parts
        )
        for network in options.network or ("unet", "pix2pix")
        for augmented in (False, True)
    ]


def masked(dataset: PreparedDataset, part: str) -> MaskedImages:
    if dataset.masks is None:
        raise BadInput(f"data set {dataset.name} has no masks")
    rows = dataset.indices(part)
    return MaskedImages(dataset.images[rows], dataset.masks[rows])


class Clock(Silent):
    """Notes when each epoch ended."""

    def __init__(self) -> None:
        self.times = [time.perf_counter()]

    def update(self, done: int, total: int, message: str = "") -> None:
        self.times.append(time.perf_counter())

    def seconds(self, epochs: int) -> list[float]:
        """Of each epoch; the first also builds the network."""
        return [after - before for before, after in zip(self.times[:epochs], self.times[1:], strict=False)]


def row(config: SegmenterConfig, parts: dict[str, MaskedImages]) -> dict[str, object]:
    clock = Clock()
    segmenter = train_segmenter(config, parts["train"], parts["validation"], clock)
    seconds = clock.seconds(len(segmenter.history))
    test = parts["test"]
    return {
        "network": config.network,
        "parameters": sum(parameter.numel() for parameter in segmenter.network.parameters()),
        "size": segmenter.image_shape[0],
        "augmented": config.augmentation.enabled,
        "training_images": len(parts["train"]),
        "validation_images": len(parts["validation"]),
        "epochs": len(segmenter.history),
        "best_epoch": segmenter.best_epoch,
        "seconds_an_epoch": round(statistics.median(seconds), 2),
        "seconds_an_arm": round(sum(seconds), 1),
        "validation_iou": round(segmenter.validation_iou, 3),
        "test_iou": round(segmenter_scores(segmenter.predict(test.images), test.masks).means()["iou"], 3),
    }


if __name__ == "__main__":
    main()
