"""How fast a trained run draws: `python benchmarks/generate.py [--run NAME] [--count 256]`."""

import argparse
import json
import time

from medgan.common.repro import environment
from medgan.training.run import Run, list_runs
from medgan.training.sampler import Sampler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", help="name or id of a run; all that come with the package where it is not given")
    parser.add_argument("--count", type=int, default=256, help="images to draw (default 256)")
    options = parser.parse_args()
    runs = [Run.open(options.run)] if options.run else [run for run in list_runs() if run.shipped]
    print(json.dumps({"rows": [measured(run, options.count) for run in runs], "environment": environment()}, indent=2))


def measured(run: Run, count: int) -> dict[str, object]:
    started = time.perf_counter()
    sampler = Sampler.load(run)
    sampler.draw(1, seed=0)
    first = time.perf_counter() - started
    started = time.perf_counter()
    sampler.draw(count, seed=0)
    seconds = time.perf_counter() - started
    return {
        "run": run.name,
        "gan": run.config.gan,
        "size": run.config.model.size,
        "seconds_to_first_image": round(first, 3),
        "images_per_second": round(count / seconds, 1),
    }


if __name__ == "__main__":
    main()
