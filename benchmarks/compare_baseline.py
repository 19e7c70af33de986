"""Our training step beside the straightforward one of the same network on the same batches (see baselines.py).

    python -m benchmarks.compare_baseline [--gan fastgan] [--preset thesis] [--steps 8]

Each runs in a process of its own, so that neither shares memory with the other; their steps take turns, so that what
else the machine does meets both. One step of each is for counting and one for warming up; the times are of the rest.
On a busy machine read the processor's seconds, with OMP_NUM_THREADS=1: waiting threads spin.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.baselines import BASELINES
from benchmarks.subjects import started
from benchmarks.train import peak_gflops
from medgan.common.precision import has_bfloat16
from medgan.common.repro import environment, seed_everything
from medgan.training.feed import batches_of
from medgan.training.loop import Trainer

PRECISIONS = {"ours": "auto", "baseline": "float32"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gan", choices=list(BASELINES), default="fastgan")
    parser.add_argument("--preset", default="thesis")
    parser.add_argument("--steps", type=int, default=8, help="timed steps of each (default 8)")
    parser.add_argument("--worker", choices=list(PRECISIONS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.gan, options.preset)
        return
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        rows = taking_turns(options.gan, options.preset, options.steps)
    peaks = {name: peak_gflops(torch.device("cpu"), getattr(torch, name)) for name in ("float32", "bfloat16")}
    sides = {name: summary(found, peaks[precision_of(name)]) for name, found in rows.items()}
    ratios = [ours["seconds"] / baseline["seconds"] for ours, baseline in zip(*timed(rows), strict=True)]
    result = {
        "gan": options.gan,
        "preset": options.preset,
        "times_as_fast": round(1 / statistics.median(ratios), 2),
        "peak_gflop_per_second": {name: round(peak) for name, peak in peaks.items()},
        **sides,
        "environment": environment(),
    }
    print(json.dumps(result, indent=2))


def precision_of(side: str) -> str:
    return "bfloat16" if side == "ours" and has_bfloat16(torch.device("cpu")) else "float32"


def taking_turns(gan: str, preset: str, steps: int) -> dict[str, list[dict[str, Any]]]:
    """What each side reports of each of its steps."""
    command = [sys.executable, "-m", "benchmarks.compare_baseline", "--gan", gan, "--preset", preset, "--worker"]
    root = Path(__file__).parent.parent
    workers = {
        side: subprocess.Popen([*command, side], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for side in PRECISIONS
    }
    rows: dict[str, list[dict[str, Any]]] = {side: [] for side in workers}
    for number in range(steps + 2):
        for side, worker in workers.items():
            rows[side].append(asked(worker.stdin, worker.stdout, number))
    for worker in workers.values():
        worker.communicate()
    return rows


def asked(stdin: IO[str] | None, stdout: IO[str] | None, number: int) -> dict[str, Any]:
    assert stdin is not None
    assert stdout is not None
    stdin.write(f"{number}\n")
    stdin.flush()
    answer: dict[str, Any] = json.loads(stdout.readline())
    return answer


def timed(rows: dict[str, list[dict[str, Any]]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return rows["ours"][2:], rows["baseline"][2:]


def summary(rows: list[dict[str, Any]], peak: float) -> dict[str, Any]:
    seconds = statistics.median(row["seconds"] for row in rows[2:])
    gflop = rows[0]["gflop"]
    last = rows[len(rows) // 2 :]
    return {
        "seconds_a_step": round(seconds, 3),
        "fastest": round(min(row["seconds"] for row in rows[2:]), 3),
        "least_processor_seconds": round(min(row["processor_seconds"] for row in rows[2:]), 3),
        "gflop_a_step": round(gflop, 1),
        "share_of_peak": round(gflop / seconds / peak, 3),
        "peak_memory_mib": round(rows[-1]["peak_memory_mib"]),
        "mean_losses_of_last_half": {
            name: round(statistics.mean(row["losses"][name] for row in last), 4) for name in rows[0]["losses"]
        },
    }


def work(side: str, gan: str, preset: str) -> None:
    """Take a step for each line that comes in, and report it; the first is counted, not timed."""
    step = our_steps(gan, preset) if side == "ours" else baseline_steps(gan, preset)
    for line in sys.stdin:
        counter = FlopCounterMode(display=False)
        started, busy = time.perf_counter(), time.process_time()
        if int(line) == 0:
            with counter:
                losses = step()
        else:
            losses = step()
        report = {
            "seconds": time.perf_counter() - started,
            "processor_seconds": time.process_time() - busy,
            "gflop": counter.get_total_flops() / 1e9,
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "losses": {side: losses[side] for side in ("discriminator", "generator")},
        }
        print(json.dumps(report), flush=True)


def our_steps(gan: str, preset: str) -> Callable[[], dict[str, float]]:
    trainer = Trainer(*started(gan, preset, device="cpu"))

    def step() -> dict[str, float]:
        losses = trainer.take_step()
        trainer.step += 1
        return {name: float(value) for name, value in losses.items()}

    return step


def baseline_steps(gan: str, preset: str) -> Callable[[], dict[str, float]]:
    run, dataset = started(gan, preset, device="cpu")
    batches = batches_of(run.config, dataset, run.record.data)
    seed_everything(0)
    step: Callable[[], dict[str, float]] = BASELINES[gan](run.config.model, run.record.data, batches)
    return step


if __name__ == "__main__":
    main()
