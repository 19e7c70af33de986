"""How fast each GAN trains, and how much of this machine's peak arithmetic that is.

    python -m benchmarks.train [--gan fastgan] [--preset quick] [--steps 10]

Times whole steps of the real training loop on phantoms; the peak is the best of repeated 3x3 convolutions.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.subjects import started
from medgan.common.precision import has_bfloat16
from medgan.common.repro import environment
from medgan.models import GANS
from medgan.training.loop import Trainer

FIRST = ("quick", "standard", "thesis")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gan", choices=list(GANS), action="append", help="only this GAN (may be repeated)")
    parser.add_argument("--preset", action="append", help="only this preset (may be repeated)")
    parser.add_argument("--steps", type=int, default=10, help="timed steps (default 10)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        precision = torch.bfloat16 if has_bfloat16(device) else torch.float32
        peak = peak_gflops(device, precision)
        rows = [
            measured(gan, preset, options.steps, peak)
            for gan in options.gan or GANS
            for preset in options.preset or FIRST
        ]
    result = {"precision": str(precision), "peak_gflop_per_second": round(peak), "rows": rows}
    print(json.dumps(result | {"environment": environment()}, indent=2))


def peak_gflops(device: torch.device, precision: torch.dtype) -> float:
    """The best speed of a 3x3 convolution of 128 by 128 channels, in 10^9 operations a second."""
    images = torch.randn(8, 128, 64, 64, device=device, dtype=precision)
    layer = torch.nn.Conv2d(128, 128, 3, padding=1, device=device, dtype=precision)
    operations = 2 * 8 * 64 * 64 * 128 * 128 * 9
    best = min(seconds_of(lambda: layer(images), device) for _ in range(30))
    return operations / best / 1e9


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def measured(gan: str, preset: str, steps: int, peak: float) -> dict[str, object]:
    """Median seconds of a step after two to warm up, and what the counter says a step computes."""
    trainer = Trainer(*started(gan, preset))
    config = trainer.run.config
    with FlopCounterMode(display=False) as counter:
        take(trainer)
    take(trainer)
    seconds = statistics.median(seconds_of(lambda: take(trainer), trainer.group.device) for _ in range(steps))
    gflop = counter.get_total_flops() / 1e9
    return {
        "gan": gan,
        "preset": preset,
        "size": config.model.size,
        "batch": config.model.batch_size,
        "seconds_a_step": round(seconds, 3),
        "steps_per_second": round(1 / seconds, 2),
        "images_per_second": round(config.model.batch_size / seconds, 1),
        "gflop_a_step": round(gflop, 1),
        "share_of_peak": round(gflop / seconds / peak, 3),
    }


def take(trainer: Trainer) -> None:
    trainer.take_step()
    trainer.step += 1


if __name__ == "__main__":
    main()
