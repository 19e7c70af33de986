"""Each model of the published comparison at its full size: it starts, takes a step, saves, draws, and resumes.

It resumes to the very bits that it had; that the steps after them are the same too, smaller trainings show.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from medgan.common.errors import BadInput, Cancelled
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.models import GANS
from medgan.studies.origins import origin_of
from medgan.training.beginning import start_run
from medgan.training.checkpoint import optimizer_tensors, prefixed
from medgan.training.config import TrainConfig, train_config
from medgan.training.loop import Trainer, train
from medgan.training.sampler import Sampler

FEW: dict[str, Any] = {"steps": 2, "epochs": 0, "samples": 1, "log_every": 1, "sample_every": 9, "checkpoint_every": 9}
LENGTH = {"steps", "epochs", "sample_every", "checkpoint_every"}
FAMILIES = {
    "pix2pix": "dermoscopy",
    "dcgan thesis-masks": "dermoscopy",
    "fastgan thesis-ct": "chest_ct",
    "fastgan thesis-melanoma": "dermoscopy",
}
DOMAINS = {"domain_a": "normal", "domain_b": "tuberculosis"}
LIGHTER: dict[str, dict[str, Any]] = {
    "fastgan": {"batch_size": 2},
    # The networks are the same for images of any size, and one preset is tried with those of the full one.
    "cyclegan thesis-10": {"size": 64},
    "cyclegan thesis-22": {"size": 64},
}


def published() -> Iterator[tuple[str, str]]:
    """GAN and preset of every published model; of those that differ in length alone, the first."""
    for gan, row in GANS.items():
        known: list[dict[str, Any]] = []
        for name, preset in row.presets.items():
            what = {option: value for option, value in preset.options.items() if option not in LENGTH}
            other_data = f"{gan} {name}" in FAMILIES
            if name not in {"quick", "standard"} and (what not in known or other_data):
                known.append(what)
                yield gan, name


class StopAtOne:
    """Asks to stop after the first step."""

    asked = 0

    def update(self, done: int, total: int, message: str = "") -> None:
        pass

    def stop_requested(self) -> bool:
        self.asked += 1
        return self.asked > 1


@pytest.mark.parametrize(("gan", "preset"), list(published()))
def test_it_starts_saves_resumes_and_draws(
    gan: str, preset: str, medgan_home: object, request: pytest.FixtureRequest
) -> None:
    dataset = prepared(gan, preset)
    config = few_steps(gan, preset, dataset)
    if config.model.pretrained:
        with pytest.raises(BadInput, match="the weights of VGG16 are not here"):
            train(config)
        request.getfixturevalue("small_vgg16")
    run = start_run(config, dataset)
    trainer = Trainer(run, dataset)
    with pytest.raises(Cancelled, match="stopped at step 1 of 2"):
        trainer.train(StopAtOne())
    drawn = Sampler.load(run).draw(1, 0, conditions=origin_of(run).conditions)
    size = config.model.size
    assert drawn.pictures.shape[1:3] == (size, size)
    assert (drawn.masks is not None) == ("masks" in {*config.model.parts.drawn, *config.model.parts.given})
    resumed = Trainer(run, dataset)
    resumed._resume()
    assert resumed.step == 1
    assert same_tensors(held(resumed), held(trainer))


def held(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Everything that a training is made of: networks, pools, optimizers, average."""
    tensors = trainer.task.state_dict()
    if trainer.average.decay:  # else it is a copy, made when it is needed
        tensors |= prefixed("average", trainer.average.state_dict())
    for side, optimizer in trainer.optimizers.items():
        tensors |= prefixed(side, optimizer_tensors(optimizer))
    return tensors


def prepared(gan: str, preset: str) -> PreparedDataset:
    family = FAMILIES.get(f"{gan} {preset}", FAMILIES.get(gan, "chest_xray"))
    return prepare_phantoms(PhantomConfig.parse({"family": family, "count": 12, "size": 256, "name": family}))


def few_steps(gan: str, preset: str, dataset: PreparedDataset) -> TrainConfig:
    options = FEW | (DOMAINS if gan == "cyclegan" else {}) | LIGHTER.get(f"{gan} {preset}", LIGHTER.get(gan, {}))
    return train_config(gan, dataset.id, preset=preset, options=options)


def same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether all are equal to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
