"""How long work says how far it is, and learns that it should stop."""

from typing import Protocol


class Progress(Protocol):
    """What a piece of long work reports to; a job folder, a terminal and a test each have one."""

    def update(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` units are finished."""

    def stop_requested(self) -> bool:
        """Whether the work should stop at the next safe point (and raise Cancelled)."""


class Silent:
    """Reports to nobody and is never asked to stop."""

    def update(self, done: int, total: int, message: str = "") -> None:
        pass

    def stop_requested(self) -> bool:
        return False
