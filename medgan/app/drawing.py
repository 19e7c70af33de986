"""Drawing images with a trained model: a few at once in the page, many as a job."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from medgan.app import (
    cached,
    cards,
    choosing_model,
    choosing_source,
    enlarging,
    gallery,
    mixing,
    moving,
    session,
    shown,
    viewing,
)
from medgan.app.enlarging import Album
from medgan.app.gallery import Cell
from medgan.app.job_view import jobs_of, progress_line, state_badge, working, worth_showing
from medgan.app.live import live
from medgan.app.pairs import Mode, Pairs, cell_width, labels_of, names_of
from medgan.app.shown import Look
from medgan.app.sources import Source, as_seen, given_part
from medgan.app.words import counted, plain
from medgan.jobs import submit
from medgan.studies.exports import zip_bytes
from medgan.studies.origins import Origin, deformed
from medgan.studies.synthesis import generate_config, item_rows
from medgan.training.drawn import Drawn
from medgan.training.run import Run

ON_SCREEN = 64
"""So many images are drawn in the page; more become a set in the background."""
MOST = 100_000
DEFORMED = {"0": "Not at all", "2": "A little", "5": "Much"}
"""How far outlines of masks are moved, in hundredths of the side."""


@dataclass(frozen=True)
class Order:
    """What is to be drawn."""

    run: Run
    count: int
    seed: int
    source: Source
    best: bool
    deform: float

    def drawn(self) -> Drawn:
        return cached.draw(self.run, self.count, self.seed, self.source, best=self.best, deform=self.deform)

    def origin(self) -> Origin:
        return deformed(cached.origin(self.run, self.source), self.run, self.deform, self.seed)

    def key(self) -> tuple[Hashable, ...]:
        """What the drawn images depend on."""
        changed = (cached.generator_stamp(self.run, best=self.best), cached.source_stamps(self.run, self.source))
        return self.run.id, changed, self.count, self.seed, self.source, self.best, self.deform


def show(runs: Sequence[Run]) -> None:
    """Choose a model, how many and which; look; download."""
    if not runs:
        st.info("There is no model yet that can draw. Train one first; it can draw after its first save.")
        st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
        return
    order = _choose(runs)
    if order.count <= ON_SCREEN:
        _on_screen(order)
    else:
        st.markdown(f"{order.count:,} images are drawn in the background and kept as a set.")
        _save_button(order, primary=True)
    _drawing_now()


def _choose(runs: Sequence[Run]) -> Order:
    """The widgets that say what to draw."""
    model, number, start = st.columns([3, 1, 1], vertical_alignment="bottom")
    with model:
        run = choosing_model.choose(runs)
    with number:
        count = session.number(
            "Images", "count", 24, 1, MOST, help=f"Up to {ON_SCREEN} appear here; more are drawn in the background."
        )
    with start:
        seed = choosing_model.choose_seed()
    choosing_model.say_if_unfinished(run)
    source = choosing_source.choose(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        best = choosing_model.choose_best(run)
        deform = _choose_deformation() if given_part(run) == "masks" else 0.0
    return Order(run, count, seed, source, best, deform)


def _choose_deformation() -> float:
    chosen = session.choice("Bend the masks", "deform", DEFORMED, default="0")
    return int(chosen) / 100


def _on_screen(order: Order) -> None:
    with st.spinner("Drawing …"):
        drawn, origin = order.drawn(), order.origin()
    pairs = _pairs(order, origin, drawn)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        size = session.choice("Shown", "shown", gallery.SIDE_WORDS, default="medium")
        mode = choose_mode(pairs)
        looked = viewing.choose(shown=pairs.base is not None)
        exact = session.toggle("Show the pixels", "pixels", help="Off: smoothed between the pixels. On: as they are.")
        real = mixing.choose(order.run, mode)
    with st.container(horizontal=True, vertical_alignment="center"):
        gallery.legend(legend_of(pairs, mode))
        st.space("stretch")
        _download_button(order, origin, drawn, pairs.structures)
        _save_button(order, primary=False)
    _say_if_repeated(order.run, origin, order.count)
    look = Look(mode, gallery.SIDES[size], looked, exact)
    pictures = shown.pictures(order.key(), pairs, look)
    cells = [Cell(picture, _enlarge(place)) for place, picture in enumerate(pictures)]
    if real is not None:
        side_px = order.run.config.model.size
        cells = mixing.mixed(cells, mixing.real_pictures(real, origin.drawn_label, len(cells), 0, side_px, look))
    gallery.show_cells(cells, cell_width(mode, look.side))
    pixels = f"{drawn.pictures.shape[1]} by {drawn.pictures.shape[2]} pixels"
    st.caption(f"Synthetic images of {pixels}, drawn by a model; not checked for copies of real images.")
    album = Album(
        range(len(drawn)), lambda id: pairs[id], order.run, mode, exact=exact, explored=moving.possible(order.run)
    )
    enlarging.show(album, looked)


def _say_if_repeated(run: Run, origin: Origin, count: int) -> None:
    """What to expect of a model without noise."""
    if origin.conditions is None or cached.draws_variants(run):
        return
    there = len(origin.conditions.chosen)
    again = f" There are {there:,}, so after that the same come again." if count > there else ""
    st.caption(f":material/info: This model makes one image from each, whatever the seed.{again}")


def _pairs(order: Order, origin: Origin, drawn: Drawn) -> Pairs:
    """What was drawn, and what it was drawn from."""
    return Pairs(
        drawn,
        order.seed,
        cards.what_it_draws(order.run),
        given=as_seen(order.run, origin, 0, order.count),
        structures=order.run.record.data.structures if drawn.masks is not None else (),
        names=names_of(origin, 0, order.count),
        labels=labels_of(origin, 0, order.count),
    )


def _enlarge(place: int) -> Callable[[], None]:
    return lambda: enlarging.button(place, f"no. {place}")


def _download_button(order: Order, origin: Origin, drawn: Drawn, structures: Sequence[str]) -> None:
    st.download_button(
        "Download ZIP",
        data=lambda: zip_bytes(drawn, item_rows(order.run, order.count, order.seed, origin=origin), structures),
        file_name=f"synthetic-{order.run.name}-seed{order.seed}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        help="PNG files of the original size, masks beside them, with a CSV table of every image",
    )


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


def _save_button(order: Order, *, primary: bool) -> None:
    if st.button(
        "Save as a set" if not primary else f"Draw {counted(order.count, 'image')}",
        icon=":material/save:",
        type="primary" if primary else "secondary",
        help="Keeps the images here, to be marked, downloaded or used in a study later",
    ):
        name = f"{order.run.name[:60]}-seed{order.seed}"
        options = asdict(order.source) | {"best": order.best, "deform": order.deform}
        submit("generate", generate_config(order.run.id, count=order.count, seed=order.seed, name=name, **options))
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
