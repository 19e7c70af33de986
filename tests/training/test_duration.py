"""Estimates of how long a training takes."""

from dataclasses import dataclass

import pandas as pd
import pytest

from medgan.training.config import TrainConfig, train_config
from medgan.training.duration import BENCHMARK, estimate, seconds_a_step


@dataclass
class Trained:
    """As much of a run as an estimate looks at."""

    config: TrainConfig
    name: str
    pace: float
    shipped: bool = False

    def losses(self) -> pd.DataFrame:
        return pd.DataFrame({"step": [10, 20, 30, 40], "seconds": [self.pace * step for step in (10, 20, 30, 40)]})


def config(**options: object) -> TrainConfig:
    return train_config("fastgan", "films", options=options)


def test_the_benchmark_scales_with_pixels_batch_and_steps() -> None:
    quick, wide = estimate(config(), 100, []), estimate(config(size=128, batch_size=8), 100, [])
    assert quick is not None
    assert wide is not None
    assert quick.seconds == pytest.approx(100 * BENCHMARK["fastgan"].seconds)
    assert wide.seconds == pytest.approx(2 * quick.seconds)
    assert quick.run == ""


def test_an_earlier_run_of_the_same_kind_goes_before() -> None:
    runs = [
        Trained(config(), "shipped", 9.0, shipped=True),
        Trained(config(size=128), "larger", 7.0),
        Trained(config(learning_rate=0.001), "alike", 0.5),
        Trained(config(), "older", 0.7),
    ]
    found = estimate(config(), 10, runs)  # type: ignore[arg-type]
    assert found is not None
    assert found.run == "alike"
    assert found.seconds == pytest.approx(5.0)


def test_a_pause_does_not_count() -> None:
    losses = pd.DataFrame({"step": [10, 20, 30, 40, 50], "seconds": [10.0, 20.0, 5000.0, 5010.0, 5020.0]})
    assert seconds_a_step(losses) == pytest.approx(1.0)
    assert seconds_a_step(losses.head(2)) is None
