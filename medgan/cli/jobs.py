"""`jobs`: see what works in the background, wait for it, start, cancel, resume and forget it."""

import time
from typing import Any

from pydantic import Field
from pydantic_settings import CliPositionalArg, CliToggleFlag

from medgan.cli.command import PROGRAM, Answer, Command, Entry
from medgan.cli.terminal import facts, shown_progress, table
from medgan.common.errors import Cancelled
from medgan.common.progress import so_far
from medgan.jobs import Job, Status, in_words, list_jobs

EXIT_CODES = {"done": 0, "cancelled": 130}
FAILURE_EXIT_CODES = {"bad input": 2}


def entries() -> dict[str, Entry]:
    return {
        "list": Entry("List the jobs, the newest first.", lambda: ListJobs),
        "show": Entry("Show a job: its state, progress, options and log.", lambda: ShowJob),
        "wait": Entry("Wait for a job and exit as it does.", lambda: WaitForJob),
        "cancel": Entry("Stop a job; it keeps what it has.", lambda: CancelJob),
        "start": Entry("Start a waiting job now, beside those that work.", lambda: StartJob),
        "resume": Entry("Go on with a cancelled, interrupted or failed job.", lambda: ResumeJob),
        "delete": Entry("Forget a job that has ended; what it made stays.", lambda: DeleteJob),
    }


class OneJob(Command):
    job: CliPositionalArg[str]
    """Id of the job, or enough of its beginning."""


class ListJobs(Command):
    def run(self) -> Answer:
        jobs = [(job, job.status()) for job in list_jobs()]
        rows = [(job.id, status.state, _percent(job, status), job.title, status.reason) for job, status in jobs]
        heads = ("id", "state", "done", "work", "reason")
        return Answer([known(job, status) for job, status in jobs], table(heads, rows, "No jobs yet."))


class ShowJob(OneJob):
    log: int = Field(20, ge=0, le=10_000)
    """Lines of the log to show."""

    def run(self) -> Answer:
        job = Job.open(self.job)
        status, log = job.status(), job.log_tail(self.log) if self.log else ""
        return Answer(known(job, status) | {"log": log}, "\n".join(filter(None, (told(job, status), log))))


class WaitForJob(OneJob):
    def run(self) -> Answer:
        job = Job.open(self.job)
        try:
            status = follow(job)
        except KeyboardInterrupt:
            raise Cancelled(f"stopped waiting; job {job.id} goes on") from None
        exit_code = EXIT_CODES.get(status.state, FAILURE_EXIT_CODES.get(status.failure or "", 1))
        return Answer(known(job, status), told(job, status), exit_code)


def follow(job: Job) -> Status:
    """Show a job's progress until it has ended."""
    with shown_progress() as progress:
        while (status := job.status()).active:
            record = job.progress()
            if record is not None and status.state == "running":
                progress.update(record.done, record.total, record.message)
            time.sleep(0.5)
    return status


class CancelJob(OneJob):
    force: CliToggleFlag[bool] = False
    """End it after a few seconds even where it does not stop by itself."""

    def run(self) -> Answer:
        job = Job.open(self.job)
        status = job.cancel(force=self.force)
        text = told(job, status) if not status.active else f"Asked {job.id} to stop at its next safe point."
        return Answer(known(job, status), text)


class StartJob(OneJob):
    def run(self) -> Answer:
        job = Job.open(self.job)
        status = job.start_now()
        return Answer(known(job, status), f"{job.id} does not wait for its turn any more.")


class ResumeJob(OneJob):
    def run(self) -> Answer:
        job = Job.open(self.job)
        status = job.resume()
        return Answer(known(job, status), f"Started again. Follow it: {PROGRAM} jobs wait {job.id}")


class DeleteJob(OneJob):
    def run(self) -> Answer:
        job = Job.open(self.job)
        job.delete()
        return Answer({"id": job.id, "deleted": True}, f"Forgot {job.id}; what it made stays.")


def known(job: Job, status: Status) -> dict[str, Any]:
    """All that is known of a job, for `--json`."""
    progress = job.progress()
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "executor": job.executor_name,
        "submitted": job.submitted.isoformat(),
        **status.model_dump(mode="json"),
        "progress": progress.model_dump(mode="json") if progress else None,
        "config": job.config,
        "folder": str(job.folder),
    }


def told(job: Job, status: Status) -> str:
    """All that is known of a job, for people."""
    progress = job.progress()
    left_s = progress.seconds_left if progress and status.state == "running" else None
    state = f"{status.state} (stopping)" if status.cancelling else status.state
    return facts(
        [
            ("job", job.id),
            ("work", job.title),
            ("done by", "Ray" if job.executor_name == "ray" else None),
            ("state", state),
            ("reason", status.reason),
            ("done", so_far(progress.done, progress.total) if progress else None),
            ("time left", in_words(left_s) if left_s else None),
            ("attempt", status.attempt if status.attempt > 1 else None),
            ("submitted", f"{job.submitted:%Y-%m-%d %H:%M:%S} UTC"),
            ("made", f"{status.result.id} in {status.result.folder}" if status.result else None),
            ("folder", job.folder),
        ]
    )


def _percent(job: Job, status: Status) -> str:
    progress = job.progress()
    return f"{progress.fraction:.0%}" if progress and status.state != "queued" else ""
