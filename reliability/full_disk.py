"""A disk that fills up while work is under way."""

import random
from collections.abc import Sequence
from pathlib import Path

from medgan.common.errors import BadInput
from medgan.jobs import Job, list_jobs
from reliability import mounts, pages
from reliability.tally import Fault, Tally
from reliability.workplace import LOOK_EVERY_S, PATIENCE_S, Workplace

DISK_MIB = 256
FULL = "the disk is full"


def fill(place: Workplace, tally: Tally, rng: random.Random, kinds: Sequence[str], levels: int) -> None:
    """Let work begin with less room than it needs, so many times a kind: from one block on, and often with few."""
    if reason := mounts.why_not():
        tally.skip("disk", reason)
        return
    with mounts.small_disk(place.home, DISK_MIB):
        for kind in kinds:
            needs = sum(path.stat().st_size for path in _made_undisturbed(place, kind).rglob("*") if path.is_file())
            for _ in range(levels):
                room = int(mounts.BLOCK * max(needs / mounts.BLOCK, 10) ** rng.random())
                with tally.fault("disk", kind, f"{room / 1024:.0f} KiB of {needs / 1024:.0f} left") as fault:
                    _work_without_room(place, fault, kind, room)
                place.reset(kind)


def _made_undisturbed(place: Workplace, kind: str) -> Path:
    return place.home.with_name("undisturbed") / place.works[kind].folder


def _work_without_room(place: Workplace, fault: Fault, kind: str, room: int) -> None:
    ballast = place.home / "ballast"
    try:
        mounts.leave(ballast, room)
        job = place.submit(kind)
        status = job.wait(PATIENCE_S, LOOK_EVERY_S)
        if status.state == "done":
            fault.injected = False  # there was room enough
            return place.check_made(fault, kind)
        pages.check(fault, ("overview", "jobs"), said=[FULL], where="jobs")
        pages.check_server(fault)
        _press_without_room(fault, job)
        ballast.unlink()
        place.check_stopped(fault, job, states=("failed",), words=FULL)
        return place.check_resumed(fault, job)
    except (BadInput, OSError) as error:  # no room even for the job: it says so at once
        fault.require(FULL in str(error) or "No space left" in str(error), f"submitting says {error}")
        fault.require(not list_jobs(), "a job was left behind that could not be begun")
        ballast.unlink(missing_ok=True)
        return place.check_done(fault, place.submit(kind))
    finally:
        ballast.unlink(missing_ok=True)


def _press_without_room(fault: Fault, job: Job) -> None:
    """New work does not begin, and says why; the job is tried again, and fails again for the same reason."""
    last = job.folder.parents[2] / "last"
    try:
        mounts.leave(last, 0)
        pages.draw_phantoms(fault, FULL)
        pages.press(fault, pages.page("jobs"), "Try again")
        job.wait(PATIENCE_S, LOOK_EVERY_S)
        pages.check(fault, ("jobs",), said=[FULL], where="jobs")
    finally:
        last.unlink(missing_ok=True)
