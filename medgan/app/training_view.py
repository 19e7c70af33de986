"""Watching a training run: progress, curves that move, and images that grow better."""

import pandas as pd
import streamlit as st

from medgan.app import cached, cards, charts, comparing_runs, sample_grids, session
from medgan.app.forms import LABELS, choice_words
from medgan.app.job_view import STATES, buttons, progress_line, state_badge, when, working
from medgan.app.live import live
from medgan.app.making import DEMO, job_making, jobs_making
from medgan.app.mask_models import painters
from medgan.app.words import plain, plainly
from medgan.jobs import Job, State
from medgan.models import GANS
from medgan.training.run import Run

SIDE = 144
ACTIVE: tuple[State, ...] = ("running", "queued")


def choices() -> dict[str, str]:
    """Runs of one's own, and trainings that have no run yet, with their words: first what works, then what waits.

    How far a run is that learns stands in its progress bar alone: a list that is not drawn anew lags behind it.
    """
    runs = {run.id: run for run in cached.runs() if not run.shipped}
    names = {id: run.name for id, run in runs.items()}
    jobs = {id: job for id, job in jobs_making().items() if id in runs or job.kind == "train"}
    states = {id: job.status().state for id, job in jobs.items() if id not in runs or not runs[id].finished}
    briefly = {
        id: f"{names.get(id) or jobs[id].config.get('name', jobs[id].id)} · {STATES[state][0].lower()}"
        for id, state in states.items()
        if id not in runs or state in ACTIVE
    }
    order = [id for state in ACTIVE for id in briefly if states[id] == state]
    words = cards.run_choices(list(runs.values())) | briefly
    return {id: words[id] for id in dict.fromkeys([*order, *runs, *briefly])}


def show(options: dict[str, str]) -> None:
    """Everything about one run, refreshed while its job is alive."""
    chosen = session.select("Run", "trained", options)
    if chosen is None:
        st.info("No model has been trained here yet.", icon=":material/info:")
        st.button("Start a new run", on_click=session.put, args=("view", "new"), type="primary")
        return
    job = job_making(chosen)
    live(
        lambda: _follow(chosen),
        lambda: working() & ({job.id} if job else set()),
        lambda: job is not None and job.status().resumable,
    )


def _follow(id: str) -> None:
    """Draw the run as it is now."""
    job = job_making(id)
    active = job is not None and job.status().active
    with plainly():
        _job_line(job)
        run = next((run for run in cached.runs() if run.id == id), None)
        if run is not None:
            _results(run)
        elif active:
            st.info("The run has not begun to learn yet. Its curves appear here.", icon=":material/hourglass_empty:")
        else:
            st.info("This run left no results.", icon=":material/info:")


def _job_line(job: Job | None) -> None:
    if job is None:
        return
    status = job.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status)
        st.caption(when(job, status) if job.kind != DEMO else f"within the demo study · {when(job, status)}")
        buttons(job, status, "watch")
    progress_line(job, status)


def _results(run: Run) -> None:
    losses = cached.losses(run)
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.header("Loss curves", anchor=False)
        _curves(losses, run.id)
        score_curve(run)
    with right:
        st.header("Images growing better", anchor=False)
        _grids(run)
    with st.container(horizontal=True):
        if run.can_sample:
            st.page_link(
                "pages/generate.py",
                label="Draw images with this model",
                icon=":material/auto_awesome_mosaic:",
                query_params={"view": "draw", "run": run.id},
            )
        if run.can_sample and painters([run]):
            st.page_link(
                "pages/mask_to_lesion.py",
                label="Paint into masks",
                icon=":material/brush:",
                query_params={"run": run.id},
            )
    _options(run)
    with st.expander("Beside an earlier run", icon=":material/compare_arrows:"):
        comparing_runs.show(run, settings_of)


def _curves(losses: pd.DataFrame, id: str) -> None:
    if losses.empty:
        st.info("The first point appears after a few steps.", icon=":material/hourglass_empty:")
        return
    charts.draw(
        charts.loss_chart(losses), charts.loss_alternative(losses), charts.loss_reading(losses), key=f"losses {id}"
    )
    if charts.part_names(losses):
        with st.expander("What the losses are made of"):
            charts.draw(
                charts.loss_parts_chart(losses),
                "Line chart of the parts that make up the losses",
                "Each side's loss is the sum of its parts.",
                key=f"parts {id}",
            )


def score_curve(run: Run) -> None:
    """The scores during training, where the run is scored."""
    scores = cached.scores(run)
    if scores.empty:
        return
    from medgan.metrics import METRICS  # takes seconds, and few runs are scored

    title = METRICS["frechet"].called("frechet", str(scores["space"].iloc[0]))
    charts.draw(
        charts.score_curve(scores),
        charts.score_alternative(scores),
        charts.score_reading(scores, title),
        key=f"scores {run.id}",
    )


def _grids(run: Run) -> None:
    """A slider through the sample grids; it follows the newest until it is moved."""
    grids = dict(run.sample_grids())
    if not grids:
        first = run.config.loop.sample_every
        st.info(f"The first images appear at step {min(first, run.steps):,}.", icon=":material/image:")
        return
    step = session.newest("Training step", "step", list(grids))
    sample_grids.show(run, step, grids[step], SIDE)
    st.caption(f"{sample_grids.words(run)} Step {step:,}.")


def _options(run: Run) -> None:
    """What the run was asked to do, as a table."""
    with st.expander("Settings of this run", icon=":material/list_alt:"):
        facts = settings_of(run)
        table = pd.DataFrame({"Setting": list(facts), "Value": list(facts.values())})
        st.dataframe(table, hide_index=True, alt=f"Settings of the run {plain(run.name)}")


def settings_of(run: Run) -> dict[str, str]:
    """What a run was asked to do, in the words of the form."""
    config = run.config
    both = cards.classes_turned(run)
    facts = {
        "Data set": cards.dataset_name(run),
        "Classes" if both else "Class": f"{both[0]} and {both[1]}" if both else config.label or "all",
        "Images learned from": f"{run.record.items:,}",
        "GAN": GANS[config.gan].title,
        "Preset": config.preset,
    }
    values = config.model.model_dump() | config.loop.model_dump() | {"steps": run.steps}
    values = {name: value for name, value in values.items() if (name, value) != ("epochs", 0)}
    return facts | {LABELS.get(name, name): choice_words(value, name) for name, value in values.items()}
