"""How fast a folder of images becomes a prepared data set: `python benchmarks/prepare.py [--source FOLDER]`."""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from medgan.common.repro import environment
from medgan.data.config import PrepareConfig
from medgan.data.prepare import prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="folder to prepare; without it, generated PNG films")
    parser.add_argument("--count", type=int, default=2000, help="generated images (default 2000)")
    parser.add_argument("--side", type=int, default=256, help="side of the generated images in pixels (default 256)")
    parser.add_argument("--size", type=int, default=128, help="side of the prepared images in pixels (default 128)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary  # nothing is written into the user's workspace
        source = options.source or _generated(Path(temporary) / "films", options.count, options.side)
        print(json.dumps(_measured(PrepareConfig(source=source, size=options.size)), indent=2))


def _measured(config: PrepareConfig) -> dict[str, object]:
    started = time.perf_counter()
    dataset = prepare(config)
    first = time.perf_counter() - started
    started = time.perf_counter()
    prepare(config)
    again = time.perf_counter() - started
    return {
        "source": config.source.name,
        "images": len(dataset),
        "masks_per_image": len(dataset.structures),
        "seconds": round(first, 2),
        "images_per_second": round(len(dataset) / first, 1),
        "seconds_when_already_prepared": round(again, 2),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_of_machine": os.getloadavg()[0],
        "environment": environment(),
    }


def _generated(folder: Path, count: int, side: int) -> Path:
    """Grey PNG films with the grain of real ones: noise over smooth shades, so that decoding costs what it does."""
    folder.mkdir()
    for index in range(count):
        rng = np.random.default_rng(index)
        shades = Image.fromarray(rng.integers(20, 200, (6, 6), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 4, (side, side))
        pixels = np.clip(np.asarray(shades) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:05d}.png")
    return folder


if __name__ == "__main__":
    main()
