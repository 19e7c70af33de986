"""The Thesis page: every table of the published comparison, with our figures beside it."""

from collections.abc import Sequence

import streamlit as st

from medgan.app import thesis_form, thesis_tables
from medgan.app.asking_quality import KIND as SCORE
from medgan.app.downstream_studies import KIND as STUDY
from medgan.app.job_view import buttons, jobs_of, progress_line, state_badge, working, worth_showing
from medgan.app.live import live
from medgan.app.words import plain, plainly
from medgan.jobs import Job
from medgan.studies.published import published_tables, source
from medgan.studies.thesis import NO_EXPERIMENT, THESIS, Experiment, experiment

VIEWS = {"classification": "Classifiers", "segmentation": "Segmenters", "quality": "Image quality"}


def show(view: str) -> None:
    """The tables of one kind, in the order of the source."""
    st.markdown(
        f"medgan repeats a published comparison: {plain(source())}. Its figures stand beside those measured here, with "
        "their 95 % intervals. Data, sizes and weights differ, so the figures cannot be expected to be the same; each "
        "table says what differs. Cells that are empty in the source stay empty."
    )
    live(_running, lambda: working(STUDY, SCORE) & {job.id for job in _jobs()})
    for number in published_tables():
        bare = number in NO_EXPERIMENT
        if view != ("quality" if bare else experiment(number).kind):
            continue
        with st.container(border=True, gap="small"), plainly():
            _table(number, None if bare else experiment(number))


def _jobs() -> Sequence[Job]:
    """Jobs that carry out an experiment or score sets and belong on the page, newest first."""
    mine = [job for job in jobs_of(STUDY) if job.config.get("preset") in THESIS] + jobs_of(SCORE)
    return [job for job in mine if (status := job.status()).state != "done" and worth_showing(status)]


def _running() -> None:
    for job in _jobs():
        status, preset = job.status(), job.config.get("preset")
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(status)
            st.markdown(f"**{plain(THESIS[preset].title if preset in THESIS else job.title)}**", width="content")
            buttons(job, status, "thesis")
        progress_line(job, status)


def _table(number: str, chosen: Experiment | None) -> None:
    title = published_tables()[number].title
    called = f"Table {number}" if number[0].isdigit() else "From the text"
    st.subheader(f"{called} · {title}", anchor=False)
    if chosen is None:
        thesis_tables.show_bare(number)
        return
    thesis_tables.show(chosen)
    with st.expander("Carry it out", icon=":material/play_arrow:"):
        thesis_form.show(chosen)
