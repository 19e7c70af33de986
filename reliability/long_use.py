"""What comes of a long use: acts, errors, what server and training held, and whether that is within its bounds."""

import statistics
from collections import Counter
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

from medgan.common.repro import environment

WARM_UP = 1 / 3
"""Share of the time in which caches may still fill; growth is what comes after."""
SERVER_MIB, TRAINING_MIB, GROWN_MIB, GROWN_FILES, GROWN_THREADS = 2_000, 1_500, 200, 40, 40
"""Bounds: memory of the server and of the training, and what may come to either after the warm-up."""
ACTS = {"turn": 2.0, "press": 6.0, "move": 2.0, "back": 0.5, "load": 0.3}
"""What users do, and how often beside the rest."""
MANY_ACTS = 300
"""After so many, each kind of act has come to something, or no longer works."""


@dataclass
class Sample:
    """What server and training held at one moment."""

    minute: float
    server_mib: float
    server_files: int
    server_threads: int
    training_mib: float
    training_step: int


@dataclass
class LongUse:
    """What happened."""

    minutes: float
    users: int
    acts: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    """Acts that came to nothing, as what was to be pressed was drawn anew in that moment."""
    errors: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def count(self, act: str, *, done: bool) -> None:
        """Count an act; users count at the same time."""
        with self._lock:
            (self.acts if done else self.missed)[act] += 1

    def settled_samples(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.minute >= WARM_UP * self.minutes]

    def growth(self, name: str) -> float:
        """Median of the last fifth of the time after the warm-up, less that of its first fifth."""
        values = [getattr(sample, name) for sample in self.settled_samples()]
        fifth = max(1, len(values) // 5)
        return float(statistics.median(values[-fifth:]) - statistics.median(values[:fifth]))

    def never(self) -> list[str]:
        """Acts that never came to anything, though there was time for it."""
        return [act for act in ACTS if not self.acts[act]] if self.acts.total() >= MANY_ACTS else []

    def judged(self) -> dict[str, str]:
        """Each promise with what is wrong, or an empty string."""
        most_server = max(sample.server_mib for sample in self.samples)
        most_training = max(sample.training_mib for sample in self.samples)
        return {
            "no error": self.errors[0] if self.errors else "",
            "every act": ", ".join(self.never()),
            "server memory": over(most_server, SERVER_MIB),
            "server growth": over(self.growth("server_mib"), GROWN_MIB),
            "server open files": over(self.growth("server_files"), GROWN_FILES),
            "server threads": over(self.growth("server_threads"), GROWN_THREADS),
            "training memory": over(most_training, TRAINING_MIB),
            "training growth": over(self.growth("training_mib"), GROWN_MIB),
            "training went on": "" if self.growth("training_step") > 0 else "no step was taken after the warm-up",
        }

    def report(self) -> dict[str, Any]:
        names = ("server_mib", "server_files", "server_threads", "training_mib", "training_step")
        return {
            "minutes": round(self.minutes, 1),
            "users": self.users,
            "acts": dict(self.acts.most_common()),
            "missed": dict(self.missed.most_common()),
            "errors": self.errors,
            "growth_after_warm_up": {name: round(self.growth(name), 1) for name in names},
            "most": {name: round(max(getattr(sample, name) for sample in self.samples), 1) for name in names},
            "judged": self.judged(),
            "samples": [asdict(sample) for sample in self.samples[:: max(1, len(self.samples) // 60)]],
            "environment": environment(),
        }


def over(value: float, bound: float) -> str:
    return "" if value <= bound else f"{value:.0f}, bound {bound:.0f}"
