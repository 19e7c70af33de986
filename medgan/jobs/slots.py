"""The queue: long work waits for its turn, first come first served, without anybody who hands turns out."""

import os
import time
from collections.abc import Callable

from filelock import FileLock

from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import jobs_folder
from medgan.jobs import execution
from medgan.jobs.job import Job, active_jobs
from medgan.jobs.records import CANCELLED_WAITING, LOCK_TIMEOUT_S

POLL_S = 0.5
QUEUE_LOCK = ".queue.lock"
Ahead = Callable[[list[Job]], None]
"""Is told, again and again, which jobs a waiting one stands behind."""


def slots() -> int:
    """How many long jobs may work at once: MEDGAN_SLOTS, else 1. Raises BadInput where it is no number."""
    given = os.environ.get("MEDGAN_SLOTS") or "1"
    if not given.isdecimal() or int(given) < 1:
        raise BadInput(f"MEDGAN_SLOTS is {given!r}: use a whole number from 1 up")
    return int(given)


def take_turn(
    job: Job, attempt: int, stop_requested: Callable[[], bool], behind: Ahead | None = None, *, at_once: bool = False
) -> bool:
    """Wait until the attempt may begin and write that it runs; where it may not, its status says why.

    Short work, and what is to start at once, takes its turn without waiting. Returns False where the job was
    cancelled meanwhile; raises Cancelled when asked to stop in another way.
    """

    def begin() -> bool:
        return execution.begin(job.folder, attempt)

    try:
        if at_once or not job.takes_slot:
            return begin()
        came = _wait_for_slot(job, begin, stop_requested, behind)
        if not came and job.status().state == "queued":  # asked to stop by a signal, not by `cancel`
            raise Cancelled(CANCELLED_WAITING)
    except BaseException as error:
        execution.record_end(job.folder, attempt, error)
        raise
    return came


def _wait_for_slot(
    job: Job, begin: Callable[[], bool], stop_requested: Callable[[], bool], behind: Ahead | None
) -> bool:
    """Wait until the job is first in the queue and a slot is free, then call `begin`; return what it says.

    `begin` writes that the job runs, still under the queue's lock, so that no two jobs take one slot. It says
    False where the job was cancelled meanwhile. Returns False when asked to stop. Whoever called `start_now` on the
    job ends its waiting.
    """
    limit = slots()
    while not stop_requested():
        with FileLock(jobs_folder() / QUEUE_LOCK, timeout=LOCK_TIMEOUT_S):
            working, before = _standing_before(job)
            if (len(working) < limit and not before) or job.status().at_once:
                return begin()
        if behind:
            behind(working + before)
        time.sleep(POLL_S)
    return False


def waiting() -> list[Job]:
    """Living jobs that wait for a slot, in the order in which they will get one."""
    return _standing()[1]


def ahead_of(job: Job) -> list[Job]:
    """The jobs that a waiting one stands behind: those that work, then those before it in the queue."""
    working, before = _standing_before(job)
    return working + before


def _standing_before(job: Job) -> tuple[list[Job], list[Job]]:
    """The jobs that hold a slot, and those that will get one before this one."""
    working, queue = _standing()
    # A job that left the queue has nobody before it: `begin` finds that out.
    return working, queue[: queue.index(job)] if job in queue else []


def _standing() -> tuple[list[Job], list[Job]]:
    """The jobs that hold a slot, and those that wait for one in their order."""
    found = [(status, job) for job, status in active_jobs() if job.takes_slot]
    queue = sorted((status.queued_at, job.id, job) for status, job in found if status.state == "queued")
    return [job for status, job in found if status.state == "running"], [job for _, _, job in queue]
