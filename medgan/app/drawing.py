"""Drawing images with a trained model: a few at once in the page, many as a job."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from medgan.app import cached, cards, choosing_source, gallery, session
from medgan.app.job_view import jobs_of, progress_line, state_badge, working, worth_showing
from medgan.app.live import live
from medgan.app.pairs import Mode, Pairs, cell_width, labels_of, names_of
from medgan.app.sources import Source, as_seen
from medgan.app.words import counted, plain
from medgan.jobs import submit
from medgan.studies.exports import zip_bytes
from medgan.studies.origins import Origin
from medgan.studies.synthesis import generate_config, item_rows
from medgan.training.run import Run

ON_SCREEN = 64
"""So many images are drawn in the page; more become a set in the background."""
MOST = 100_000


def show(runs: Sequence[Run]) -> None:
    """Choose a model, how many and which; look; download."""
    if not runs:
        st.info("There is no model yet that can draw. Train one first; it can draw after its first save.")
        st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
        return
    model, number, start = st.columns([3, 1, 1], vertical_alignment="bottom")
    with model:
        chosen = session.select("Model", "run", cards.run_choices(runs))
    with number:
        count = session.number(
            "Images", "count", 24, 1, MOST, help=f"Up to {ON_SCREEN} appear here; more are drawn in the background."
        )
    with start:
        seed = session.number(
            "Seed", "seed", 0, 0, 2**31 - 1, help="The same seed gives the same images, always; another gives others."
        )
    run = cards.open_run(chosen or runs[0].id)
    if not run.finished:
        st.caption(
            ":material/info: This model is not fully trained: it draws as it could at its last save, and other images "
            "once it has learned on. A set that you save uses the newest state."
        )
    source = choosing_source.choose(run)
    if count <= ON_SCREEN:
        _on_screen(run, count, seed, source)
    else:
        st.markdown(f"{count:,} images are drawn in the background and kept as a set.")
        _save_button(run, count, seed, source, primary=True)
    _drawing_now()


def _on_screen(run: Run, count: int, seed: int, source: Source) -> None:
    origin = cached.origin(run, source)
    with st.spinner("Drawing …"):
        drawn = cached.draw(run, count, seed, source)
    structures = run.record.data.structures if drawn.masks is not None else ()
    pairs = Pairs(
        drawn,
        seed,
        cards.what_it_draws(run),
        given=as_seen(run, origin, 0, count),
        structures=structures,
        names=names_of(origin, 0, count),
        labels=labels_of(origin, 0, count),
    )
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        size = session.choice("Shown", "shown", gallery.SIDE_WORDS, default="medium")
        mode = choose_mode(pairs)
        exact = session.toggle("Show the pixels", "pixels", help="Off: smoothed between the pixels. On: as they are.")
    if len(pairs.modes()) > 1 or legend_of(pairs, mode):  # too many for one row
        row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        gallery.legend(legend_of(pairs, mode))
        st.space("stretch")
        st.download_button(
            "Download ZIP",
            data=lambda: zip_bytes(drawn, item_rows(run, count, seed, origin=origin), structures),
            file_name=f"synthetic-{run.name}-seed{seed}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            help="PNG files of the original size, masks beside them, with a CSV table of every image",
        )
        _save_button(run, count, seed, source, primary=False)
    _say_if_repeated(run, origin, count)
    side = gallery.SIDES[size]
    gallery.show(pairs.pictures(mode, side, exact=exact), cell_width(mode, side))
    pictures = drawn.pictures
    pixels = f"{pictures.shape[1]} by {pictures.shape[2]} pixels"
    st.caption(f"Synthetic images of {pixels}, drawn by a model; not checked for copies of real images.")


def _say_if_repeated(run: Run, origin: Origin, count: int) -> None:
    """What to expect of a model without noise."""
    if origin.conditions is None or cached.draws_variants(run):
        return
    there = len(origin.conditions.chosen)
    again = f" There are {there:,}, so after that the same come again." if count > there else ""
    st.caption(f":material/info: This model makes one image from each, whatever the seed.{again}")


def legend_of(pairs: Pairs, mode: Mode) -> tuple[str, ...]:
    """The structures whose colours are seen; none where there is one, which needs no telling apart."""
    seen = mode != "alone" or pairs.drawn.images is None
    return pairs.structures if seen and len(pairs.structures) > 1 else ()


def choose_mode(pairs: Pairs) -> Mode:
    """How items with masks, or with what they were drawn from, are shown; no widget where there is one way."""
    modes = pairs.modes()
    if len(modes) == 1:
        return next(iter(modes))
    chosen = session.choice("As", "as", {str(mode): words for mode, words in modes.items()})
    return next(mode for mode in modes if mode == chosen)


def _save_button(run: Run, count: int, seed: int, source: Source, *, primary: bool) -> None:
    if st.button(
        "Save as a set" if not primary else f"Draw {counted(count, 'image')}",
        icon=":material/save:",
        type="primary" if primary else "secondary",
        help="Keeps the images here, to be downloaded or used in a study later",
    ):
        name = f"{run.name[:60]}-seed{seed}"
        submit("generate", generate_config(run.id, count=count, seed=seed, name=name, **asdict(source)))
        st.rerun()


def _drawing_now() -> None:
    """Sets that are being drawn, and how the last one ended."""

    def draw() -> None:
        jobs = jobs_of("generate")
        active = [job for job in jobs if job.status().active]
        for job in active or [job for job in jobs[:1] if worth_showing(job.status())]:
            status = job.status()
            with st.container(border=True, gap="xsmall"):
                with st.container(horizontal=True, vertical_alignment="center"):
                    state_badge(status)
                    st.markdown(plain(job.title))
                    if status.result and st.button("See the saved set", key=job.id):
                        session.turn_to(view="saved", set=status.result.id)
                progress_line(job, status)

    live(draw, lambda: working("generate"))
