"""Exploring a model: two images and what lies between them, the neighbours of one, more or less variety."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from medgan.app import cards, choosing_model, enlarging, gallery, moving, session, shown, viewing
from medgan.app.drawing import choose_mode, legend_of
from medgan.app.enlarging import Album
from medgan.app.gallery import Cell, Picture
from medgan.app.moving import NEIGHBOURS, STEPS, Start
from medgan.app.pairs import Pairs, cell_width
from medgan.app.shown import Look
from medgan.common.pictures import encode_png
from medgan.training.drawn import Drawn
from medgan.training.run import Run

STRIP = 10
"""Images to choose from at a time."""
STRIP_SIDE, SIDE, NEAR_SIDE = 96, 300, 176
MOST = 1_000_000
LEAST_VARIETY = 50
"""In percent; below, the images of these models fade to grey."""
VARIETY = (
    "100 %: as the model was trained to draw, and as sets are drawn. Less: closer to its average image, more alike; "
    "where contrast fades, it is too little."
)
SMOOTH = (
    "A smooth change through believable images speaks for a model that learned more than single images; a sudden jump "
    "from one to the other may mean that it learned some by heart. Enlarge one to see its nearest training images."
)
NOT_HERE = (
    "There is no model here whose images come from random numbers alone. DCGAN and FastGAN are such models; the others "
    "turn one image, or a mask, into another."
)


def show(runs: Sequence[Run]) -> None:
    """Choose a model and two of its images; see what lies between and around."""
    able = [run for run in runs if moving.possible(run)]
    if not able:
        st.info(NOT_HERE, icon=":material/info:")
        st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
        return
    model, class_place, *places = st.columns([4, 1.5, 1, 1, 1, 1], vertical_alignment="bottom")
    with model:
        run = choosing_model.choose(able)
    with class_place:
        label = _choose_class(run)
    with places[0]:
        seed = choosing_model.choose_seed()
    choosing_model.say_if_unfinished(run)
    start = Start(run, label, seed, choosing_model.choose_best(run))
    first, second = _choose_two(start, places[1:])
    _moved(start, first, second)


def _choose_class(run: Run) -> str:
    """The class to draw, of a model that must be told one."""
    if run.config.model.parts.given != ("labels",):
        return ""
    classes = {label: label.replace("_", " ") for label in run.record.data.classes}
    return session.select("Class", "explored_class", classes) or next(iter(classes))


def _choose_two(start: Start, places: Sequence[DeltaGenerator]) -> tuple[int, int]:
    """Numbers of the two images, chosen from a strip of small ones."""
    with places[0]:
        first = session.number("First", "first", 0, 0, MOST)
    with places[1]:
        second = session.number("Second", "second", 1, 0, MOST)
    with places[2]:
        begin = session.number("Show from", "from", 0, 0, MOST, step=STRIP)
    st.caption(
        "Every image begins as random numbers. Choose two images: the numbers of both are mixed, and those of the "
        "first are changed a little."
    )
    with st.spinner("Drawing …"):
        drawn = start.images(begin, STRIP)
    for place, cell in enumerate(st.columns(STRIP, gap="xsmall")):
        number = begin + place
        with cell, st.container(gap="xxsmall"):
            png = encode_png(gallery.enlarged(drawn.pictures[place], STRIP_SIDE))
            alternative = f"Synthetic image: seed {start.seed}, number {number}"
            st.image(png, caption=f"Synthetic {number}", alt=alternative, width="stretch", output_format="PNG")
            _take_button("First", "first", number, chosen=number == first)
            _take_button("Second", "second", number, chosen=number == second)
    return first, second


def _take_button(words: str, name: str, number: int, *, chosen: bool) -> None:
    st.button(
        words,
        key=f"{name} {number}",
        type="primary" if chosen else "secondary",
        width="stretch",
        on_click=session.put,
        args=(name, number),
    )


def _moved(start: Start, first: int, second: int) -> None:
    """What lies between two images and around the first, in one way of looking."""
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with controls:
        variety = session.slider("Variety", "variety", 100, LEAST_VARIETY, 100, step=5, unit=" %", help=VARIETY)
    between, around = st.container(), st.container()
    with between:
        share = _choose_share(first, second)
    with around:
        distance = _choose_distance(first)
    with st.spinner("Drawing …"):
        way = start.way(first, second, variety)
        near = start.neighbours(first, distance, variety)
    step = share * STEPS // 100
    less = f", variety {variety} %" if variety < 100 else ""
    ways = [f"no. {first}{less}", f"{share} % from no. {first} to no. {second}{less}", f"no. {second}{less}"]
    near_words = [f"no. {first}, neighbour {place + 1}, {distance} % away{less}" for place in range(NEIGHBOURS)]
    three = [way[:1], way[step : step + 1], way[STEPS:]]
    pairs = _pairs(start, Drawn.joined([*three, near]), [*ways, *near_words])
    with controls:
        mode = choose_mode(pairs)
        looked = viewing.choose(shown=pairs.base is not None)
        gallery.legend(legend_of(pairs, mode))
    key = (*start.key(), first, second, share, distance, variety)
    pictures = shown.pictures(key, pairs, Look(mode, SIDE, looked))
    with between:
        _three(pictures[:3])
    with around:
        cells = [Cell(picture, _enlarge(place)) for place, picture in enumerate(pictures[3:], start=3)]
        gallery.show_cells(cells, cell_width(mode, NEAR_SIDE))
    st.caption("Synthetic images, drawn by a model; not checked for copies of real images.")
    enlarging.show(Album(range(len(pairs)), lambda id: pairs[id], start.run, mode), looked)


def _choose_share(first: int, second: int) -> int:
    """How far on the way from one to the other, in percent."""
    st.subheader(f"Between no. {first} and no. {second}", anchor=False)
    st.caption(SMOOTH)
    return session.slider("How far from the first to the second", "share", 50, 0, 100, step=100 // STEPS, unit=" %")


def _choose_distance(first: int) -> int:
    """How far neighbours lie away, in percent of the way to another image."""
    st.subheader(f"Neighbours of no. {first}", anchor=False)
    words = "How far away: 0 % is the same image, 100 % quite another one"
    return session.slider(words, "distance", 30, 5, 100, step=5, unit=" %")


def _three(pictures: Sequence[Picture]) -> None:
    """The first image, the one between, and the second, in one row."""
    for place, (cell, picture) in enumerate(zip(st.columns(3, gap="small"), pictures, strict=True)):
        with cell, st.container(gap=None, horizontal_alignment="center"):
            gallery.show_one(picture)
            enlarging.button(place, ("the first image", "the image between", "the second image")[place])


def _enlarge(place: int) -> Callable[[], None]:
    return lambda: enlarging.button(place, f"neighbour {place - 2}")


def _pairs(start: Start, drawn: Drawn, words: Sequence[str]) -> Pairs:
    return Pairs(
        drawn,
        start.seed,
        cards.what_it_draws(start.run),
        structures=start.run.record.data.structures if drawn.masks is not None else (),
        labels=(start.label,) * len(drawn) if start.label else (),
        which=tuple(f"seed {start.seed} · {each}" for each in words),
    )
