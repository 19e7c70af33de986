"""Which job works on an artefact: the one place that knows what the jobs of each kind make."""

from medgan.app import cached
from medgan.common.errors import BadInput
from medgan.jobs import Job

MADE_BY = {"train": ("run",), "study": ("study",)}
"""Parts of a job's config that name what it makes."""
DEMO = "demo"


def job_making(id: str) -> Job | None:
    """The job that works on a run or a study; None where there is none."""
    return jobs_making().get(id)


def jobs_making() -> dict[str, Job]:
    """The job of each run and study, by its id: one that runs or waits for it, else the newest.

    A demo study makes both.
    """
    found: dict[str, Job] = {}
    for job in cached.jobs():  # the newest first
        for id in _makes(job):
            if id not in found or (job.status().active and not found[id].status().active):
                found[id] = job
    return found


def _makes(job: Job) -> set[str]:
    """Ids of the runs and studies that a job makes."""
    if job.kind == DEMO:
        from medgan.studies.demo import DemoConfig  # needs the whole of training

        try:
            demo = DemoConfig.parse(job.config)
        except BadInput:  # written by another version
            return set()
        return {demo.run, demo.study}
    return {str(job.config[part]) for part in MADE_BY.get(job.kind, ()) if part in job.config}
