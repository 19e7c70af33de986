"""Having sets scored: the button, and the jobs that do it, followed while they work."""

from collections.abc import Sequence

import streamlit as st

from medgan.app.job_view import buttons, jobs_of, progress_line, state_badge, working, worth_showing
from medgan.app.live import live
from medgan.app.quality_reports import report_of
from medgan.app.words import counted, listed, plain, plainly
from medgan.data.dataset import PreparedDataset
from medgan.jobs import Job, Status, submit
from medgan.metrics.spaces import SPACES
from medgan.studies.quality import QualityConfig, quality_config
from medgan.studies.synthesis import SyntheticSet

KIND = "evaluate"


def show(sets: Sequence[SyntheticSet], names: dict[str, str], dataset: PreparedDataset, space: str) -> None:
    """For the sets without a report: what is being done about it, and a button for the rest."""
    missing = [found for found in sets if report_of(found, dataset.id, space) is None]
    if not missing:
        return
    jobs = {found.id: job for found in missing if (job := job_of(found.id, dataset.id, space))}
    ids = frozenset(job.id for job in jobs.values())
    live(lambda: _follow(missing, jobs, names, dataset, space), lambda: working(KIND) & ids)


def job_of(set: str, against: str, space: str) -> Job | None:
    """The newest job that scores a set (id) against a data set (id) in a space."""
    wanted = {"set": set, "against": against, "space": space}
    return next((job for job in jobs_of(KIND) if wanted.items() <= job.config.items()), None)


def _follow(
    missing: Sequence[SyntheticSet], jobs: dict[str, Job], names: dict[str, str], dataset: PreparedDataset, space: str
) -> None:
    """Draw the jobs as they are now, and below them the button for the sets that nobody scores."""
    unasked = []
    for found in missing:
        job = jobs.get(found.id)
        status = job.status() if job else None
        if job and status and status.state != "done" and worth_showing(status):  # what a done one made was deleted
            _job_line(job, status, names[found.id])
        else:
            unasked.append(found)
    if not unasked:
        return
    called = plain(listed([names[found.id] for found in unasked]))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"Not scored yet against **{plain(dataset.name)}** in the feature space {plain(SPACES[space].title)}: "
            f"**{called}**. It is done in the background, and goes on when you close the browser.",
            width="stretch",
        )
        words = "Score this set" if len(unasked) == 1 else f"Score these {counted(len(unasked), 'set')}"
        if st.button(words, icon=":material/query_stats:", type="primary"):
            _start(unasked, dataset, space)


def _job_line(job: Job, status: Status, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status)
        st.markdown(f"Scoring **{plain(name)}**", width="content")
        buttons(job, status, "score")
    progress_line(job, status)


def _start(sets: Sequence[SyntheticSet], dataset: PreparedDataset, space: str) -> None:
    with plainly():
        for config in [_config(found, dataset, space) for found in sets]:  # all are checked before one begins
            submit(KIND, config)
        st.rerun(scope="app")


def _config(synthetic: SyntheticSet, dataset: PreparedDataset, space: str) -> QualityConfig:
    """Against real images of the class that the set shows; against all, where the data set has no such class."""
    label = str(synthetic.manifest.summary.get("label") or "")
    against_all = bool(label) and label not in dataset.classes
    return quality_config(synthetic.id, dataset.id, space=space, label="" if against_all else None)
