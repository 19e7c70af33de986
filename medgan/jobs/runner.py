"""Making a job: in the background, or here and now with the same record."""

import os
import shutil
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from medgan.common.artefact import new_id
from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import jobs_folder
from medgan.common.progress import Progress
from medgan.jobs import execution
from medgan.jobs.executor import EXECUTORS, executor_named, usual_executor
from medgan.jobs.job import Job
from medgan.jobs.records import (
    CANCELLED_WAITING,
    JOB,
    LOG,
    STATUS,
    USUAL,
    JobRecord,
    Needs,
    Status,
    hold_room,
    now,
    write_record,
)
from medgan.jobs.reporter import Reporter
from medgan.jobs.slots import slots, take_turn
from medgan.jobs.work import Artefact, work


def submit(kind: str, config: Config, *, executor: str = "", needs: Needs = USUAL) -> Job:
    """Start the work in a process of its own and return at once; it outlives this one.

    Long work waits there for its turn. `executor` is where the work is done, MEDGAN_EXECUTOR unless it is given.
    Raises BadInput for an unknown kind or executor, and where no job can be written; OSError on a full disk.
    """
    slots()  # a bad setting is better said here than in a log
    job = _create(kind, config, executor or usual_executor(), needs)
    EXECUTORS[job.executor_name].start(job.folder, attempt=1)
    return job


def run_here(
    kind: str,
    config: Config,
    progress: Progress,
    *,
    at_once: bool = False,
    executor: str = "",
    needs: Needs = USUAL,
) -> tuple[Job, Artefact]:
    """Do the work in this process, or wait here for a cluster to do it; every dashboard sees it as a job.

    Long work waits for its turn like any other, unless it is to start at once. Ctrl+C and SIGTERM ask the
    work to stop at its next safe point. Raises what the work raises: BadInput, Cancelled, KeyboardInterrupt
    after a second Ctrl+C, or what went wrong.
    """
    slots()
    job = _create(kind, config, executor or usual_executor(), needs)
    place = EXECUTORS[job.executor_name]

    def behind(jobs: list[Job]) -> None:
        more = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
        progress.update(0, 0, f"waiting for its turn behind {jobs[0].title} ({jobs[0].id}){more}")

    with (
        Reporter(job.folder, 1, beside=progress) as reporter,
        execution.stop_signals(reporter.request_stop, reporter),
        execution.claimed(job.folder, 1),
    ):
        _log(job.folder, f"{now():%Y-%m-%d %H:%M:%S} UTC, in the foreground, process {os.getpid()}")
        try:
            if not take_turn(job, 1, reporter.stop_requested, behind, at_once=at_once):
                raise Cancelled(CANCELLED_WAITING)
            return job, execution.carry_out(job.folder, 1, lambda: place.carry_out(kind, config, needs, reporter))
        except Cancelled as error:
            raise Cancelled(f"{error} (job {job.id})") from None


def _log(folder: Path, line: str) -> None:
    with suppress(OSError), open(folder / LOG, "a", encoding="utf-8") as log:  # on a full disk: the status will say it
        print(line, file=log)


def _create(kind: str, config: Config, executor: str, needs: Needs) -> Job:
    """A job's folder; it appears with its records in it, or not at all.

    Raises BadInput where it cannot, and OSError where the disk is full.
    """
    values: dict[str, Any] = config.model_dump(mode="json")
    # A job may be resumed from another working folder.
    values |= {key: str(value.absolute()) for key, value in dict(config).items() if isinstance(value, Path)}
    row, queues = work(kind), executor_named(executor).queues
    called = values.get("name") or PurePath(os.path.normpath(values.get(row.called_by) or "")).name
    called = "" if called == kind else called  # the demo that is called demo
    record = JobRecord(
        id=new_id(kind),
        kind=kind,
        title=": ".join(filter(None, (row.title, called))),
        config=values,
        submitted=now(),
        takes_slot=row.takes_slot and queues,
        executor=executor,
        needs=needs,
    )
    folder = jobs_folder() / record.id
    unborn = folder.with_name(f".{record.id}.new")
    try:
        unborn.mkdir(parents=True)
        write_record(unborn / JOB, record)
        write_record(unborn / STATUS, Status(state="queued", queued_at=record.submitted))
        (unborn / LOG).touch()
        hold_room(unborn)
        unborn.rename(folder)
    except OSError as error:
        shutil.rmtree(unborn, ignore_errors=True)
        if error.errno in execution.FULL_DISK:
            raise
        raise BadInput(f"{folder.parent}: no job can be written there ({error.strerror})") from None
    return Job.at(folder)
