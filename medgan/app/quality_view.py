"""The Quality page: what is compared with what, and the view of it that was asked for."""

from collections.abc import Sequence

import streamlit as st

from medgan.app import (
    asking_quality,
    cached,
    charts,
    choosing_sets,
    copies_view,
    quality_scores,
    quality_spaces,
    session,
    training_view,
)
from medgan.app.quality_reports import Entry, report_of, reports
from medgan.app.words import counted, listed, plain, plainly
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

VIEWS = {"scores": "Scores", "copies": "Copies", "curves": "Training curves"}


def show(view: str) -> None:
    """Choose real images, feature space and synthetic sets; then draw the view of them."""
    datasets, sets = cached.datasets(), cached.sets()
    if not datasets:
        _empty("No real images to compare with yet.", "pages/data.py", "Add a data set", {"view": "add"})
        return
    if not sets:
        _empty(
            "No synthetic set is saved yet: draw images, and save them as a set.", "pages/generate.py", "Draw images"
        )
        return
    dataset, space = _choose_real(datasets, sets)
    scored = frozenset(report.config.set for report in reports() if report.config.against == dataset.id)
    chosen = choosing_sets.choose(dataset, sets, scored)
    names = choosing_sets.names_of(sets)
    _say_unrelated(chosen, names, dataset)
    if view == "scores":
        quality_spaces.say_whether_fid(space)
    if not chosen:
        st.info("Every set is switched off. Switch one or more on, above.", icon=":material/info:")
        return
    if view == "curves":
        _curves(chosen)
        return
    asking_quality.show(chosen, names, dataset, space)
    entries = [
        Entry(found, names[found.id], report) for found in chosen if (report := report_of(found, dataset.id, space))
    ]
    if entries and view == "scores":
        quality_scores.show(entries, space)
    elif entries:
        copies_view.show(entries)


def _empty(words: str, page: str, link: str, query: dict[str, str] | None = None) -> None:
    st.info(words, icon=":material/info:")
    st.page_link(page, label=link, icon=":material/arrow_forward:", query_params=query)


def _choose_real(datasets: Sequence[PreparedDataset], sets: Sequence[SyntheticSet]) -> tuple[PreparedDataset, str]:
    """The data set, that first which the asked or newest set learned from, then others that any did; and the space."""
    left, right = st.columns(2)
    with left:
        asked = st.query_params.get("sets", "").split(",")
        by_turn = sorted(sets, key=lambda one: one.id not in asked)  # stable: the newest first, of those asked for too
        ordered = sorted(datasets, key=lambda found: _turn(found, by_turn))
        options = {found.id: f"{found.name} · {counted(len(found), 'image')}" for found in ordered}
        id = session.select("Real images", "dataset", options, help="Scores are against its training part.")
    with right:
        space = quality_spaces.choose()
    return next(found for found in datasets if found.id == id), space


def _turn(dataset: PreparedDataset, sets: Sequence[SyntheticSet]) -> int:
    """Which of the sets is the first that learned from a data set; past all of them where none did."""
    places = (place for place, one in enumerate(sets) if choosing_sets.learned_from(one, dataset))
    return next(places, len(sets))


def _say_unrelated(chosen: Sequence[SyntheticSet], names: dict[str, str], dataset: PreparedDataset) -> None:
    """Which of the chosen sets are held against images that their GANs did not learn from."""
    unrelated = [found for found in chosen if not choosing_sets.shows_its_lessons(found, dataset.id)]
    if not unrelated:
        return
    told = listed([f"**{plain(names[one.id])}**" for one in unrelated])
    lessons = listed([plain(name) for name in dict.fromkeys(one.manifest.summary["dataset"] for one in unrelated)])
    st.warning(
        f"{told} did not learn from {plain(dataset.name)}, as far as is known, but from {lessons}. The scores then "
        "tell how unlike the two are, not how well the GAN learned; and nothing here can tell of copies.",
        icon=":material/warning:",
    )


def _curves(sets: Sequence[SyntheticSet]) -> None:
    """The curves of the runs that drew the sets, a run once."""
    runs = {run.id: run for found in sets if (run := choosing_sets.run_of(found))}
    gone = [found.name for found in sets if choosing_sets.run_of(found) is None]
    if gone:
        st.info(f"The runs that drew {plain(', '.join(gone))} are no longer here.", icon=":material/info:")
    cells = st.grid(2, min_column_width=380, gap="medium")
    for run in runs.values():
        with cells.container(border=True, height="stretch", gap="xsmall"), plainly():
            _curve(run)


def _curve(run: Run) -> None:
    st.subheader(f"{run.name} · {GANS[run.config.gan].title}", anchor=False)
    losses = cached.losses(run)
    if losses.empty:
        st.info("This run kept no loss curves.", icon=":material/info:")
        return
    charts.draw(
        charts.loss_chart(losses), charts.loss_alternative(losses), charts.loss_reading(losses), key=f"losses {run.id}"
    )
    training_view.score_curve(run)
    if not run.shipped:
        query = {"view": "watch", "trained": run.id}
        st.page_link("pages/train.py", label="Look at the run", icon=":material/monitoring:", query_params=query)
