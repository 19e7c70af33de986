"""The process of a detached job: `python -m medgan.jobs.worker FOLDER ATTEMPT`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from medgan.common.errors import BadInput, Cancelled
from medgan.jobs import execution
from medgan.jobs.job import Job
from medgan.jobs.records import CANCELLED_WAITING, now
from medgan.jobs.reporter import Reporter
from medgan.jobs.slots import wait_for_slot
from medgan.jobs.work import Artefact, work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one attempt; 0 done, 1 unexpected, 2 bad input, 130 cancelled. What is printed goes to the log."""
    folder_name, attempt_text = sys.argv[1:] if arguments is None else arguments
    folder, attempt = Path(folder_name).resolve(), int(attempt_text)
    os.environ["MEDGAN_HOME"] = str(folder.parents[2])  # home/workspace/jobs/<id>
    start = f"{now():%Y-%m-%d %H:%M:%S} UTC, attempt {attempt}, process {os.getpid()}"
    print(start, file=sys.stderr, flush=True)
    try:
        with (
            Reporter(folder, attempt) as reporter,
            execution.stop_signals(reporter.request_stop, reporter),
            execution.claimed(folder, attempt),
        ):
            return _attempt(Job.at(folder), attempt, reporter)
    except BadInput as error:
        print(error, file=sys.stderr, flush=True)
        return 2


def _attempt(job: Job, attempt: int, reporter: Reporter) -> int:
    """Wait for the turn, then do the work: nothing heavy is imported before that."""

    def run() -> Artefact:
        row = work(job.kind)
        return row.run(row.config(job.config), reporter)

    try:
        if not _turn_comes(job, attempt, reporter):
            return 130
        execution.carry_out(job.folder, attempt, run)
    except (Cancelled, KeyboardInterrupt):
        return 130
    except BadInput:
        return 2
    except BaseException:  # the status and the log have it
        return 1
    return 0


def _turn_comes(job: Job, attempt: int, reporter: Reporter) -> bool:
    """Whether the job may begin; where it may not, its status says why."""
    if not job.takes_slot:
        return execution.begin(job.folder, attempt)
    try:
        came = wait_for_slot(job.id, lambda: execution.begin(job.folder, attempt), reporter.stop_requested)
        if not came and job.status().state == "queued":  # asked to stop by a signal, not by `cancel`
            raise Cancelled(CANCELLED_WAITING)
    except BaseException as error:
        execution.record_end(job.folder, attempt, error)
        raise
    return came


if __name__ == "__main__":
    sys.exit(main())
