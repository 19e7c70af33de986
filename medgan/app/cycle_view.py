"""An image of one class turned into the other and back: what a CycleGAN changes, side by side and as a wipe."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import (
    cached,
    choosing_source,
    cycle_models,
    cycle_pictures,
    cycle_turning,
    cycle_words,
    first_model,
    session,
    strip,
    wipe,
)
from medgan.app.cycle_models import Turn
from medgan.app.gallery import Picture, enlarged
from medgan.app.words import plain
from medgan.common.pictures import encode_png
from medgan.data.dataset import PreparedDataset
from medgan.studies.origins import Origin
from medgan.training.round_trip import RoundTrip
from medgan.training.run import Run

Uint8 = NDArray[np.uint8]
LAYOUTS = {"beside": "Side by side", "wipe": "Wipe"}
LOW, HIGH = 280, 460
"""Heights of the heat map in screen pixels: in a row of four, and beside the wipe."""
NUMBER, NARROWEST = 150, 200
"""Widths in screen pixels: of the field for the image's number, and of a picture in the row before it wraps."""
COMPARED = {"translation": "The translation", "back": "The way back"}


def show(runs: Sequence[Run], datasets: Sequence[PreparedDataset]) -> None:
    """Choose a model, a direction and an image; see what becomes of it."""
    found = cycle_models.turners(runs)
    able = [run for run in found if run.can_sample]
    if not able:
        first_model.lead_to(cycle_models.NEEDED, found, datasets)
        return
    turn = cycle_models.choose(able)
    origin = cached.origin(turn.run, turn.source)
    dataset = choosing_source.opened(turn.source.source)
    assert origin.conditions is not None
    assert dataset is not None
    count = len(origin.conditions.chosen)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=NUMBER):
            number = session.number(f"Image (1 to {count:,})", "turned_image", 1, 1, count)
        layout = session.choice("Shown", "turned_shown", LAYOUTS)
        compared = session.choice("Difference of the real image and", "turned_compared", COMPARED)
        _set_link(turn)
    strip.show("turned_image", "images", number, count, lambda place: _small(origin, place))
    row = int(origin.conditions.chosen[number - 1])
    with st.spinner("Turning …"):
        trip = cycle_turning.turned(turn, np.asarray(dataset.images[row : row + 1]))
    learned = str(dataset.items["sha256"].iloc[row]) in turn.run.seen_files
    shown = cycle_pictures.pictures(turn, trip, origin.item(number - 1), learned=learned)
    _compared(turn, trip, shown, as_wipe=layout == "wipe", of_the_way_back=compared == "back")
    _figures(turn, trip, dataset)


def _small(origin: Origin, place: int) -> Picture:
    assert origin.conditions is not None
    image = np.asarray(origin.conditions.rows[origin.conditions.chosen[place]]).astype(np.uint8)
    return Picture(encode_png(enlarged(image, strip.SIDE)), "", f"Real image {place + 1}: {origin.item(place)}")


def _compared(turn: Turn, trip: RoundTrip, shown: Sequence[Picture], *, as_wipe: bool, of_the_way_back: bool) -> None:
    """The pictures, beside one another or under a wipe, and the heat map of the difference."""
    if as_wipe:
        wide, chart = st.columns([3, 2], gap="medium")
        with wide:
            right = shown[2 if of_the_way_back else 1]
            wipe.show(shown[0], right, ("Real", "Synthetic"), key="wipe of the turned image")
            st.caption(
                f"Drag the line, or move it with the arrow keys. Left: {shown[0].caption}. Right: {right.caption}."
            )
    else:
        cells = st.grid("auto", min_column_width=NARROWEST, gap="small")
        for picture in shown:
            cells.image(
                picture.png, caption=picture.caption, alt=picture.alternative, width="stretch", output_format="PNG"
            )
        chart = cells.container()
    with chart:
        _heat_map(turn, trip, HIGH if as_wipe else LOW, of_the_way_back=of_the_way_back)


def _heat_map(turn: Turn, trip: RoundTrip, height: int, *, of_the_way_back: bool) -> None:
    after = trip.back[0] if of_the_way_back else trip.translated[0]
    first, second = turn.words
    words = f"the image turned back into {first}" if of_the_way_back else f"the image turned into {second}"
    st.plotly_chart(
        cycle_pictures.heat_map(trip.given[0], after, height),
        key="difference of the turned image",
        alt=cycle_pictures.heat_map_text(trip.given[0], after, words),
        config={"displayModeBar": False},
    )
    st.caption(cycle_words.colours(turn, of_the_way_back=of_the_way_back))


def _figures(turn: Turn, trip: RoundTrip, dataset: PreparedDataset) -> None:
    """This image's figures beside what is usual, and what they say."""
    with st.spinner("Looking at other images …"):
        usual = cycle_turning.usual(turn, dataset)
    st.markdown(cycle_words.NOT_A_FINDING)
    st.caption(cycle_words.reading(trip, usual, turn), help=cycle_words.NO_PROOF)
    table = cycle_words.figures(trip, usual, turn)
    st.dataframe(table, hide_index=True, alt="How far translation and way back are from the real image")
    st.caption("The turned images are synthetic; they are not checked for copies of real images.")
    if not turn.run.finished:
        st.caption(
            f":material/info: {plain(turn.run.name)} is not fully trained: step {cached.step(turn.run):,} of "
            f"{turn.run.steps:,}."
        )


def _set_link(turn: Turn) -> None:
    st.page_link(
        "pages/generate.py",
        label="Draw a whole set",
        icon=":material/auto_awesome_mosaic:",
        query_params={"view": "draw", "run": turn.run.id, "source": turn.source.source, "turned": turn.source.label},
    )
