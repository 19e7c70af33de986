"""Two processes over gloo train as one process with the doubled batch."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from medgan.data.dataset import PreparedDataset
from medgan.training.checkpoint import newest_checkpoint
from medgan.training.config import TrainConfig, train_config
from medgan.training.loop import train
from medgan.training.run import Run

SCRIPT = """
import sys
from contextlib import suppress
from pathlib import Path
from medgan.common.errors import Cancelled
from medgan.common.progress import Silent
from medgan.training.config import TrainConfig
from medgan.training.group import started_as
from medgan.training.loop import follow, train

class UntilStep(Silent):
    reached = 0
    def update(self, done, total, message=""):
        self.reached = done
    def stop_requested(self):
        return self.reached >= int(sys.argv[2])

with suppress(Cancelled):
    if started_as()[0]:
        follow("cpu")
    else:
        train(TrainConfig.load(Path(sys.argv[1])), UntilStep())
"""
OPTIONS = {
    "size": 64,
    "width": 8,
    "discriminator_width": 8,
    "field": 10,
    "precision": "float32",
    "device": "cpu",
    "steps": 4,
    "log_every": 1,
    "sample_every": 4,
    "checkpoint_every": 2,
    "samples": 4,
    "threads": 1,
}
DOMAINS = {"domain_a": "normal", "domain_b": "tuberculosis"}


def config(gan: str, name: str, **options: object) -> TrainConfig:
    return train_config(gan, "phantoms", name=name, options=OPTIONS | options)


def train_in(processes: int, config: TrainConfig, folder: Path, until: int = 1000) -> Run:
    """As `torchrun --nproc-per-node 2` does it, up to a step: processes that find each other by the environment."""
    file = folder / "config.json"
    file.write_text(config.to_json())
    script = folder / "train.py"
    script.write_text(SCRIPT)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", f"{processes}"]
    command = [sys.executable, *(torchrun if processes > 1 else ()), str(script), str(file), str(until)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return Run.open(config.run)


@pytest.mark.parametrize(
    ("gan", "options"),
    [
        ("cyclegan", DOMAINS),  # no norm over the batch, and its pools of 50 are not full yet
        ("pix2pix", {"dropout": 0.0, "norm": "instance_affine"}),
    ],
)
def test_two_processes_have_the_losses_of_one_with_the_doubled_batch(
    phantoms: PreparedDataset, tmp_path: Path, gan: str, options: dict[str, object]
) -> None:
    one = train(config(gan, "one", batch_size=4, **options))
    two = train_in(2, config(gan, "two", batch_size=2, **options), tmp_path)
    assert two.finished
    assert two.steps == 4
    expected, found = one.losses().drop(columns="seconds"), two.losses().drop(columns="seconds")
    assert list(found["step"]) == [1, 2, 3, 4]
    np.testing.assert_allclose(found[expected.columns].to_numpy(), expected.to_numpy(), rtol=2e-3, atol=2e-5)
    assert [step for step, _ in two.sample_grids()] == [4]


def test_epochs_are_shared_out_between_the_processes(phantoms: PreparedDataset, tmp_path: Path) -> None:
    run = train_in(2, config("cyclegan", "shared", batch_size=2, epochs=1, **DOMAINS), tmp_path)
    assert run.steps == run.step() == -(-run.record.items // 4)


def generators(run: Run) -> dict[str, Tensor]:
    """The weights of the newest checkpoint."""
    newest = newest_checkpoint(run.folder)
    assert newest
    return {name: weight for name, weight in newest[1].items() if name.startswith("generators")}


def test_a_training_goes_on_in_another_number_of_processes(phantoms: PreparedDataset, tmp_path: Path) -> None:
    """Begun in two, gone on with in one, ended in two: nothing is lost or done twice, and no weight jumps."""
    asked = config("cyclegan", "moved", batch_size=2, **DOMAINS | {"steps": 6})
    curves, weights = [], []
    for processes, until in ((2, 2), (1, 4), (2, 6)):
        run = train_in(processes, asked, tmp_path, until)
        curves.append(run.losses())
        weights.append(generators(run))
        assert run.step() == until
    assert run.finished
    assert list(curves[2]["step"]) == [1, 2, 3, 4, 5, 6]
    assert np.isfinite(curves[2].to_numpy()).all()
    for before, after in pairwise(curves):
        assert after.iloc[: len(before)].equals(before)
    for before, after in pairwise(weights):  # Adam moves a weight by little more than the learning rate in a step
        moved = max(float((after[name] - before[name]).abs().max()) for name in before)
        assert 0 < moved < 2 * 5 * asked.model.learning_rate
