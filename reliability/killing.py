"""SIGKILL at random moments: what the system does when memory runs out, and what a power cut looks like."""

import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from medgan.jobs import Job
from medgan.jobs.processes import same_process, wait_until_gone
from medgan.jobs.records import PROGRESS
from reliability import pages
from reliability.tally import Tally
from reliability.workplace import LOOK_EVERY_S, PATIENCE_S, Workplace

KILLS_IN_A_ROW = 4
"""So often a job is killed before it is let through."""
EARLY = 0.2
"""Share of the kills that come before the work has begun to report: while the program is loaded."""
OTHER_PAGES_EVERY = 10
"""Each kill is looked for on the Jobs page; after so many, the Overview and the work's own page are drawn as well, and
the server is started anew."""


def kill(place: Workplace, tally: Tally, rng: random.Random, kills: int, kinds: Sequence[str]) -> None:
    """Kill work of all kinds in turn until so many kills have struck living work."""
    left = kills
    for kind in _forever(kinds):
        if left <= 0:
            return
        left -= _struck(place, tally, rng, kind, min(KILLS_IN_A_ROW, left))
        place.reset(kind)


def _forever(kinds: Sequence[str]) -> Iterator[str]:
    while True:
        yield from kinds


def _struck(place: Workplace, tally: Tally, rng: random.Random, kind: str, kills: int) -> int:
    """Kill one job so often, then let it through; returns the kills that struck it alive."""
    job = place.submit(kind)
    struck = 0
    for _ in range(kills):
        moment, when = _moment(place, rng, kind)
        if not _wait(job, moment, begun=when == "at work"):
            break  # it was quicker
        what = f"{moment:.2f} s into its work" if when == "at work" else f"{moment:.2f} s after its start"
        try:
            kill_session(job)
        except TooLate:
            break  # that it is done, and well, is looked at below
        struck += 1
        with tally.fault("kill", kind, what) as fault:
            place.check_stopped(fault, job)
            pages.check(fault, ("jobs",), said=["killed, out of memory"], where="jobs")
            if len(tally.faults) % OTHER_PAGES_EVERY == 0:
                pages.check(fault, ("overview", place.works[kind].page))
                pages.check_server(fault)
            job.resume()
    with tally.fault("kill", kind, f"let through after {struck}", injected=False) as fault:
        place.check_done(fault, job)
    return struck


def _moment(place: Workplace, rng: random.Random, kind: str) -> tuple[float, str]:
    work = place.works[kind]
    if rng.random() < EARLY:
        return rng.uniform(0.0, work.begins_s), "loading"
    return rng.uniform(0.0, work.takes_s - work.begins_s), "at work"


def _wait(job: Job, moment_s: float, *, begun: bool) -> bool:
    """Wait until the moment; whether the job was alive then."""
    while begun and job.status().active and not (job.folder / PROGRESS).exists():
        time.sleep(LOOK_EVERY_S)
    deadline = time.monotonic() + moment_s
    while job.status().active and time.monotonic() < deadline:
        time.sleep(min(LOOK_EVERY_S, max(0.0, deadline - time.monotonic())))
    return job.status().active and job.status().pid is not None


class TooLate(Exception):
    """A job ended in the very moment in which it was to be killed."""


def kill_session(job: Job) -> None:
    """Kill a job's process and all that it started; raises TooLate where it has written its end before."""
    status = job.status()
    with suppress(ProcessLookupError):
        if status.pid and same_process(status.pid, status.process_start):
            os.killpg(status.pid, signal.SIGKILL)
            wait_until_gone(status.pid, status.process_start, PATIENCE_S)
    if (state := job.status().state) != "interrupted":
        raise TooLate(f"job {job.id} was {state} when it was killed")
