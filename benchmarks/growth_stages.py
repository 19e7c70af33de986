"""The stages whose growth is measured: what each is given, what is timed, and how it is known to grow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgan.common.home import home
from medgan.data.config import PrepareConfig
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.prepare import prepare
from medgan.downstream.classifier import ClassifierConfig, train_classifier
from medgan.downstream.labelled import LabelledImages
from medgan.downstream.masked import MaskedImages
from medgan.downstream.segmenter import SegmenterConfig, train_segmenter
from medgan.metrics.frechet import frechet_distance, moments
from medgan.metrics.kernel_distance import kernel_distance
from medgan.metrics.manifold import manifold
from medgan.metrics.nearest import aligned_nearest, nearest_rows
from medgan.metrics.pictures import Pictures
from medgan.metrics.radiomic import Radiomic
from medgan.studies.running import run_study
from medgan.studies.study import study_config
from medgan.studies.synthesis import generate, generate_config
from medgan.training.beginning import start_run
from medgan.training.config import train_config
from medgan.training.loop import Trainer, train

SIDE, DIMENSIONS = 64, 512
"""Pixels a side of the images, and features of an image."""
STEPS, BATCH, EPOCHS, SEEDS = 3, 2, 4, 2
Work = Callable[[], object]
Uint8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Stage:
    """A piece of work, and the number that it is measured at growing values of."""

    what: str
    of: Literal["images", "pixels a side", "epochs", "seeds"]
    order: int
    """The power that its algorithm makes its time grow with."""
    values: Sequence[int]
    """Those that the law is fitted to."""
    beyond: int
    """The one, larger than all of them, that the fitted law is held against."""
    ready: Callable[[int], Work]
    """Makes everything ready, untimed, for the work at a value."""
    memory_order: int = 0
    """The power that its memory grows with; 0 where it works in parts of bounded size."""


def films(count: int, side: int = SIDE) -> Uint8:
    """Grey pictures (count, side, side, 1) with shades and grain."""
    rng = np.random.default_rng(0)
    shades = np.linspace(40, 200, side)[:, None, None]
    made = np.empty((count, side, side, 1), np.uint8)
    for place in range(count):
        made[place] = np.clip(shades + rng.normal(rng.normal(0, 20), 12, (side, side, 1)), 0, 255)
    return made


def rows(count: int, seed: int) -> NDArray[np.float32]:
    """Features of so many images."""
    return np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)


def preparing(count: int, side: int = SIDE) -> Work:
    folder = home() / "films"
    folder.mkdir(parents=True)
    for number, film in enumerate(films(count, side)):
        Image.fromarray(film[..., 0]).save(folder / f"{number:06d}.png")
    return lambda: prepare(PrepareConfig(source=Path(folder), size=side))


def training(side: int, gan: str = "fastgan") -> Work:
    """Steps of a GAN's quick preset; the images lie in a memory map, and a step sees a batch of them."""
    dataset = prepare_phantoms(PhantomConfig(family="chest_xray", count=24, size=side, name="films"))
    options = {"size": side, "batch_size": BATCH}
    trainer = Trainer(start_run(train_config(gan, dataset.id, preset="quick", options=options), dataset), dataset)
    trainer.take_step()  # the first one sets things up

    def steps() -> None:
        for _ in range(STEPS):
            trainer.take_step()

    return steps


def training_on(count: int) -> Work:
    """The same steps on more images."""
    dataset = prepare_phantoms(PhantomConfig(family="chest_xray", count=count, size=SIDE, name="films"))
    options = {"size": SIDE, "batch_size": BATCH}
    trainer = Trainer(start_run(train_config("fastgan", dataset.id, preset="quick", options=options), dataset), dataset)
    trainer.take_step()
    return lambda: [trainer.take_step() for _ in range(2 * STEPS)]


def drawing(count: int) -> Work:
    dataset = prepare_phantoms(PhantomConfig(family="chest_xray", count=24, size=SIDE, name="films"))
    options = {"size": SIDE, "batch_size": BATCH, "steps": 1}
    run = train(train_config("fastgan", dataset.id, preset="quick", options=options))
    return lambda: generate(generate_config(run.id, count=count))


def extracting(count: int) -> Work:
    pictures, extractor = films(count), Radiomic()
    starts = range(0, count, extractor.batch)
    return lambda: [extractor(Pictures(pictures[at : at + extractor.batch], None)) for at in starts]


def frechet(count: int) -> Work:
    a, b = rows(count, 0), rows(count, 1)
    return lambda: frechet_distance(moments(a), moments(b))


def kernel(count: int) -> Work:
    a, b = rows(count, 0), rows(count, 1)
    return lambda: kernel_distance(a, b)


def neighbourhoods(count: int) -> Work:
    a, b = rows(count, 0), rows(count, 1)
    return lambda: manifold(a, b)


def nearest_features(count: int) -> Work:
    a, b = rows(count, 0), rows(count, 1)
    return lambda: nearest_rows(a, b)


def nearest_pixels(count: int) -> Work:
    both = films(2 * count)
    return lambda: aligned_nearest(both[:count], both[count:])


def classifying(count: int, epochs: int = EPOCHS) -> Work:
    config = ClassifierConfig(epochs=epochs, backbone="small")
    some = LabelledImages(films(count), np.arange(count) % 2)
    few = LabelledImages(films(16), np.arange(16) % 2)
    return lambda: train_classifier(config, some, few)


def segmenting(count: int) -> Work:
    pictures = films(count)
    masks = (pictures > 150).astype(np.uint8)
    some = MaskedImages(pictures, masks)
    return lambda: train_segmenter(SegmenterConfig(epochs=1), some, MaskedImages(pictures[:8], masks[:8]))


def studying(seeds: int) -> Work:
    """Two arms, with so many seeds each."""
    dataset = prepare_phantoms(PhantomConfig(family="chest_xray", count=60, size=SIDE, name="films"))
    classifier = {"backbone": "small", "epochs": EPOCHS}
    config = study_config(
        dataset.id,
        name="study",
        classical=True,
        seeds=seeds,
        classifier=classifier,
        positive="tuberculosis",
    )
    return lambda: run_study(config)


STAGES = {
    "prepare": Stage(
        "a folder of PNG films becomes a data set", "images", 1, (200, 400, 800, 1600), 6400, preparing, 1
    ),
    "prepare-pixels": Stage(
        "200 films, by their size", "pixels a side", 2, (64, 128, 256), 512, lambda side: preparing(200, side), 2
    ),
    "train-pixels": Stage("3 steps of FastGAN, batches of 2", "pixels a side", 2, (64, 128, 256), 512, training, 2),
    "train": Stage("6 steps of FastGAN, by the training images", "images", 0, (24, 100, 400), 1600, training_on),
    "draw": Stage("a set is drawn and kept (FastGAN, 64 pixels)", "images", 1, (100, 200, 400, 800), 3200, drawing),
    "features": Stage("radiomic features", "images", 1, (64, 128, 256, 512), 2048, extracting),
    "frechet": Stage("Fréchet distance", "images", 1, (4000, 8000, 16000, 32000), 100_000, frechet),
    "kernel": Stage("kernel distance", "images", 0, (16000, 24000, 32000), 100_000, kernel),
    "manifold": Stage("precision, recall, density, coverage", "images", 2, (1000, 2000, 4000), 16_000, neighbourhoods),
    "nearest": Stage(
        "nearest training images in features", "images", 2, (1000, 2000, 4000), 16_000, nearest_features, 1
    ),
    "pixels": Stage("nearest training images in pixels", "images", 2, (250, 500, 1000), 3000, nearest_pixels, 1),
    "classifier": Stage("a classifier, 4 epochs", "images", 1, (64, 128, 256, 512), 2048, classifying),
    "epochs": Stage("a classifier on 64 images", "epochs", 1, (4, 8, 16), 64, lambda epochs: classifying(64, epochs)),
    "segmenter": Stage("a U-Net segmenter, 1 epoch", "images", 1, (8, 16, 32), 96, segmenting),
    "study": Stage("a study of two arms", "seeds", 1, (2, 3, 4), 10, studying),
}
