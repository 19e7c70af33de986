"""The process of a detached job: `python -m medgan.jobs.worker FOLDER ATTEMPT`."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from medgan.common.errors import BadInput, Cancelled
from medgan.jobs import execution
from medgan.jobs.executor import executor_named
from medgan.jobs.job import Job
from medgan.jobs.records import now
from medgan.jobs.reporter import Reporter
from medgan.jobs.slots import take_turn
from medgan.jobs.work import Artefact, work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one attempt; 0 done, 1 unexpected, 2 bad input, 130 cancelled. What is printed goes to the log."""
    folder_name, attempt_text = sys.argv[1:] if arguments is None else arguments
    folder, attempt = Path(folder_name).absolute(), int(attempt_text)
    # home/workspace/jobs/<id>, as it was given: workspace/ may be a link to another disk.
    os.environ["MEDGAN_HOME"] = str(folder.parents[2])
    start = f"{now():%Y-%m-%d %H:%M:%S} UTC, attempt {attempt}, process {os.getpid()}"
    with suppress(OSError):  # a full disk: the status will say it
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
        config = work(job.kind).config(job.config)
        return executor_named(job.executor_name).carry_out(job.kind, config, job.needs, reporter)

    try:
        if not take_turn(job, attempt, reporter.stop_requested):
            return 130
        execution.carry_out(job.folder, attempt, run)
    except (Cancelled, KeyboardInterrupt):
        return 130
    except BadInput:
        return 2
    except BaseException:  # the status and the log have it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
