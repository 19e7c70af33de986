"""Several processes on the same things: jobs, dashboards, and somebody who deletes what others look at."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streamlit.testing.v1 import AppTest

from medgan.common.artefact import remove_artefact
from medgan.data.dataset import list_datasets
from medgan.jobs import Job, list_jobs
from medgan.jobs.damage import look
from medgan.jobs.records import PROGRESS
from medgan.studies.quality import list_reports
from medgan.studies.reader import list_sessions
from medgan.studies.study import list_studies
from medgan.studies.synthesis import list_sets
from medgan.training.run import list_runs
from reliability import pages
from reliability.damaging import Backup
from reliability.tally import Fault, Tally
from reliability.workplace import LOOK_EVERY_S, PATIENCE_S, Workplace, environment

LISTINGS = (list_datasets, list_runs, list_sets, list_reports, list_sessions, list_studies, list_jobs, look)
ROUNDS = 40
LOOKED_AT = {
    "datasets": ("data", {"view": "look", "dataset": "{id}"}),
    "checkpoints": ("train", {"view": "watch", "trained": "{id}"}),
    "sets": ("generate", {"view": "saved", "set": "{id}"}),
    "quality": ("quality", {"view": "scores"}),
    "readers": ("reader_study", {"view": "sessions", "session": "{id}"}),
    "studies": ("downstream", {"view": "results", "studies": "{id}"}),
}
"""The page that shows a thing, by the folder that it lies in."""
DONE_TWICE = ("prepare", "train", "generate")
"""Work that two jobs do at once."""
NEEDED_BY = {"train": "datasets", "generate": "checkpoints", "evaluate": "sets", "study": "sets"}
"""What each kind of work reads while it goes on."""


def work_together(place: Workplace, tally: Tally, kinds: tuple[str, ...] = tuple(NEEDED_BY)) -> None:
    """Everything in turn."""
    for kind in filter(place.works.__contains__, DONE_TWICE):
        _same_work_twice(place, tally, kind)
    for kind in kinds:
        _deleted_under_work(place, tally, kind)
    _deleted_under_pages(place, tally)
    _two_dashboards(place, tally)
    _listed_while_deleted(place, tally)


def _same_work_twice(place: Workplace, tally: Tally, kind: str) -> None:
    """Two jobs make the same thing at once: it is made once, and each job ends well or says who makes it."""
    with tally.fault("together", kind, "two jobs make the same at once") as fault, environment(MEDGAN_SLOTS="2"):
        jobs = [place.submit(kind) for _ in range(2)]
        ended = [job.wait(PATIENCE_S, LOOK_EVERY_S) for job in jobs]
        states = sorted(status.state for status in ended)
        told = [status.reason for status in ended if status.state == "failed"]
        said = all("by another process" in reason for reason in told)
        fault.require(states in (["done", "done"], ["done", "failed"]) and said, f"they end {states}: {told}")
        place.check_made(fault, kind)
        found = [path.name for path in place.folder(kind).parent.iterdir() if path.name.startswith("disturbed")]
        fault.require(len(found) == 1, f"there are {found}")
        place.check_shelf(fault)
    place.reset(kind)


@contextmanager
def _put_back(*folders: Path) -> Iterator[None]:
    """What is deleted in the block is there again after it."""
    backup = Backup(*folders)
    try:
        yield
    finally:
        backup.restore()
        backup.delete()


def _deleted_under_work(place: Workplace, tally: Tally, kind: str) -> None:
    """What a job reads is deleted in its midst: it ends well, or in one line, and is resumed when it is back."""
    needed = _shelved(place, NEEDED_BY[kind])
    what = f"the {needed.name.rsplit('-', 3)[0]} that it reads is deleted in its midst"
    with tally.fault("together", kind, what) as fault:
        with _put_back(needed):
            job = place.submit(kind)
            while job.status().active and not (job.folder / PROGRESS).exists():
                time.sleep(LOOK_EVERY_S)
            remove_artefact(needed)
            status = job.wait(PATIENCE_S, LOOK_EVERY_S)
            in_one_line = status.state == "failed" and status.failure == "bad input"
            fault.require(status.state == "done" or in_one_line, f"its job says {status.state}: {status.reason}")
            fault.require("Traceback" not in job.log_tail(), "its log holds a traceback")
            pages.check(fault, ("overview", "jobs", place.works[kind].page))
        if job.status().resumable:
            job.resume()
        place.check_done(fault, job)
    place.reset(kind)


def _shelved(place: Workplace, where: str) -> Path:
    """The thing on the shelf that lies in a folder of this name."""
    return next(place.home / folder for folder in place.shelf if Path(folder).parent.name == where)


def _deleted_under_pages(place: Workplace, tally: Tally) -> None:
    """What an open page shows is deleted: the page draws again, without it."""
    for where, (name, query) in LOOKED_AT.items():
        folder = _shelved(place, where)
        with tally.fault("together", "page", f"{where}: what the page {name} shows is deleted") as fault:
            address = {key: value.format(id=folder.name) for key, value in query.items()}
            app = pages.page(name, **address)
            _no_traceback(fault, app, "before")
            with _put_back(folder):
                remove_artefact(folder)
                _no_traceback(fault, pages.drawn_again(app), "after")
                _no_traceback(fault, pages.page(name, **address), "opened by its old address")


def _no_traceback(fault: Fault, app: AppTest, when: str) -> None:
    told = "; ".join(str(error.value) for error in app.exception)
    fault.require(not app.exception, f"{when}, the page shows a traceback: {told[:200]}")


def _two_dashboards(place: Workplace, tally: Tally) -> None:
    """Two people look at the same job: one stops it, the other presses what stands on a page of before."""
    with tally.fault("together", "train", "two dashboards on one job") as fault:
        job = place.submit("train")
        while job.status().active and not (job.folder / PROGRESS).exists():
            time.sleep(LOOK_EVERY_S)
        with _held(job):  # so that it does not end before both have pressed
            ours, theirs = pages.page("jobs"), pages.page("jobs")
            _both_press(fault, "cancel", job, ours, theirs)
        job.wait(PATIENCE_S, LOOK_EVERY_S)
        ours, theirs = pages.drawn_again(ours), pages.drawn_again(theirs)
        _both_press(fault, "resume", job, ours, theirs)
        place.check_done(fault, job)
        ours, theirs = pages.drawn_again(ours), pages.drawn_again(theirs)
        _both_press(fault, "forget", job, ours, theirs)
        fault.require(not list_jobs(), "the job was not forgotten")
    place.reset("train")


@contextmanager
def _held(job: Job) -> Iterator[None]:
    """The job's process stands still meanwhile."""
    pid = job.status().pid
    if pid is None:
        raise RuntimeError("it ended before it could be held")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # who presses twice ends it at once
            os.kill(pid, signal.SIGCONT)


def _both_press(fault: Fault, action: str, job: Job, ours: AppTest, theirs: AppTest) -> None:
    """Press a job's button on two pages, the second of which was drawn before the first was pressed."""
    for app, whose in ((ours, "first"), (theirs, "second")):
        buttons = [one for one in app.button if one.key and f":{action}:{job.id}" in one.key]
        fault.require(bool(buttons), f"{whose} dashboard: there is no button to {action} it")
        for button in buttons:
            pages.drawn_again(button.click())  # type: ignore[arg-type]
        _no_traceback(fault, app, f"{whose} dashboard, {action}")


def _listed_while_deleted(place: Workplace, tally: Tally) -> None:
    """Everything is listed again and again while copies of everything come and go."""
    with tally.fault("together", "all kinds", f"listed {ROUNDS} times while all come and go") as fault:
        over = threading.Event()
        coming = threading.Thread(target=_come_and_go, args=(place, over))
        coming.start()
        try:
            for _ in range(ROUNDS):
                for listing in LISTINGS:
                    listing()
        finally:
            over.set()
            coming.join()
        place.check_shelf(fault)


def _come_and_go(place: Workplace, over: threading.Event) -> None:
    folders = [place.home / folder for folder in place.shelf]
    while not over.is_set():
        copies = [folder.with_name(f"{folder.name}-copy") for folder in folders]
        for folder, copy in zip(folders, copies, strict=True):
            shutil.copytree(folder, copy)
        for copy in copies:
            remove_artefact(copy)
