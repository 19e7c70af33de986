"""Work that counts, for tests of jobs: it can wait at a gate, fail in every way, and goes on where it stopped."""

import errno
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.home import home
from medgan.common.progress import Progress
from medgan.common.spread import Call, Spread
from medgan.jobs.work import Work


class FakeConfig(Config):
    name: str = "fake"
    steps: int = 4
    gate: Path | None = None
    """Where given, the second half of the steps begins when this file exists."""
    stubborn: bool = False
    """Ignore that it should stop."""
    ending: Literal["done", "bad input", "work", "crash", "memory", "gpu memory", "disk"] = "done"


@dataclass(frozen=True)
class Counted:
    id: str
    name: str
    folder: Path


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


ENDINGS = {
    "bad input": BadInput("fake.png: cannot be read"),
    "work": WorkFailed("the numbers\ndiverged"),
    "crash": ValueError("two\nlines"),
    "memory": MemoryError(),
    "gpu memory": OutOfMemoryError("CUDA out of memory"),
    "disk": OSError(errno.ENOSPC, "No space left on device"),
}


def count(config: FakeConfig, progress: Progress) -> Counted:
    """Count to `steps`, one file a step; a second run begins after the files that are there."""
    folder = home() / "fake" / config.name
    folder.mkdir(parents=True, exist_ok=True)
    for step in range(len(list(folder.iterdir())), config.steps):
        while config.gate and step >= config.steps // 2 and not config.gate.exists():
            _stop_if_asked(config, progress)
            time.sleep(0.02)
        _stop_if_asked(config, progress)
        (folder / f"{step}").write_text(str(time.monotonic()))
        print("counted", step, flush=True)
        progress.update(step + 1, config.steps, "counting")
    if config.ending != "done":
        raise ENDINGS[config.ending]
    return Counted(f"counted-{config.name}", config.name, folder)


def _stop_if_asked(config: FakeConfig, progress: Progress) -> None:
    if progress.stop_requested() and not config.stubborn:
        raise Cancelled("stopped while counting")


def count_apart(config: FakeConfig, progress: Progress, spread: Spread) -> Counted:
    """Have each number counted apart; of those that come back a file each is kept, and the second never does."""
    folder = home() / "fake" / config.name
    folder.mkdir(parents=True)
    for _, number in spread(count_one, [Call(f"number {n}", (folder, n)) for n in range(config.steps)], progress):
        (folder / f"kept-{number}").touch()
        while len(list(folder.glob("counted-*"))) < config.steps:
            time.sleep(0.02)
        time.sleep(1.0)  # all have ended by now
    return Counted(f"counted-{config.name}", config.name, folder)


def count_one(folder: Path, number: int, _: Progress) -> int:
    (folder / f"counted-{number}").touch()
    if number == 1:
        raise ENDINGS["work"]
    return number


KINDS = {
    "count": Work("Count", "fake_work:FakeConfig", "fake_work:count"),
    "long_count": Work("Count in turn", "fake_work:FakeConfig", "fake_work:count", takes_slot=True),
    "count_apart": Work("Count apart", "fake_work:FakeConfig", "fake_work:count_apart", spreads=True),
}
