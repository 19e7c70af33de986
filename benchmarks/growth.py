"""How the work grows: `python -m benchmarks.growth [--stage NAME ...] [--clock wall]`.

Every stage is measured at growing numbers of images, pixels, epochs or seeds, each in a process of its own, so that
its peak of memory is its own. A law c + r n^k, with the k that the stage's algorithm has, is fitted to the smaller
values by least squares of relative errors; the largest is left out, and then held against the law. The exponent of a
plain power law, fitted without knowing k, is given with its 95 % interval. Predictions of the law are marked as
such: they say what to expect, not what was measured.

Seconds are those of processors, all threads and helpers together, which other programs disturb little; where a GPU
works, give `--clock wall`.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls
from scipy.stats import linregress, t

from benchmarks.dashboard import ROOT
from benchmarks.growth_stages import STAGES, Stage
from medgan.common.repro import environment

PREDICTED = {
    "images": (1_000, 10_000, 100_000, 1_000_000),
    "pixels a side": (64, 128, 256, 512),
    "epochs": (100,),
    "seeds": (5, 10),
}
KIB = 1024
"""In a MiB."""


@dataclass(frozen=True)
class Point:
    """What a stage took at a value."""

    value: int
    processor_s: float
    wall_s: float
    peak_mib: float
    """What the process held at most, beyond what it held when everything was ready: its input is not counted."""


@dataclass(frozen=True)
class Law:
    """fixed + rate * value ** order."""

    fixed: float
    rate: float
    order: int

    def __call__(self, value: int) -> float:
        return self.fixed + self.rate * float(value) ** self.order


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=sorted(STAGES), action="append", help="only this one (repeatable)")
    parser.add_argument("--point", type=int, help=argparse.SUPPRESS)  # what a process of one point is told
    parser.add_argument("--clock", choices=("processor", "wall"), default="processor", help="which seconds to fit")
    options = parser.parse_args()
    if options.point:
        [name] = options.stage
        print(json.dumps(asdict(measured(STAGES[name], options.point))))
        return
    found = {name: grown(name, f"{options.clock}_s") for name in options.stage or STAGES}
    print(json.dumps({"stages": found, "load_of_machine": os.getloadavg()[0], "environment": environment()}, indent=2))


def grown(name: str, clock: str) -> dict[str, Any]:
    """A stage's points, laws, how they fare beyond, and what they predict."""
    stage = STAGES[name]
    points = [in_a_process(name, value) for value in stage.values]
    beyond = in_a_process(name, stage.beyond)
    seconds = law([(point.value, getattr(point, clock)) for point in points], stage.order)
    memory = law([(point.value, max(point.peak_mib, 1.0)) for point in (*points, beyond)], stage.memory_order)
    took = getattr(beyond, clock)
    print(f"{name}: {took:.2f} s at {beyond.value}, predicted {seconds(beyond.value):.2f}", file=sys.stderr)
    return {
        "what": stage.what,
        "of": stage.of,
        "measured": [asdict(point) for point in (*points, beyond)],
        "exponent": exponent(points, clock),
        "law": asdict(seconds),
        "beyond_measured_by_predicted": round(took / seconds(beyond.value), 2),
        "predicted_seconds": {value: rounded(seconds(value)) for value in PREDICTED[stage.of]},
        "predicted_peak_mib": {value: rounded(memory(value)) for value in PREDICTED[stage.of]},
    }


def in_a_process(name: str, value: int) -> Point:
    """A point, measured where nothing else ever ran."""
    command = [sys.executable, "-m", "benchmarks.growth", "--stage", name, "--point", str(value)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Point(**json.loads(done.stdout.splitlines()[-1]))


def measured(stage: Stage, value: int) -> Point:
    """A point, here and now, in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        work = stage.ready(value)
        before = peak_mib(anew=True)
        started, worked = time.perf_counter(), processor_s()
        work()
        wall, processor = time.perf_counter() - started, processor_s() - worked
        return Point(value, round(processor, 4), round(wall, 4), round(peak_mib() - before, 1))


def processor_s() -> float:
    """What this process and the helpers that it has seen end have worked."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_mib(*, anew: bool = False) -> float:
    """The most that this process has held; anew: what it holds now, from where the most is counted from now on."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / KIB


def law(found: Sequence[tuple[int, float]], order: int) -> Law:
    """The law whose relative errors are least; neither of its parts is below zero."""
    values, took = (np.array(column, float) for column in zip(*found, strict=True))
    if order == 0:
        return Law(float(np.exp(np.log(took).mean())), 0.0, 0)
    terms = np.stack([np.ones_like(values), values**order], axis=1) / took[:, None]
    fixed, rate = nnls(terms, np.ones_like(took))[0]
    return Law(float(fixed), float(rate), order)


def exponent(points: Sequence[Point], clock: str) -> list[float]:
    """Slope of log seconds over log value, and the ends of its 95 % interval."""
    fit = linregress(np.log([point.value for point in points]), np.log([getattr(point, clock) for point in points]))
    reach = t.ppf(0.975, len(points) - 2) * fit.stderr
    return [round(float(each), 2) for each in (fit.slope, fit.slope - reach, fit.slope + reach)]


def rounded(value: float) -> float:
    """To two digits: a prediction is no better."""
    return round(value, 1 - math.floor(math.log10(value))) if value > 0 else 0.0


if __name__ == "__main__":
    main()
