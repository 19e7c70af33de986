"""Work in processes of its own: submitted, watched, cancelled and resumed by its folder. Light to import."""

from medgan.jobs.executor import usual_executor
from medgan.jobs.job import Job, active_jobs, list_jobs
from medgan.jobs.records import Needs, ProgressRecord, Result, State, Status
from medgan.jobs.reporter import in_words
from medgan.jobs.runner import run_here, submit
from medgan.jobs.slots import ahead_of, slots, waiting
from medgan.jobs.work import WORK, Artefact, Work

__all__ = [
    "WORK",
    "Artefact",
    "Job",
    "Needs",
    "ProgressRecord",
    "Result",
    "State",
    "Status",
    "Work",
    "active_jobs",
    "ahead_of",
    "in_words",
    "list_jobs",
    "run_here",
    "slots",
    "submit",
    "usual_executor",
    "waiting",
]
