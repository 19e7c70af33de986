"""What scoring during training costs: `python -m benchmarks.scoring [--steps 10] [--space radiomic]`.

For each GAN's quick preset: seconds a step, seconds a score, and the share of time that scores take at the default
interval. Steps and scores take turns, so that both meet the same machine.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

from benchmarks.subjects import started
from medgan.common.repro import environment
from medgan.models import GANS
from medgan.training.config import LoopConfig
from medgan.training.loop import Trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10, help="steps before each of three scores (default 10)")
    parser.add_argument("--space", default="radiomic", help="feature space (default radiomic)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        rows = [measured(gan, options.space, options.steps) for gan in GANS]
    print(json.dumps({"rows": rows, "environment": environment()}, indent=2))


def measured(gan: str, space: str, steps: int) -> dict[str, object]:
    trainer = Trainer(*started(gan, "quick", score_space=space))
    assert trainer.scorer is not None
    trainer.take_step()  # the first one sets things up
    step_seconds, score_seconds = [], []
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(steps):
            trainer.take_step()
            trainer.step += 1
        step_seconds.append((time.perf_counter() - begun) / steps)
        begun = time.perf_counter()
        trainer._settle()
        trainer.scorer.score(trainer.task, trainer.average, trainer.step)
        score_seconds.append(time.perf_counter() - begun)
    step, score = statistics.median(step_seconds), statistics.median(score_seconds)
    interval = LoopConfig().score_every
    return {
        "gan": gan,
        "seconds_a_step": round(step, 3),
        "seconds_a_score": round(score, 2),
        "interval": interval,
        "slower_by": f"{score / (interval * step):.1%}",
    }


if __name__ == "__main__":
    main()
