"""Downstream studies as the Downstream page looks at them: which there are, how far they are, what each arm came to."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from medgan.app import cached, looks
from medgan.app.job_view import jobs_of, worth_showing
from medgan.app.making import jobs_making
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.common.home import runs_folder, sets_folder, studies_folder
from medgan.jobs import Job
from medgan.studies.figures import MAIN, Interval, main_figures
from medgan.studies.short_training import short_trainings
from medgan.studies.study import CONFIG, ROWS, Study, StudyConfig, arms, list_studies

KIND = "study"


@dataclass(frozen=True)
class Entry:
    """A study on the page; one that waits for its turn has a job, and no folder yet."""

    config: StudyConfig
    study: Study | None
    job: Job | None
    """The job that carries it out, by itself or within a demo; None where none is known, as after it was forgotten."""

    @property
    def id(self) -> str:
        return self.config.study

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def dataset_name(self) -> str:
        """The name of its data set, also where that is gone."""
        if self.study and self.study.manifest:
            return str(self.study.manifest.summary["dataset"])
        known = (found.name for found in cached.datasets() if found.id == self.config.dataset)
        return next(known, self.config.dataset)

    @property
    def rows(self) -> pd.DataFrame:
        """One row an arm and seed that was tested; empty before the first."""
        return self.study.rows() if self.study else pd.DataFrame()

    @property
    def verdicts(self) -> dict[str, dict[str, Any]]:
        """The verdict on each arm but the real-only one, by the arm's name; empty until all are tested."""
        return {str(verdict["arm"]): verdict for verdict in self.study.verdicts()} if self.study else {}


def entries() -> list[Entry]:
    """All studies, newest first; before them those that wait, or that failed a moment ago before they began."""
    jobs = {str(job.config.get("study")): job for job in reversed(jobs_of(KIND))}
    making = jobs_making()
    begun = [Entry(study.config, study, making.get(study.id)) for study in _studies_now()]
    ids = {entry.id for entry in begun}
    waiting = [job for id, job in jobs.items() if id not in ids and worth_showing(job.status())]
    return [Entry(StudyConfig.parse(job.config), None, job) for job in reversed(waiting)] + begun


def names_of(found: Sequence[Entry]) -> dict[str, str]:
    """A name for each study (id), with the end of its id where several are called the same."""
    times = Counter(entry.name for entry in found)
    return {one.id: one.name if times[one.name] == 1 else f"{one.name} ({one.id[-4:]})" for one in found}


def _studies_now() -> Sequence[Study]:
    return _studies(looks.stamps(studies_folder(), CONFIG, MANIFEST))


@st.cache_resource(max_entries=2, show_spinner=False)
def _studies(found: looks.Stamps) -> Sequence[Study]:
    return list_studies()


def arm_names(entry: Entry) -> list[str]:
    """The arms of a study in their order; where a set is gone that one of them uses, those that were tested."""
    if entry.study and entry.study.manifest:
        return list(entry.study.manifest.summary["arms"])
    try:
        return [arm.name for arm in arms(entry.config)]
    except BadInput:
        rows = entry.rows
        return [] if rows.empty else list(dict.fromkeys(rows["arm"]))


def means_of(entry: Entry, score: str) -> dict[str, Interval]:
    """A score of every arm that was tested, by the arm's name, averaged over seeds.

    The score that verdicts are about comes with its interval; where the others are defined for no seed, they are left
    out.
    """
    if entry.study is None:
        return {}
    if score == MAIN[entry.config.task]:
        return _main(str(entry.study.folder), rows_stamp(entry.study), entry.study)
    rows = entry.rows
    if rows.empty or score not in rows:
        return {}
    means = rows.groupby("arm", sort=False)[score].mean().dropna()
    return {str(arm): Interval(float(value)) for arm, value in means.items()}


@st.cache_resource(max_entries=64, show_spinner=False)
def _main(folder: str, changed: int, _study: Study) -> dict[str, Interval]:
    return {found.arm: found.scores[MAIN[_study.config.task]] for found in main_figures(_study)}


def short_trainings_of(entry: Entry) -> list[str]:
    """What of a study was trained far shorter than it is meant to be, a sentence each."""
    found = looks.stamps(sets_folder(), MANIFEST) + looks.stamps(runs_folder(), MANIFEST)
    return _short_trainings(entry.id, found, entry.config)


@st.cache_data(max_entries=32, show_spinner=False)
def _short_trainings(id: str, found: looks.Stamps, _config: StudyConfig) -> list[str]:
    return short_trainings(_config)


def rows_stamp(study: Study) -> int:
    """When the last training was tested."""
    return looks.stamp(study.folder / ROWS)


def tested(entry: Entry) -> tuple[int, int]:
    """Trainings that were tested, and how many there are to be."""
    return len(entry.rows), len(arm_names(entry)) * entry.config.seeds
