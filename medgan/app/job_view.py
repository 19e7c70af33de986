"""Jobs as a page shows them: state, progress, time left, and the buttons that apply."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import streamlit as st

from medgan import jobs
from medgan.app import cached
from medgan.app.words import ago, plain, plainly, time_left
from medgan.common.progress import so_far
from medgan.jobs import Job, State, Status, ahead_of, in_words
from medgan.jobs.records import now

STATES: dict[State, tuple[str, str, str]] = {
    "queued": ("Waiting", "blue", ":material/hourglass_empty:"),
    "running": ("Running", "blue", ":material/play_circle:"),
    "done": ("Done", "green", ":material/check_circle:"),
    "failed": ("Failed", "red", ":material/error:"),
    "cancelled": ("Cancelled", "gray", ":material/cancel:"),
    "interrupted": ("Interrupted", "orange", ":material/power_off:"),
    "damaged": ("Damaged", "red", ":material/broken_image:"),
}
START_NOW = "Works beside what runs already: both become slower, and both need room in memory."
GOES_ON = {"train", "study", "demo", "download"}
"""Kinds of work that go on where they were stopped, so that stopping is a pause."""
RECENT = timedelta(minutes=10)
LATELY = timedelta(hours=12)
"""So long is stopped work looked at, whether somebody resumed it elsewhere."""


def working(*kinds: str) -> frozenset[str]:
    """Ids of the jobs of some kinds, or of all, that run or wait."""
    return frozenset(job.id for job, _ in active_jobs() if not kinds or job.kind in kinds)


def resting(*kinds: str) -> bool:
    """Whether there are jobs of some kinds, or of all, that stopped lately and may be resumed from elsewhere."""
    return any(_rests(job.status()) for job in cached.jobs() if not kinds or job.kind in kinds)


def _rests(status: Status) -> bool:
    return status.resumable and (status.finished is None or now() - status.finished < LATELY)


def active_jobs() -> list[tuple[Job, Status]]:
    """Jobs that work, then those that wait in the order in which they began to."""
    return sorted(jobs.active_jobs(), key=_place)


def in_order() -> list[tuple[Job, Status]]:
    """All jobs: those that work, those that wait in their order, the others by when they last changed, newest first."""
    return sorted(((job, job.status()) for job in cached.jobs()), key=_place)


def _place(found: tuple[Job, Status]) -> tuple[int, float]:
    job, status = found
    if status.active:
        return int(status.state == "queued"), status.queued_at.timestamp()
    times: Iterable[datetime | None] = (job.submitted, status.queued_at, status.finished)
    return 2, -max(time.timestamp() for time in times if time)


def jobs_of(kind: str) -> list[Job]:
    """Jobs of a kind, newest first."""
    return [job for job in cached.jobs() if job.kind == kind]


def worth_showing(status: Status) -> bool:
    """Whether a job belongs beside the form that started it: it is at work, or ended a moment ago."""
    return status.active or (status.finished is not None and now() - status.finished < RECENT)


def state_badge(status: Status) -> None:
    """The state in a word, a colour and a sign."""
    word, colour, icon = STATES[status.state]
    if status.cancelling:
        word, colour = "Stopping", "orange"
    elif status.state == "cancelled" and status.resumable:
        word = "Stopped"
    st.badge(word, color=colour, icon=icon)  # type: ignore[arg-type]


def progress_line(job: Job, status: Status) -> None:
    """Bar, message and time left of a job at work; the reason of one that ended badly."""
    if status.state == "queued":
        st.caption(_why_waiting(job, status))
    elif status.state == "running":
        progress = job.progress()
        if progress is None:
            st.progress(0.0, "Starting …")
            return
        parts = [so_far(progress.done, progress.total), progress.message, time_left(progress.seconds_left)]
        st.progress(progress.fraction, plain(" · ".join(part for part in parts if part)))
    elif status.reason:
        sign = ":material/error:" if status.state in {"failed", "damaged"} else ":material/info:"
        st.caption(f"{sign} {plain(status.reason)}")


def _why_waiting(job: Job, status: Status) -> str:
    """Behind what a job waits, how long about, and how that is cut short."""
    ahead = ahead_of(job) if job.takes_slot and not status.at_once else []
    if not ahead:
        return "About to start."
    first, more = ahead[0], len(ahead) - 1
    at_work = [other for other in ahead if other.status().state == "running"]
    progress = first.progress() if at_work == [first] else None  # of several, the longest would count
    left = time_left(progress.seconds_left) if progress else ""
    title = first.title + (f" ({left})" if left else "") + (f" and {more} more" if more else "")
    return plain(
        f"Waits behind {title}: long work runs one after the other. Pause or stop that on the Jobs page, or start now."
    )


def when(job: Job, status: Status) -> str:
    """When it was asked for and how long all its attempts took."""
    words = ago(job.submitted)
    if status.started and status.took_s is not None:
        words += f" · took {in_words(status.took_s)}"
    return words + (" · on Ray" if job.executor_name == "ray" else "")


def buttons(job: Job, status: Status, key: str) -> None:
    """Cancel what is active; start what waits; resume what stopped."""
    if status.active:
        again = status.cancelling
        pauses = job.kind in GOES_ON and status.state == "running"
        words = "Stop at once" if again else "Pause" if pauses else "Cancel"
        icon = ":material/pause_circle:" if words == "Pause" else ":material/stop_circle:"
        if st.button(words, key=f"{key}:cancel:{job.id}", icon=icon, help=_cancel_help(again)):
            _act(job.cancel)
    held_up = status.state == "queued" and job.takes_slot and not status.at_once
    if held_up and st.button("Start now", key=f"{key}:start:{job.id}", icon=":material/play_circle:", help=START_NOW):
        _act(job.start_now)
    if status.resumable:
        words = "Try again" if status.state == "failed" else "Resume"
        if st.button(words, key=f"{key}:resume:{job.id}", icon=":material/replay:"):
            _act(job.resume)


def forget_button(job: Job, status: Status, key: str) -> None:
    """Take what ended off the list."""
    if not status.active and st.button(
        "Forget",
        key=f"{key}:forget:{job.id}",
        icon=":material/delete:",
        type="tertiary",
        help="Removes this entry and its log; what the job made stays.",
    ):
        _act(job.delete)


def _cancel_help(again: bool) -> str:
    return "Ends it without waiting for a safe point" if again else "Stops at the next safe point and keeps what it has"


def _act(action: Callable[[], object]) -> None:
    with plainly():
        action()
        st.rerun(scope="app")
