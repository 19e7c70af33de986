"""A disk that fills up while work is under way."""

import os
import random
from collections.abc import Sequence
from pathlib import Path

from medgan.common.errors import BadInput
from medgan.jobs import list_jobs
from reliability import mounts, pages
from reliability.tally import Fault, Tally
from reliability.workplace import LOOK_EVERY_S, PATIENCE_S, Workplace

DISK_MIB = 256
FULL = "the disk is full"
BLOCK = 4096


def fill(place: Workplace, tally: Tally, rng: random.Random, kinds: Sequence[str], levels: int) -> None:
    """Let work begin with less room than it needs, so many times a kind, at random places in what it writes."""
    if reason := mounts.why_not():
        tally.skip("disk", reason)
        return
    with mounts.small_disk(place.home, DISK_MIB):
        for kind in kinds:
            needs = sum(path.stat().st_size for path in _made_undisturbed(place, kind).rglob("*") if path.is_file())
            for _ in range(levels):
                room = rng.randrange(8 * BLOCK, max(needs, 10 * BLOCK))
                with tally.fault("disk", kind, f"{room / 1024:.0f} KiB of {needs / 1024:.0f} left") as fault:
                    _work_without_room(place, fault, kind, room)
                place.reset(kind)


def _made_undisturbed(place: Workplace, kind: str) -> Path:
    return place.home.with_name("undisturbed") / place.works[kind].folder


def _work_without_room(place: Workplace, fault: Fault, kind: str, room: int) -> None:
    ballast = place.home / "ballast"
    try:
        _leave(ballast, room)
        job = place.submit(kind)
        status = job.wait(PATIENCE_S, LOOK_EVERY_S)
        if status.state == "done":
            fault.injected = False  # there was room enough
            return place.check_made(fault, kind)
        pages.check(fault, ("overview", "jobs"), said=[FULL], where="jobs")
        pages.check_server(fault)
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


def _leave(ballast: Path, room: int) -> None:
    """Fill the disk up but for so many bytes."""
    disk = os.statvfs(ballast.parent)
    with open(ballast, "wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, disk.f_bavail * disk.f_frsize - room)
