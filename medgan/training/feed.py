"""Which items of a data set a training run sees, and in what form."""

import os
import shutil

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.models.task import TrainingData
from medgan.training.batches import Batches
from medgan.training.conditions import Conditions, of_classes, of_items
from medgan.training.config import TrainConfig
from medgan.training.parts import CPU
from medgan.weights import require

Indices = NDArray[np.int64]


def training_data(config: TrainConfig, dataset: PreparedDataset) -> TrainingData:
    """What the GAN has to know of the data; raises BadInput where they do not fit."""
    return TrainingData.parse(
        {
            "channels": dataset.channels,
            "structures": dataset.structures,
            "classes": classes_of(config, dataset),
            "source_channels": dataset.source_channels,
        }
    )


def fitting_data(config: TrainConfig, dataset: PreparedDataset) -> TrainingData:
    """The same, after making sure that the run can begin; raises BadInput where it cannot."""
    data = training_data(config, dataset)
    batches_of(config, dataset, data)
    if config.loop.compile and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "g++", "clang++"))):
        raise BadInput("compile: there is no C++ compiler here (g++ or clang++): install one, or leave compile off")
    if config.model.pretrained:
        require(config.model.pretrained)
    if config.loop.score_space != "none":
        from medgan.metrics.spaces import space

        space(config.loop.score_space)
    with torch.device("meta"):  # shapes without numbers: what cannot be built with these data says so at once
        GANS[config.gan].task(config.model, data)
    return data


def classes_of(config: TrainConfig, dataset: PreparedDataset) -> tuple[str, ...]:
    """The classes trained on, sorted; of two domains, that of a and that of b."""
    if "images_b" in config.model.parts.learned:
        return domains(config, dataset)
    chosen = dataset.indices("train", config.label)
    return tuple(sorted(dataset.items["label"].iloc[chosen].unique()))


def domains(config: TrainConfig, dataset: PreparedDataset) -> tuple[str, str]:
    """Classes of domain a and of domain b: as chosen, else the data set's only two."""
    if config.label is not None:
        raise BadInput(f"{config.gan} learns from two classes: leave out the label, choose domain a and domain b")
    named = [getattr(config.model, "domain_a", ""), getattr(config.model, "domain_b", "")]
    for name in named:
        if name:
            dataset.indices("train", name)  # raises where there is no such class
    left = [label for label in dataset.classes if label not in named]
    if len(left) < named.count("") or (not all(named) and len(dataset.classes) > 2) or named[0] == named[1] != "":
        there = ", ".join(dataset.classes) or "none"
        raise BadInput(
            f"{config.gan} translates between two classes, data set {dataset.name!r} has: {there}; "
            "choose domain a and domain b among at least two"
        )
    a, b = (name or left.pop(0) for name in named)
    return a, b


def indices_of(
    config: TrainConfig, dataset: PreparedDataset, data: TrainingData, split: str = "train"
) -> list[Indices]:
    """Positions of the items: one list, or that of domain a and that of domain b."""
    if "images_b" in config.model.parts.learned:
        return [dataset.indices(split, label) for label in data.classes]
    return [dataset.indices(split, config.label)]


def batches_of(
    config: TrainConfig, dataset: PreparedDataset, data: TrainingData, device: torch.device = CPU
) -> Batches:
    """The batches of a run; raises BadInput where the data do not fit."""
    chosen = indices_of(config, dataset, data)
    return Batches(
        dataset,
        chosen[0],
        indices_b=chosen[1] if len(chosen) > 1 else None,
        size=config.model.size,
        batch_size=config.model.batch_size,
        seed=config.loop.seed,
        parts=config.model.parts.learned,
        classes=data.classes,
        flip=config.loop.flip,
        device=device,
    )


def grid_conditions(config: TrainConfig, dataset: PreparedDataset, data: TrainingData) -> list[Conditions | None]:
    """What sample grids are drawn from: None (noise alone), or items, of the validation part where there is one."""
    given = config.model.parts.given
    if not given:
        return [None]
    if given == ("labels",):
        return [of_classes(len(data.classes))]
    chosen = indices_of(config, dataset, data, "validation")
    if not all(len(indices) for indices in chosen):
        chosen = indices_of(config, dataset, data)
    return [of_items(dataset, part, indices) for part, indices in zip(given, chosen, strict=False)]
