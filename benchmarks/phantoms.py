"""How fast phantoms are drawn: `python benchmarks/phantoms.py [--size 128] [--count 100]`."""

import argparse
import itertools
import json
import time

from medgan.common.repro import environment
from medgan.data.phantoms import PHANTOMS, draw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="side in pixels (default 128)")
    parser.add_argument("--count", type=int, default=100, help="images of each family (default 100)")
    options = parser.parse_args()
    rows = {family: images_per_second(family, options.size, options.count) for family in PHANTOMS}
    print(json.dumps({"images_per_second_in_one_process": rows, "environment": environment()}, indent=2))


def images_per_second(family: str, size: int, count: int) -> float:
    """Speed over all classes of a family, after one image of each to warm up."""
    labels = PHANTOMS[family].classes
    for label in labels:
        draw(family, label, size, 0, 0)
    started = time.perf_counter()
    for index, label in zip(range(count), itertools.cycle(labels), strict=False):
        draw(family, label, size, 1, index)
    return round(count / (time.perf_counter() - started), 1)


if __name__ == "__main__":
    main()
