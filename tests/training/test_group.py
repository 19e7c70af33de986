"""Two processes over gloo train as one process with the doubled batch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medgan.data.dataset import PreparedDataset
from medgan.training.config import TrainConfig, train_config
from medgan.training.loop import train
from medgan.training.run import Run

SCRIPT = """
import sys
from pathlib import Path
from medgan.training.config import TrainConfig
from medgan.training.group import started_as
from medgan.training.loop import follow, train
if started_as()[0]:
    follow("cpu")
else:
    train(TrainConfig.load(Path(sys.argv[1])))
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


def train_in_two(config: TrainConfig, folder: Path) -> Run:
    """As `torchrun --nproc-per-node 2` does it: two processes that find each other through the environment."""
    file = folder / "config.json"
    file.write_text(config.to_json())
    script = folder / "train.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, str(script), str(file)], env=environment, capture_output=True, text=True)
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
    two = train_in_two(config(gan, "two", batch_size=2, **options), tmp_path)
    assert two.finished
    assert two.steps == 4
    expected, found = one.losses().drop(columns="seconds"), two.losses().drop(columns="seconds")
    assert list(found["step"]) == [1, 2, 3, 4]
    np.testing.assert_allclose(found[expected.columns].to_numpy(), expected.to_numpy(), rtol=2e-3, atol=2e-5)
    assert [step for step, _ in two.sample_grids()] == [4]


def test_epochs_are_shared_out_between_the_processes(phantoms: PreparedDataset, tmp_path: Path) -> None:
    run = train_in_two(config("cyclegan", "shared", batch_size=2, epochs=1, **DOMAINS), tmp_path)
    assert run.steps == run.step() == -(-run.record.items // 4)
