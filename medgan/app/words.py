"""Numbers, times and errors as people say them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import streamlit as st

from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.jobs import in_words
from medgan.jobs.execution import how_it_ended

NOTHING = "·"


@contextmanager
def plainly() -> Iterator[None]:
    """Show what the user can mend as one line instead of a traceback; the rest of the page goes on."""
    try:
        yield
    except Exception as error:
        st.error(plain(reason(error)), icon=":material/error:")


def reason(error: Exception) -> str:
    """What the user can mend, in one line: bad input, a full disk or memory. Raises again what nobody expected."""
    if isinstance(error, BadInput | WorkFailed | Cancelled):
        return str(error)
    _, failure, told = how_it_ended(error)
    if failure == "unexpected":
        raise error  # a fault of the program: its trace is what helps
    return told


def plain(text: str) -> str:
    """Text from elsewhere (file names, messages) that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>#|~$:])", r"\\\1", " ".join(text.split()))


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 image`, `1,200 images`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def ago(moment: datetime) -> str:
    """How long ago, roughly: `just now`, `12 min ago`, `3 days ago`."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 36 * 3600:
        return f"{in_words(seconds)} ago"
    return f"{round(seconds / 86400)} days ago"


def time_left(seconds: float | None) -> str:
    """Estimated time left, empty where it is not known."""
    return "" if seconds is None else f"about {in_words(seconds)} left"


def listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
