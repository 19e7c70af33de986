"""A run beside an earlier one: their curves in one chart, their newest images, and what differs in their settings."""

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from medgan.app import cached, cards, charts, sample_grids, session
from medgan.app.words import plain
from medgan.training.run import Run

NONE = "none"
SIDE = 128


def show(run: Run, settings: Callable[[Run], Mapping[str, str]]) -> None:
    """Choose another run; draw both. `settings` tells what a run was asked to do."""
    own = [one for one in cached.runs() if not one.shipped]
    others = {id: words for id, words in cards.run_choices(own).items() if id != run.id}
    if not others:
        return
    chosen = session.select("Compare with", "other_run", {NONE: "No other run", **others})
    if chosen in {None, NONE}:
        return
    other = cards.open_run(str(chosen))
    pair = {run.name: run, f"{other.name}{' (the other)' if other.name == run.name else ''}": other}
    _curves(pair)
    for column, (name, one) in zip(st.columns(2, gap="large"), pair.items(), strict=True):
        with column:
            _newest(name, one)
    _differences(pair, settings)


def _curves(pair: Mapping[str, Run]) -> None:
    scores = {name: table for name, run in pair.items() if not (table := cached.scores(run)).empty}
    spaces = {str(table["space"].iloc[0]) for table in scores.values()}
    if len(scores) == len(pair) and len(spaces) == 1:
        found = {name: table[["step", "value"]] for name, table in scores.items()}
        title, reading = "Distance from the real images", "Scores of samples; lower is better."
    else:
        tables = {name: cached.losses(run) for name, run in pair.items()}
        found = {
            name: table[["step", "generator"]].set_axis(["step", "value"], axis=1)
            for name, table in tables.items()
            if "generator" in table
        }
        title, reading = "Generator's loss", (
            "Losses of different GANs or settings are not on one scale: compare how steady they are, not how low. To "
            "compare how good runs are, let both be scored during training in the same feature space."
        )  # fmt: skip
    if found:
        names = " and ".join(found)
        charts.draw(
            charts.compared_chart(found, title), f"Line chart: {title.lower()} of {names}", reading, key="compared"
        )


def _newest(name: str, run: Run) -> None:
    grids = run.sample_grids()
    if not grids:
        st.caption(f"{plain(name)} has drawn nothing yet.")
        return
    step, path = grids[-1]
    sample_grids.show(run, step, path, SIDE)
    st.caption(f"**{plain(name)}**, step {step:,}. {sample_grids.words(run)}")


def _differences(pair: Mapping[str, Run], settings: Callable[[Run], Mapping[str, str]]) -> None:
    table = pd.DataFrame({name: pd.Series(settings(run)) for name, run in pair.items()}).fillna("·")
    differs = table[table.iloc[:, 0] != table.iloc[:, 1]]
    if differs.empty:
        st.caption("Both were asked to do the same.")
        return
    shown = differs.rename_axis("Setting").reset_index()
    st.table(shown, hide_index=True, border="horizontal", alt="Settings in which the two runs differ")
