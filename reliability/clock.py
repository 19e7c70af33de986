"""A clock that is set back by days in the midst of work."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from medgan.jobs import Job
from medgan.jobs.records import PROGRESS
from reliability import pages
from reliability.tally import Fault, Tally
from reliability.workplace import LOOK_EVERY_S, Workplace, environment

BACK, FORTH = "-3d", "+3d"


@cache
def library() -> Path | None:
    """The library that stands between a program and the system's clock; None where it is not installed."""
    found = shutil.which("faketime") and sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None


def set_back(place: Workplace, tally: Tally, kinds: Sequence[str]) -> None:
    """Set the clock back by three days in the midst of each kind of work, and look at it from either time."""
    found = library()
    if found is None:
        tally.skip("clock", "needs libfaketime (on Debian: apt install faketime)")
        return
    for kind in kinds:
        with tally.fault("clock", kind, "set back by 3 days in its midst") as fault:
            told = place.home.with_name("clock")
            told.write_text("+0d")
            with environment(**_faked(found, told)):
                job = place.submit(kind)
            while job.status().active and not (job.folder / PROGRESS).exists():
                time.sleep(LOOK_EVERY_S)
            told.write_text(BACK)
            for shift in (BACK, FORTH):  # somebody whose clock is another looks at it
                told_by = _status_seen_at(found, told.with_name("clock of another"), shift, job)
                fault.require(told_by in {"running", "done"}, f"seen at {shift}, its job is {told_by}")
            pages.check(fault, ("jobs",))
            place.check_done(fault, job)
            _check_times(fault, place, kind)
        place.reset(kind)


def _faked(found: Path, told: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
        "NO_FAKE_STAT": "1",
    }


def _status_seen_at(found: Path, told: Path, shift: str, job: Job) -> str:
    """The state of a job as the command line says it where the clock is another."""
    told.write_text(shift)
    command = [sys.executable, "-m", "medgan", "jobs", "show", job.id, "--log", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | _faked(found, told))
    return str(json.loads(done.stdout)["state"])


def _check_times(fault: Fault, place: Workplace, kind: str) -> None:
    """No duration below zero, in the curves and in the manifest."""
    folder = place.folder(kind)
    summary = json.loads((folder / "manifest.json").read_text())["summary"]
    fault.require(summary.get("seconds", 0) >= 0, "its manifest tells a time below zero")
    losses = folder / "losses.jsonl"
    seconds = [json.loads(line)["seconds"] for line in losses.read_text().splitlines()] if losses.exists() else []
    fault.require(seconds == sorted(seconds), "its curve runs back in time")
