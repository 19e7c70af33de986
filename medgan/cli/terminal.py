"""What a person at a terminal sees: a progress bar or plain lines, and tables."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from medgan.common.errors import BadInput, Cancelled
from medgan.common.progress import Progress, so_far
from medgan.jobs.reporter import Speed, in_words

LINE_EVERY_S = 10.0


class Lines:
    """Progress as plain lines on standard error: the first report, one at most every ten seconds, the last."""

    def __init__(self) -> None:
        self._printed_at = float("-inf")
        self._speed = Speed()
        self._waiting = ""

    def update(self, done: int, total: int, message: str = "") -> None:
        if not total:  # nothing to count yet: said once
            if message != self._waiting:
                self._waiting = message
                print(message, file=sys.stderr, flush=True)
            return
        clock_s = time.monotonic()
        left_s = self._speed.seconds_left(done, total, clock_s)
        if done < total and clock_s - self._printed_at < LINE_EVERY_S:
            return
        self._printed_at = clock_s
        left = f", {in_words(left_s)} left" if left_s else ""
        print(f"{message or 'working'}: {so_far(done, total)}{left}", file=sys.stderr, flush=True)

    def stop_requested(self) -> bool:
        return False


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A bar where standard error is a terminal, else plain lines."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    with _bar() as bar:
        yield bar


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich import progress as rich  # only where somebody looks
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task("starting", total=None)

        class Bar:
            def update(self, done: int, total: int, message: str = "") -> None:
                display.update(task, completed=done, total=total or None, description=message or "working")

            def stop_requested(self) -> bool:
                return False

        yield Bar()


def agreed(terms: str) -> bool:
    """Whether the person at the terminal says yes to a download; nobody there is a no."""
    if not sys.stdin.isatty():
        return False
    print(f"{terms}\nDownload it? [y/N] ", end="", file=sys.stderr, flush=True)  # standard output is for answers
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def confirm(terms: str, command: str) -> None:
    """Let the person at the terminal decide on a download; raises Cancelled on a no, BadInput where nobody is there."""
    if not sys.stdin.isatty():
        agreement = "; ".join(terms.splitlines())
        raise BadInput(f"nobody can be asked here: `{command} --yes` agrees to {agreement}")
    if not agreed(terms):
        raise Cancelled("nothing was downloaded")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> str:
    """Left-aligned columns, or a sentence where there is nothing to show."""
    if not rows:
        return empty
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def facts(pairs: Sequence[tuple[str, object]]) -> str:
    """One fact a line, names in a column; facts without a value are left out."""
    shown = [(name, value) for name, value in pairs if value not in (None, "", [], ())]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in shown)
