"""The next three things worth doing, from what is there already."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from medgan.app import cached
from medgan.app.choosing_sets import learned_from
from medgan.app.downstream_studies import entries
from medgan.app.job_view import jobs_of
from medgan.app.mask_models import painters
from medgan.app.quality_reports import reports
from medgan.app.words import plain, plainly
from medgan.data.phantom_sets import PhantomConfig
from medgan.jobs import submit
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

PHANTOM = PhantomConfig(family="chest_xray", count=600, size=128)


@dataclass(frozen=True)
class Step:
    """A card: what to do, why, and where."""

    title: str
    words: str
    icon: str
    link: str
    page: str = ""
    query: tuple[tuple[str, str], ...] = ()
    action: Callable[[], None] | None = None


def steps() -> list[Step]:
    """Three steps that fit what is there."""
    datasets, runs, sets = cached.datasets(), cached.runs(), cached.sets()
    own = [run for run in runs if not run.shipped]
    ready = [run for run in own if run.can_sample]
    if not datasets:
        able = [run for run in runs if run.can_sample]
        look = [_generate(able[0].id, "" if able[0].shipped else able[0].name)] if able else []
        return [*look, _add(), _draw_phantoms(), *([] if runs else [_learn()])][:3]
    newest = datasets[0]
    if not own:
        return [_inspect(newest.id, newest.name), _train(newest.id, newest.name), _add()]
    if not ready:
        return [_watch(own[0].id, own[0].name), _inspect(newest.id, newest.name), _add()]
    newest_ready = ready[0]
    if sets:
        return _after_drawing(sets[0], newest_ready)
    use = _paint if painters([newest_ready]) else _generate
    return [use(newest_ready.id, newest_ready.name), _watch(own[0].id, own[0].name), _train(newest.id, newest.name)]


def _after_drawing(newest: SyntheticSet, run: Run) -> list[Step]:
    """From a synthetic set to a verdict: what has not been asked yet, then what else can be done with it."""
    scored = any(report.config.set == newest.id for report in reports())
    studied = [entry for entry in entries() if entry.study and entry.study.finished]
    asking = [] if scored else [_score(newest)]
    helping = _verdict(studied[0].id, studied[0].name) if studied else _study(newest.name)
    looking = [_paint(run.id, run.name)] if painters([run]) else []
    return [*asking, helping, *looking, _ask_readers(), _saved()][:3]


def show() -> None:
    """Draw the steps side by side."""
    chosen = steps()
    cells = st.grid(len(chosen), min_column_width=220)
    for number, step in enumerate(chosen, start=1):
        with cells.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"**{number}. {step.title}**")
            st.markdown(step.words)
            st.space("stretch")
            if step.action:
                if st.button(step.link, icon=step.icon, type="primary", key=f"step {number}"):
                    step.action()
            else:
                st.page_link(step.page, label=step.link, icon=step.icon, query_params=dict(step.query))


def _add() -> Step:
    return Step(
        "Add your own images",
        "Name a folder of X-rays, CT slices or photographs. medgan finds out how it is arranged and shows you first.",
        ":material/create_new_folder:",
        "Add a folder",
        "pages/data.py",
        (("view", "add"),),
    )


def _draw_phantoms() -> Step:
    return Step(
        "Or begin without any data",
        f"Let medgan draw {PHANTOM.count} chest X-ray phantoms, healthy and ill. It takes under a minute.",
        ":material/draw:",
        "Draw phantom X-rays",
        action=_start_phantoms,
    )


def _start_phantoms() -> None:
    with plainly():
        if not any(job.status().active for job in jobs_of("phantom")):
            submit("phantom", PHANTOM)
        st.rerun()


def _learn() -> Step:
    return Step(
        "See what will run",
        "Everything long happens in the background, and goes on when you close the browser.",
        ":material/pending_actions:",
        "Open the jobs",
        "pages/jobs.py",
    )


def _inspect(dataset: str, name: str) -> Step:
    return Step(
        "Look at your images",
        f"Check what **{plain(name)}** holds: its classes, how it is split, and the problems found.",
        ":material/image_search:",
        "Look at the data set",
        "pages/data.py",
        (("view", "look"), ("dataset", dataset)),
    )


def _train(dataset: str, name: str) -> Step:
    return Step(
        "Train a model",
        f"Let a GAN learn from **{plain(name)}**. The quick preset takes minutes on an ordinary computer.",
        ":material/model_training:",
        "Choose and start",
        "pages/train.py",
        (("view", "new"), ("dataset", dataset)),
    )


def _watch(run: str, name: str) -> Step:
    return Step(
        "See how training went",
        f"Follow the curves of **{plain(name)}**, and see its images grow better step by step.",
        ":material/monitoring:",
        "Watch the run",
        "pages/train.py",
        (("view", "watch"), ("trained", run)),
    )


def _generate(run: str, name: str = "") -> Step:
    whose = f"the model **{plain(name)}** that you trained" if name else "a small model that came with medgan"
    return Step(
        "Draw synthetic images",
        f"Use {whose}: choose how many, look at them large, and download them.",
        ":material/auto_awesome_mosaic:",
        "Draw images",
        "pages/generate.py",
        (("view", "draw"), ("run", run)),
    )


def _paint(run: str, name: str) -> Step:
    return Step(
        "Paint into masks",
        f"Give **{plain(name)}** the mask of a lesion, and see what it paints into it, beside the real image.",
        ":material/brush:",
        "Choose a mask",
        "pages/mask_to_lesion.py",
        (("run", run),),
    )


def _score(synthetic: SyntheticSet) -> Step:
    """Against the data set that it learned from, where that is here."""
    lessons = next((found.id for found in cached.datasets() if learned_from(synthetic, found)), "")
    against = (("dataset", lessons),) if lessons else ()
    return Step(
        "See how good they are",
        f"Hold **{plain(synthetic.name)}** against real images: close, varied, free of copies?",
        ":material/query_stats:",
        "Score the set",
        "pages/quality.py",
        (("view", "scores"), *against, ("sets", synthetic.id)),
    )


def _study(name: str) -> Step:
    return Step(
        "Find out whether they help",
        f"Train on real images, and on real images with **{plain(name)}**, and read the verdict.",
        ":material/balance:",
        "Plan a study",
        "pages/downstream.py",
        (("view", "new"),),
    )


def _verdict(study: str, name: str) -> Step:
    return Step(
        "Read the verdict",
        f"The study **{plain(name)}** is done: does it help, does it hurt, or can it not be told?",
        ":material/balance:",
        "Open the study",
        "pages/downstream.py",
        (("view", "results"), ("studies", study)),
    )


def _ask_readers() -> Step:
    return Step(
        "Ask colleagues",
        "Show real and synthetic images without saying which is which, and see whether readers can tell.",
        ":material/visibility:",
        "Set up a reader study",
        "pages/reader_study.py",
    )


def _saved() -> Step:
    return Step(
        "Use what you saved",
        "Your synthetic sets can be downloaded as a ZIP with a table of every image.",
        ":material/download:",
        "Open the saved sets",
        "pages/generate.py",
        (("view", "saved"),),
    )
