"""A workspace that can no longer be written to, as when a network disk goes read-only."""

import time
from collections.abc import Sequence

from medgan.common.errors import BadInput
from medgan.jobs import list_jobs
from medgan.jobs.records import PROGRESS
from reliability import mounts, pages
from reliability.tally import Tally
from reliability.workplace import LOOK_EVERY_S, PATIENCE_S, Workplace

SAID = "read-only"
REFUSED = "Read-only file system"


def make_read_only(place: Workplace, tally: Tally, kinds: Sequence[str], shown: Sequence[str] = pages.ALL) -> None:
    """Before any work, then in the midst of each kind."""
    if reason := mounts.why_not():
        tally.skip("read-only", reason)
        return
    with tally.fault("read-only", "all kinds", "before work begins") as fault, mounts.read_only(place.home):
        for kind in kinds:
            try:
                place.submit(kind)
                fault.require(False, f"{kind} began")
            except BadInput as error:
                fault.require(REFUSED in str(error), f"{kind} says {error}")
        pages.check(fault, shown, said=[SAID])
        pages.draw_phantoms(fault, REFUSED)
        pages.check_server(fault)
    for kind in kinds:
        with tally.fault("read-only", kind, "in its midst") as fault:
            job = place.submit(kind)
            while job.status().active and not (job.folder / PROGRESS).exists():
                time.sleep(LOOK_EVERY_S)
            with mounts.read_only(place.home):
                status = job.wait(PATIENCE_S, LOOK_EVERY_S)
                fault.require(status.state in {"interrupted", "done"}, f"its job says {status.state}: {status.reason}")
                pages.check(fault, ("overview", "jobs", place.works[kind].page), said=[SAID])
                for label in ("Resume", "Forget") if status.resumable else ("Forget",):
                    pages.press(fault, pages.page("jobs"), label, REFUSED)
            fault.injected = job.status().state != "done"  # it may have been quicker
            if fault.injected:
                place.check_stopped(fault, job, states=("interrupted",))
                job.resume()
            place.check_done(fault, job)
        place.reset(kind)
    with tally.fault("read-only", "all kinds", "writable again", injected=False) as fault:
        fault.require(not list_jobs(), "jobs were left behind")
        place.check_shelf(fault)
