"""What the fake work leaves behind, step by step."""

from collections.abc import Callable
from pathlib import Path

Eventually = Callable[[Callable[[], bool]], None]
STEPS = ["0", "1", "2", "3"]


def counted(home: Path, name: str = "fake") -> list[str]:
    return sorted(path.name for path in (home / "fake" / name).glob("*"))


def half_done(home: Path, name: str = "fake") -> Callable[[], bool]:
    return lambda: len(counted(home, name)) == 2
