"""Scores beside torch-fidelity's and torchmetrics': `python -m benchmarks.metrics [--images 64] [--rounds 3]`.

`--large` measures seconds and peak memory of 100,000 images a side instead, from features of 256 numbers on disk.

The Inception network has random weights, the same for all: its speed does not depend on them. Each side runs in a
process of its own for its peak memory; features are timed in turns, scores one after the other.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medgan.common.repro import environment
from medgan.weights.inception import InceptionV3, faster

SIDE, DIMENSIONS, COUNT = 128, 2048, 3000
Work = Callable[[], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64, help="images a round (default 64)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, sides taking turns (default 3)")
    parser.add_argument("--large", action="store_true", help="100,000 images a side, medgan alone")
    options = parser.parse_args()
    if options.large:
        print(json.dumps(large() | {"environment": environment()}, indent=2))
        return
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as folder:
        file = Path(folder) / "inception.pth"
        torch.manual_seed(0)
        torch.save(InceptionV3().state_dict(), file)
        found = {
            "features": features(file, options.images, options.rounds),
            "scores": scores(options.rounds),
            "peak_memory_mib": {side: peak_memory(side, file) for side in ("medgan", "torch-fidelity")},
        }
    print(json.dumps(found | {"environment": environment()}, indent=2))


def extractors(file: Path) -> dict[str, Callable[[torch.Tensor], Any]]:
    """Bytes (n, 3, h, w) to pooled features and logits, by side."""
    return {side: extractor(side, file) for side in ("medgan", "torch-fidelity")}


def extractor(side: str, file: Path) -> Callable[[torch.Tensor], Any]:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    if side == "medgan":
        network = InceptionV3()
        network.load_state_dict(torch.load(file, weights_only=True))
        return faster(network.eval().requires_grad_(False))
    wanted = ["2048", "logits_unbiased"]
    found: Any = FeatureExtractorInceptionV3("theirs", wanted, feature_extractor_weights_path=str(file))
    return found  # type: ignore[no-any-return]


def features(file: Path, images: int, rounds: int) -> dict[str, Any]:
    pictures = torch.randint(0, 256, (images, 3, SIDE, SIDE), dtype=torch.uint8)
    sides = extractors(file)
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    outcome: dict[str, Any] = {}
    with torch.inference_mode():
        for network in sides.values():
            network(pictures[:16])  # the first batch sets things up
        for _ in range(rounds):
            for side, network in sides.items():
                started = time.perf_counter()
                outcome[side] = torch.cat([network(batch)[0] for batch in torch.split(pictures, 16)])
                seconds[side].append(time.perf_counter() - started)
    ours, theirs = outcome["medgan"], outcome["torch-fidelity"]
    ratios = [b / a for a, b in zip(seconds["medgan"], seconds["torch-fidelity"], strict=True)]
    return {
        "images_per_second": {side: round(images / statistics.median(taken), 2) for side, taken in seconds.items()},
        "times_as_fast": round(statistics.median(ratios), 2),
        "largest_relative_difference": float((ours - theirs).abs().max() / theirs.abs().max()),
    }


def scores(rounds: int) -> dict[str, Any]:
    """Seconds from features (3,000, 2,048) of each side to each score."""
    a, b = (given_features(seed) for seed in (0, 1))
    found: dict[str, Any] = {}
    for name, sides in works(a, b).items():
        values, seconds = {}, {}
        for side, work in sides.items():
            taken = []
            for _ in range(rounds):
                started = time.perf_counter()
                values[side] = float(work())
                taken.append(time.perf_counter() - started)
            seconds[side] = round(min(taken), 2)
        found[name] = {"seconds": seconds, "values": values}
    return found


def given_features(seed: int) -> Any:
    """Features as a network's: not negative, depending on each other."""
    mixing = np.random.default_rng(99).normal(size=(DIMENSIONS, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    rows = np.random.default_rng(seed).normal(0.05 * seed, 1, (COUNT, DIMENSIONS)) @ mixing
    return np.maximum(0, rows + 0.3).astype(np.float32)


def works(a: Any, b: Any) -> dict[str, dict[str, Work]]:
    """What each side does for each score, from the same features."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric
    from torchmetrics.image.fid import _compute_fid

    from medgan.metrics.frechet import frechet_distance, moments
    from medgan.metrics.kernel_distance import kernel_distance
    from medgan.metrics.manifold import manifold

    one, other = torch.from_numpy(a), torch.from_numpy(b)
    kid = {"kid_subsets": 100, "kid_subset_size": 1000, "rng_seed": 2020, "verbose": False}
    prc = {"prc_neighborhood": 3, "prc_batch_size": 10_000, "save_cpu_ram": False, "verbose": False}

    def of_fidelity() -> Any:
        statistics_ = [fid_features_to_statistics(rows) for rows in (one, other)]
        return fid_statistics_to_metric(*statistics_, verbose=False)["frechet_inception_distance"]

    def of_torchmetrics() -> Any:
        rows = [some.double() for some in (one, other)]
        gaussians = [part for some in rows for part in (some.mean(0), torch.cov(some.T))]
        return _compute_fid(*gaussians)

    return {
        "frechet": {
            "medgan": lambda: frechet_distance(moments(a), moments(b)),
            "torch-fidelity": of_fidelity,
            "torchmetrics": of_torchmetrics,
        },
        "kernel": {
            "medgan": lambda: kernel_distance(a, b).mean,
            "torch-fidelity": lambda: kid_features_to_metric(one, other, **kid)["kernel_inception_distance_mean"],
        },
        "precision": {
            "medgan": lambda: manifold(a, b).precise.mean(),
            "torch-fidelity": lambda: prc_features_to_metric(one, other, **prc)["precision"],
        },
    }


def peak_memory(side: str, file: Path) -> int:
    """MiB that a process holds at most for the features of 64 images and the distance of 3,000 from 3,000."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_alone, (side, file))


def large() -> dict[str, Any]:
    """Seconds of each score from kept features (100,000, 256) of two sets, and the most memory held."""
    from medgan.metrics.frechet import frechet_distance, moments
    from medgan.metrics.kernel_distance import kernel_distance
    from medgan.metrics.manifold import manifold

    seconds = {}
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as folder:
        a, b = (_on_disk(Path(folder) / f"{seed}.npy", seed) for seed in (0, 1))
        before = _peak_mib()
        works: dict[str, Work] = {
            "frechet": lambda: frechet_distance(moments(a), moments(b)),
            "kernel": lambda: kernel_distance(a, b),
            "precision and the like": lambda: manifold(a, b),
        }
        for name, work in works.items():
            started = time.perf_counter()
            work()
            seconds[name] = round(time.perf_counter() - started, 1)
    return {"seconds": seconds, "features_mib": 2 * a.nbytes >> 20, "peak_memory_mib": [before, _peak_mib()]}


def _on_disk(path: Path, seed: int) -> Any:
    rows = np.random.default_rng(seed).normal(0.01 * seed, 1, (100_000, 256))
    np.save(path, rows.astype(np.float32))
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _alone(side: str, file: Path) -> int:
    network = extractor(side, file)
    with torch.inference_mode():
        for batch in torch.split(torch.randint(0, 256, (64, 3, SIDE, SIDE), dtype=torch.uint8), 16):
            network(batch)
    works(given_features(0), given_features(1))["frechet"][side]()
    return _peak_mib()


def _peak_mib() -> int:
    status = Path("/proc/self/status").read_text()  # what getrusage tells begins with the parent's peak
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
