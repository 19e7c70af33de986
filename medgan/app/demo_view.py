"""The demo study as it goes on: what each stage has made, the newest pictures and figures, the verdict at its end."""

from collections.abc import Callable

import streamlit as st

from medgan.app import cached, charts, demo_stages
from medgan.app.demo_stages import Made
from medgan.app.job_view import buttons, jobs_of, progress_line, state_badge, when, working, worth_showing
from medgan.app.live import live
from medgan.app.words import plain, plainly
from medgan.jobs import Job, Status, submit
from medgan.studies.demo import DemoConfig, demo_config

KIND = "demo"
WORDS = (
    "medgan draws phantoms of skin lesions, lets a GAN learn from them, scores what it draws, and finds out whether "
    "the synthetic images help a segmenter. It takes less than ten minutes, in the background, and shows no patient."
)


def show() -> None:
    """The newest demo while it runs and shortly after; else the button that starts one."""
    if _shown() is None:
        _offer()
    live(_walk, lambda: working(KIND), _stopped)


def _shown() -> tuple[Job, Status] | None:
    """The newest demo, where it runs or ended a moment ago."""
    found = ((job, job.status()) for job in jobs_of(KIND)[:1])
    return next(((job, status) for job, status in found if worth_showing(status)), None)


def _stopped() -> bool:
    """Whether it is on the page and can be resumed."""
    shown = _shown()
    return shown is not None and shown[1].resumable


def _offer() -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown("**See it all once: the demo study**")
        st.markdown(WORDS)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Start the demo study", icon=":material/play_arrow:", type="primary"):
                with plainly():
                    submit(KIND, demo_config())
                    st.rerun()
            done = next((job for job in jobs_of(KIND) if job.status().state == "done"), None)
            if done:
                _to_study(DemoConfig.parse(done.config), "See the verdict of the last one")


def _walk() -> None:
    """Every stage of the newest demo, with what it has made."""
    if (shown := _shown()) is None:
        return
    job, status = shown
    _head(job, status)
    made = demo_stages.made_by(DemoConfig.parse(job.config))
    cells = st.grid(2, min_column_width=380, gap="medium")
    for number, (title, draw) in enumerate(_STAGES.items(), start=1):
        with cells.container(border=True, height="stretch", gap="xsmall"), plainly():
            st.markdown(f"**{number}. {title}**")
            draw(made)


def _head(job: Job, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Demo study", anchor=False, width="content")
        state_badge(status)
        st.caption(when(job, status), width="content")
        buttons(job, status, "demo")
    progress_line(job, status)


def _phantoms(made: Made) -> None:
    if made.dataset is None:
        st.caption("Skin lesions are drawn by computer, with exact masks; they stand in for real images.")
        return
    demo_stages.dataset_sheet(made.dataset)
    st.caption(
        f"{len(made.dataset):,} drawn lesions, outlined by their masks; they stand in for real images. One in ten is "
        "kept for the test."
    )


def _learning(made: Made) -> None:
    if made.run is None or not made.run.sample_grids():
        st.caption("A GAN learns to draw such images with their masks. Its first attempts appear here.")
        return
    step = demo_stages.newest_grid(made.run)
    st.caption(
        f"**Synthetic** images, each with its mask on its right, at training step {step:,} of {made.config.steps:,}."
    )
    losses = cached.losses(made.run)
    if len(losses) > 1:
        with st.expander("Loss curves"):
            charts.draw(
                charts.loss_chart(losses), charts.loss_alternative(losses), charts.loss_reading(losses), key="demo loss"
            )


def _drawn(made: Made) -> None:
    if made.set is None:
        st.caption("The trained GAN draws a set of images that exist nowhere else.")
        return
    demo_stages.set_sheet(made.set)
    st.caption(f"**Synthetic**: {len(made.set):,} images, outlined by the masks that were drawn with them.")
    st.page_link(
        "pages/generate.py",
        label="Look through them",
        icon=":material/auto_awesome_mosaic:",
        query_params={"view": "saved", "set": made.set.id},
    )


def _scored(made: Made) -> None:
    if made.report is None:
        st.caption("How far are they from real images? Two halves of the real images show what can be reached.")
        return
    st.markdown(demo_stages.score_words(made.report))
    if unlike := demo_stages.likeness_words(made.report, made.config.steps):
        st.warning(unlike, icon=":material/warning:")
    config = made.report.config
    st.page_link(
        "pages/quality.py",
        label="All scores, and the search for copies",
        icon=":material/query_stats:",
        query_params={"view": "scores", "dataset": config.against, "sets": config.set},
    )


def _studied(made: Made) -> None:
    if made.study is None:
        st.caption(
            "Segmenters learn from the real images alone, and from real and synthetic ones. All are tested on the same "
            "real images that nothing has learned from."
        )
        return
    demo_stages.study_so_far(made.study)
    _to_study(made.config, "The whole study: tables, curves, worst cases, report")


def _to_study(config: DemoConfig, words: str) -> None:
    query = {"view": "results", "studies": config.study}
    st.page_link("pages/downstream.py", label=plain(words), icon=":material/balance:", query_params=query)


_STAGES: dict[str, Callable[[Made], None]] = {
    "Images": _phantoms,
    "A GAN learns from them": _learning,
    "It draws new ones": _drawn,
    "How good are they?": _scored,
    "Do they help?": _studied,
}
