"""How long a training will take: from an earlier run here of the same kind, else from the benchmark."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from medgan.training.config import TrainConfig
from medgan.training.run import Run


@dataclass(frozen=True)
class Measured:
    """Seconds a step of a quick preset, by `benchmarks/train.py`."""

    size: int
    batch_size: int
    seconds: float


BENCHMARK = {
    "dcgan": Measured(64, 32, 0.1),
    "fastgan": Measured(64, 16, 0.287),
    "pix2pix": Measured(64, 8, 0.067),
    "cyclegan": Measured(64, 4, 0.229),
}
"""Two cores of an AMD EPYC with AVX512-BF16, as in `benchmarks/README.md`; without bfloat16 about twice as long."""


@dataclass(frozen=True)
class Estimate:
    """How long a training will take, and how that is known."""

    seconds: float
    run: str = ""
    """Name of the earlier run that it was measured on; empty for the benchmark."""


def estimate(config: TrainConfig, steps: int, runs: Iterable[Run]) -> Estimate | None:
    """The time of so many steps: at the pace of the first of the runs that trained the same GAN at the same image and
    batch size, else at that of the benchmark, in proportion to pixels and batch; None where neither is known."""
    for run in runs:
        pace = seconds_a_step(run.losses()) if _same_work(run.config, config) and not run.shipped else None
        if pace is not None:
            return Estimate(pace * steps, run.name)
    measured = BENCHMARK.get(config.gan)
    if measured is None:
        return None
    share = (config.model.size / measured.size) ** 2 * config.model.batch_size / measured.batch_size
    return Estimate(measured.seconds * share * steps)


def _same_work(one: TrainConfig, other: TrainConfig) -> bool:
    """Whether two trainings do the same work in a step."""
    leave_out = {"learning_rate", "adam_beta1", "ema_decay"}
    return one.gan == other.gan and one.model.model_dump(exclude=leave_out) == other.model.model_dump(exclude=leave_out)


def seconds_a_step(losses: pd.DataFrame) -> float | None:
    """The median pace of a run, so that a pause between two of its points does not count; None for too few points."""
    if len(losses) < 3:
        return None
    pace = (losses["seconds"].diff() / losses["step"].diff()).iloc[1:]
    pace = pace[pace > 0]
    return float(pace.median()) if len(pace) else None
