"""Each model of the published comparison at its full size: it starts, saves, resumes to the same bits, and draws."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from medgan.common.errors import BadInput, Cancelled
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.models import GANS
from medgan.studies.origins import origin_of
from medgan.training.checkpoint import checkpoints, read_tensors
from medgan.training.config import TrainConfig, train_config
from medgan.training.loop import train
from medgan.training.run import Run
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
def test_it_starts_saves_resumes_to_the_same_bits_and_draws(
    gan: str, preset: str, medgan_home: object, request: pytest.FixtureRequest
) -> None:
    dataset = prepared(gan, preset)
    config = few_steps(gan, preset, dataset, "whole")
    if config.model.pretrained:
        with pytest.raises(BadInput, match="the weights of VGG16 are not here"):
            train(config)
        request.getfixturevalue("small_vgg16")
    whole = train(config)
    stopped = few_steps(gan, preset, dataset, "stopped")
    with pytest.raises(Cancelled, match="stopped at step 1 of 2"):
        train(stopped, StopAtOne())
    resumed = train(stopped)
    assert same_tensors(whole, resumed)
    drawn = Sampler.load(resumed).draw(1, 0, conditions=origin_of(resumed).conditions)
    size = GANS[gan].presets[preset].options["size"]
    assert drawn.pictures.shape[1:3] == (size, size)
    assert (drawn.masks is not None) == ("masks" in {*config.model.parts.drawn, *config.model.parts.given})


def prepared(gan: str, preset: str) -> PreparedDataset:
    family = FAMILIES.get(f"{gan} {preset}", FAMILIES.get(gan, "chest_xray"))
    return prepare_phantoms(PhantomConfig.parse({"family": family, "count": 12, "size": 256, "name": family}))


def few_steps(gan: str, preset: str, dataset: PreparedDataset, name: str) -> TrainConfig:
    options = FEW | (DOMAINS if gan == "cyclegan" else {})
    return train_config(gan, dataset.id, preset=preset, name=name, options=options)


def same_tensors(first: Run, second: Run) -> bool:
    """Whether everything in the last checkpoints, optimizers and averages too, is equal to the bit."""
    one, other = (read_tensors(checkpoints(run.folder)[0])[0] for run in (first, second))
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
