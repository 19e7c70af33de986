"""The queue: long work waits for its turn, first come first served, without anybody who hands turns out."""

import os
import time
from collections.abc import Callable

from filelock import FileLock

from medgan.common.errors import BadInput
from medgan.common.home import jobs_folder
from medgan.jobs.job import Job, list_jobs
from medgan.jobs.records import LOCK_TIMEOUT_S, Status

POLL_S = 0.5
QUEUE_LOCK = ".queue.lock"


def slots() -> int:
    """How many long jobs may work at once: MEDGAN_SLOTS, else 1. Raises BadInput where it is no number."""
    given = os.environ.get("MEDGAN_SLOTS") or "1"
    if not given.isdecimal() or int(given) < 1:
        raise BadInput(f"MEDGAN_SLOTS is {given!r}: use a whole number from 1 up")
    return int(given)


def wait_for_slot(job_id: str, begin: Callable[[], bool], stop_requested: Callable[[], bool]) -> bool:
    """Wait until the job is first in the queue and a slot is free, then call `begin`; return what it says.

    `begin` writes that the job runs, still under the queue's lock, so that no two jobs take one slot. It says
    False where the job was cancelled meanwhile. Returns False when asked to stop.
    """
    limit = slots()
    while not stop_requested():
        with FileLock(jobs_folder() / QUEUE_LOCK, timeout=LOCK_TIMEOUT_S):
            if _is_next(job_id, limit):
                return begin()
        time.sleep(POLL_S)
    return False


def _is_next(job_id: str, limit: int) -> bool:
    """Also true for a job that left the queue: `begin` finds that out."""
    queue = [job.id for job in waiting()]
    return working() < limit and (job_id not in queue or queue[0] == job_id)


def waiting() -> list[Job]:
    """Living jobs that wait for a slot, in the order in which they will get one."""
    found = [(status.queued_at, job) for job, status in _slot_jobs() if status.state == "queued"]
    return [job for _, job in sorted(found, key=lambda pair: (pair[0], pair[1].id))]


def working() -> int:
    """How many slots are taken."""
    return sum(status.state == "running" for _, status in _slot_jobs())


def _slot_jobs() -> list[tuple[Job, Status]]:
    return [(job, job.status()) for job in list_jobs() if job.takes_slot]
