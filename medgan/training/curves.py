"""Curves of a training: files that grow by a row at a time, and what a checkpoint keeps of them."""

import time
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from medgan.common.artefact import write_atomic
from medgan.common.jsonl import append_jsonl, read_jsonl, write_jsonl
from medgan.models.task import Losses
from medgan.training.run import LOSSES_FILE, SCORES_FILE

FILES = {LOSSES_FILE, SCORES_FILE}
KEPT_MOST_BYTES = 15_000_000
"""Longer ones stay out: safetensors reads no file with more than 100 MB of words, where a byte may take up six."""


def kept(folder: Path) -> dict[str, str]:
    """The text of a run's curves as they are, for its checkpoint; without those that it has no room for."""
    paths = [folder / name for name in sorted(FILES)]
    fitting = [path for path in paths if path.exists() and path.stat().st_size <= KEPT_MOST_BYTES]
    return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in fitting}


def put_back(folder: Path, facts: Mapping[str, str]) -> None:
    """Write a run's curves as its checkpoint holds them, whatever a fault did to their files; some hold none."""
    for name in FILES & facts.keys():
        write_atomic(folder / name, facts[name])


class Curves:
    """The losses as JSON lines: each line holds the means since the line before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sums: dict[str, Tensor] = {}
        self.count = 0
        self._started = time.monotonic()

    def add(self, losses: Losses) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value.clone()
        self.count += 1

    def flush(self, step: int) -> str:
        """Append the means as one line; returns them in words."""
        means = {name: round(float(total) / self.count, 6) for name, total in self.sums.items()}
        row = {"step": step, "seconds": round(self.seconds(), 2), **dict(sorted(means.items()))}
        append_jsonl(self.path, row)
        self.clear()
        return f"generator {means['generator']:.3f}, discriminator {means['discriminator']:.3f}"

    def clear(self) -> None:
        self.sums, self.count = {}, 0

    def seconds(self) -> float:
        """Seconds of training so far, over all attempts."""
        return time.monotonic() - self._started

    def restore(self, seconds: float, sums: dict[str, Tensor], count: int) -> None:
        """Go on from what had been added up after so many seconds."""
        self.sums, self.count = dict(sums), count
        self._started = time.monotonic() - seconds

    def rewind(self, step: int) -> None:
        """Forget what was logged after `step`, as a resumed run will log it again."""
        write_jsonl(self.path, [row for row in read_jsonl(self.path, step=int) if row["step"] <= step])
