"""Copies: how many synthetic images lie suspiciously close to training images, how close, and the closest pairs."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from medgan.app import charts, gallery, session
from medgan.app.choosing_sets import shows_its_lessons
from medgan.app.quality_charts import distance_chart
from medgan.app.quality_reports import Entry
from medgan.app.quality_words import figure
from medgan.app.words import NOTHING, counted, plain
from medgan.common.pictures import encode_png
from medgan.studies.copies import FEATURES, PIXELS, read_copies

TITLE = "Screening for copies of training images; no proof of privacy"
A_PAGE = 12
PAIR_SIDE, CELL = 144, 220
KIND_TITLES = {
    FEATURES: "In the feature space ({space})",
    PIXELS: "Pixel by pixel, best aligned",
}
DISTANCE = {FEATURES: "Distance to the nearest training image", PIXELS: "Difference from the nearest training image"}
KIND_WORDS = {FEATURES: "in the feature space", PIXELS: "of aligned pixels"}


def show(entries: Sequence[Entry]) -> None:
    """The shares of all sets, then one set in detail."""
    st.header(TITLE, anchor=False)
    st.markdown(
        "A synthetic image is **flagged** where it lies closer to a training image than held-out real images do. "
        "A flagged image deserves a look; an image that is not flagged may still show parts of a patient."
    )
    searched = [entry for entry in entries if "screening" in entry.summary]
    for entry in entries:
        if entry not in searched:
            st.info(f"**{plain(entry.name)}** was not screened: {_why_not(entry)}.", icon=":material/info:")
    if not searched:
        return
    screened = [entry for entry in searched if shows_its_lessons(entry.synthetic, entry.report.config.against)]
    rows = [_row(entry) if entry in screened else _unrelated_row(entry) for entry in searched]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt=TITLE)
    if not screened:
        st.caption(":material/info: Copies can only be of images that a GAN learned from: choose those above.")
        return
    notes = dict.fromkeys(entry.summary["screening"]["note"] for entry in screened)
    for note in filter(None, notes):
        st.caption(f":material/warning: {plain(note)}")
    names = {entry.synthetic.id: plain(entry.name) for entry in screened}
    chosen = session.choice("In detail", "screened", names) if len(screened) > 1 else screened[0].synthetic.id
    _detail(next(entry for entry in screened if entry.synthetic.id == chosen))


def _why_not(entry: Entry) -> str:
    if not entry.report.config.screening:
        return "it was asked to be scored without"
    if "images" not in entry.summary["parts"]:
        return "only images are, and it has masks alone"
    return str(entry.summary.get("not_screened", "no real images were held out of training to compare with"))


def _row(entry: Entry) -> dict[str, str]:
    found = entry.summary["screening"]
    return {
        "Set": f"**{plain(entry.name)}**",
        "Flagged": f"{found['flagged']:,} of {found['count']:,}",
        "Share (95 % interval)": f"**{found['share']:.1%}** ({found['low']:.1%} to {found['high']:.1%})",
        "By chance, at most": f"{found['rate']:.1%}",
        "Held-out real images": f"{found['held_out']:,}",
    }


def _unrelated_row(entry: Entry) -> dict[str, str]:
    """A set whose GAN learned from none of these images: no figure, which would read as if it were cleared."""
    told = {"Set": f"**{plain(entry.name)}**", "Flagged": "not screened: learned from other images"}
    return told | dict.fromkeys(("Share (95 % interval)", "By chance, at most", "Held-out real images"), NOTHING)


def _detail(entry: Entry) -> None:
    table, held_out, synthetic, real = read_copies(entry.report.folder)
    left, right = st.columns(2, gap="large")
    for place, kind in ((left, FEATURES), (right, PIXELS)):
        with place:
            _distances(entry, table, held_out, kind)
    st.subheader("The closest pairs", anchor=False)
    st.caption("Left **synthetic**, right the **real** training image it is nearest to; the most suspicious first.")
    closest = entry.summary["screening"]["closest"]
    first = session.page_number("pairs", -(-len(closest) // A_PAGE)) * A_PAGE
    shown = range(first, min(first + A_PAGE, len(closest)))
    gallery.show([_pair(table.iloc[closest[k]], synthetic[k], real[k]) for k in shown], CELL)


def _distances(entry: Entry, table: pd.DataFrame, held_out: pd.DataFrame, kind: str) -> None:
    st.subheader(KIND_TITLES[kind].format(space=entry.summary["space_title"]), anchor=False)
    own, unseen = table[f"{kind}_distance"].to_numpy(float), held_out[kind].to_numpy(float)
    closer = int((own < unseen.min()).sum())
    medians = f"median {figure(float(pd.Series(own).median()))} against {figure(float(pd.Series(unseen).median()))}"
    reading = (
        f"Further left is closer to a training image. {counted(closer, 'synthetic image')} of {len(own):,} "
        f"{'lies' if closer == 1 else 'lie'} left of the dotted line, closer than every held-out real image; {medians}."
    )
    alternative = (
        f"Histogram of the distances {KIND_WORDS[kind]} of {len(own):,} synthetic images of {entry.name} and "
        f"{len(unseen):,} held-out real images to their nearest training image: {medians}"
    )
    charts.draw(distance_chart(own, unseen, DISTANCE[kind]), alternative, reading, key=f"distances {kind}")


def _pair(row: "pd.Series[Any]", synthetic: gallery.Uint8, real: gallery.Uint8) -> gallery.Picture:
    """A synthetic image beside a real one, in the kind of distance in which it is the more suspicious."""
    kind = PIXELS if row[f"{PIXELS}_p"] <= row[f"{FEATURES}_p"] else FEATURES
    facts = [f"{figure(float(row[f'{kind}_distance']))} {KIND_WORDS[kind]}"]
    facts += _laid_over(row) if kind == PIXELS else []
    verdict = "flagged" if row["flagged"] else "not flagged"
    nearest = row[f"{kind}_nearest"]
    sides = [gallery.enlarged(image, PAIR_SIDE) for image in (synthetic, real)]
    words = f"{row['file']} and training image {nearest} · distance {', '.join(facts)} · {verdict}"
    alternative = f"Left the synthetic image {row['file']}, right the real training image {nearest}; {words}"
    mark = ":material/flag: " if row["flagged"] else ""
    return gallery.Picture(encode_png(gallery.beside(sides)), mark + plain(words), alternative)


def _laid_over(row: "pd.Series[Any]") -> list[str]:
    """How a synthetic image had to be moved to lie over the real one."""
    shift = max(abs(float(row["shift_down"])), abs(float(row["shift_right"])))
    return (["mirrored"] if row["mirrored"] else []) + (
        [f"shifted by {shift:.0%} of the side"] if shift >= 0.005 else []
    )
