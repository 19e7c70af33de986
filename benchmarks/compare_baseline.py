"""How much faster medgan trains a GAN than a plain float32 loop of the same network on this machine.

    python -m benchmarks.compare_baseline [--gan fastgan] [--preset thesis] [--steps 7]

Both take turns in one process, so that whatever else the machine does falls on both alike. The peak memory of each is
that of a process of its own. Losses are means over the same batches; the two draw their random numbers differently.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.baselines import BASELINES, Step
from benchmarks.train import peak_gflops, seconds_of
from medgan.common.repro import environment, seed_everything
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.training.config import train_config
from medgan.training.loop import Trainer, start_run

CPU = torch.device("cpu")
SIDES = ("baseline", "medgan")
MEMORY_STEPS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gan", choices=list(BASELINES), default="fastgan")
    parser.add_argument("--preset", default="thesis")
    parser.add_argument("--steps", type=int, default=7, help="timed steps of each (default 7)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads (default: one a core)")
    parser.add_argument("--memory-of", choices=SIDES, help="only take a few steps and print the peak memory in bytes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        if options.memory_of:
            step = steps_of(options.gan, options.preset, options.memory_of)
            for _ in range(MEMORY_STEPS):
                step()
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        else:
            print(json.dumps(compared(options), indent=2))


def steps_of(gan: str, preset: str, side: str) -> Step:
    """The training step of one side, on phantoms; the data are the same for both."""
    dataset = prepare_phantoms(PhantomConfig(family="chest_xray", count=60, size=256, name="phantoms"))
    options = {"device": "cpu", "threads": torch.get_num_threads()}
    config = train_config(gan, dataset.id, label="normal", preset=preset, options=options, name=f"compared-{side}")
    trainer = Trainer(start_run(config, dataset), dataset)
    if side == "baseline":
        seed_everything(config.loop.seed, "initial weights")
        return BASELINES[gan](config.model, trainer.run.record.data, trainer.batches)  # type: ignore[arg-type]

    def step() -> dict[str, float]:
        losses = trainer.take_step()
        trainer.step += 1
        return {name: losses[name].item() for name in ("discriminator", "generator")}

    return step


def compared(options: argparse.Namespace) -> dict[str, object]:
    """Medians of alternating steps, after one of each whose arithmetic is counted."""
    peaks = {str(kind): peak_gflops(CPU, kind) for kind in (torch.float32, torch.bfloat16)}
    steps = {side: steps_of(options.gan, options.preset, side) for side in SIDES}
    gflop = {side: counted_gflop(step) for side, step in steps.items()}
    losses: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(options.steps):
        for side, step in steps.items():
            seconds[side].append(seconds_of(lambda step=step, side=side: losses[side].append(step()), CPU))
    medians = {side: statistics.median(times) for side, times in seconds.items()}
    return {
        "gan": options.gan,
        "preset": options.preset,
        "steps": options.steps,
        "threads": options.threads,
        "times_as_fast": round(medians["baseline"] / medians["medgan"], 2),
        "times_as_fast_by_best_step": round(min(seconds["baseline"]) / min(seconds["medgan"]), 2),
        "peak_gflop_per_second": {kind: round(peak) for kind, peak in peaks.items()},
        **{
            side: {
                "seconds_a_step": round(medians[side], 3),
                "best_step": round(min(seconds[side]), 3),
                "gflop_a_step": round(gflop[side], 1),
                "share_of_peak": {kind: round(gflop[side] / medians[side] / peak, 3) for kind, peak in peaks.items()},
                "peak_memory_gb": round(memory_of(options, side) / 1e9, 2),
                "mean_losses": {
                    name: round(statistics.fmean(row[name] for row in losses[side]), 4) for name in losses[side][0]
                },
            }
            for side in SIDES
        },
        "environment": environment(),
    }


def counted_gflop(step: Callable[[], object]) -> float:
    """Arithmetic of one step, in 10^9 operations, by torch's counter."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() / 1e9


def memory_of(options: argparse.Namespace, side: str) -> int:
    """Peak memory, in bytes, of a fresh process that takes a few steps of one side."""
    command = [sys.executable, "-m", "benchmarks.compare_baseline", "--gan", options.gan, "--preset", options.preset]
    command += ["--threads", str(options.threads), "--memory-of", side]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


if __name__ == "__main__":
    main()
