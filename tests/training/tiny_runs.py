"""Tiny runs of every kind, stopped where a test wants it, and what a run is judged by."""

import hashlib
import json
from typing import Any

from medgan.training.checkpoint import read_tensors
from medgan.training.config import TrainConfig, train_config
from medgan.training.run import Run

TINY: dict[str, Any] = {
    "size": 64,
    "width": 8,
    "batch_size": 4,
    "steps": 6,
    "log_every": 2,
    "sample_every": 3,
    "checkpoint_every": 2,
    "samples": 4,
    "threads": 1,
}
VARIANTS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "dcgan": ("dcgan", "normal", {}),
    "dcgan that draws masks": ("dcgan", None, {"content": "masks", "network": "lesion_mask"}),
    "dcgan told the class": ("dcgan", None, {"conditional": True}),
    "fastgan": ("fastgan", "normal", {}),
    "fastgan with masks": ("fastgan", "normal", {"content": "images_and_masks"}),
    "pix2pix": ("pix2pix", None, {"discriminator_width": 8, "jitter": True, "flip": True, "scales": 2, "field": 22}),
    "cyclegan": (
        "cyclegan",
        None,
        {"discriminator_width": 8, "pool_size": 3, "domain_a": "normal", "domain_b": "tuberculosis", "field": 10},
    ),
}
"""GAN, class and options of each kind of run that there is."""


def tiny(variant: str = "fastgan", name: str = "tiny", **options: Any) -> TrainConfig:
    gan, label, own = VARIANTS[variant]
    return train_config(gan, "phantoms", label=label, name=name, options=TINY | own | options)


class StopAfter:
    """Asks to stop once the loop has asked so many times."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def update(self, done: int, total: int, message: str = "") -> None:
        pass

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


def content(run: Run) -> dict[str, str]:
    """Hashes of what a run is judged by: weights, curves without the clock, pictures."""
    hashes = {}
    for path in sorted(run.folder.rglob("*")):
        if path.suffix in {".safetensors", ".png"}:
            data = path.read_bytes()
            if path.suffix == ".safetensors":  # not its words: they hold the run's id and seconds
                data = b"".join(tensor.numpy().tobytes() for _, tensor in sorted(read_tensors(path)[0].items()))
            hashes[path.relative_to(run.folder).as_posix()] = hashlib.sha256(data).hexdigest()
    rows = [json.loads(line) for line in (run.folder / "losses.jsonl").read_text().splitlines()]
    hashes["losses"] = json.dumps([{k: v for k, v in row.items() if k != "seconds"} for row in rows], sort_keys=True)
    return hashes
