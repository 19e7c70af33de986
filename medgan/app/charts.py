"""Charts with one line that says how to read them; colours that stay apart for colour-blind eyes."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

# Okabe and Ito's palette; each of these has a contrast of 3 or more against both themes' backgrounds.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
SIDES = {
    "generator": ("Generator (draws)", BLUE, "solid"),
    "discriminator": ("Discriminator (judges)", VERMILION, "dash"),
}
SPLIT_COLOURS = {"train": BLUE, "validation": VERMILION, "test": GREEN}
SPLIT_PATTERNS = {"train": "", "validation": "/", "test": "."}
LATEST_SHARE = 0.2
HEIGHT = 320


def loss_chart(losses: pd.DataFrame) -> go.Figure:
    """The losses of both sides over the steps: every logged point faint, their running mean strong."""
    figure = go.Figure()
    window = max(1, len(losses) // 20)
    for side, (name, colour, dash) in SIDES.items():
        if side not in losses:
            continue
        if window > 1:
            figure.add_scatter(
                x=losses["step"], y=losses[side], line={"color": colour, "width": 1}, opacity=0.3,
                hoverinfo="skip", showlegend=False, mode="lines",
            )  # fmt: skip
        figure.add_scatter(
            x=losses["step"],
            y=losses[side].rolling(window, min_periods=1).mean(),
            name=name,
            line={"color": colour, "width": 2.5, "dash": dash},
            mode="lines" if len(losses) > 12 else "lines+markers",
            hovertemplate="step %{x}: %{y:.3f}",
        )
    return _plain(figure, "Training step", "Loss")


def loss_parts_chart(losses: pd.DataFrame) -> go.Figure:
    """Every named part of the losses over the steps."""
    figure = go.Figure()
    dashes = ("solid", "dash", "dot", "dashdot", "longdash")
    for number, name in enumerate(part_names(losses)):
        colour = VERMILION if name.startswith("discriminator") else BLUE
        side, _, part = name.partition("/")
        figure.add_scatter(
            x=losses["step"], y=losses[name], name=f"{side}: {part.replace('_', ' ')}", mode="lines",
            line={"color": colour, "width": 1.8, "dash": dashes[number % len(dashes)]},
        )  # fmt: skip
    return _plain(figure, "Training step", "Loss")


def part_names(losses: pd.DataFrame) -> list[str]:
    """The columns that hold parts of a side's loss."""
    return [str(name) for name in losses.columns if name not in {"step", "seconds", *SIDES}]


def loss_reading(losses: pd.DataFrame) -> str:
    """One line on how to read the curves, and what they do now."""
    rule = "The two pull against each other: curves that level off are good. How good the images are, only they tell."
    if len(losses) < 10 or not set(SIDES) <= set(losses.columns):
        return rule
    latest = losses.tail(max(3, round(len(losses) * LATEST_SHARE)))
    means = {side: float(latest[side].mean()) for side in SIDES}
    now = f"Lately: generator {means['generator']:.2f}, discriminator {means['discriminator']:.2f}."
    return f"{rule} {now}"


def loss_alternative(losses: pd.DataFrame) -> str:
    """The loss chart in words, for those who do not see it."""
    if losses.empty:
        return "Line chart of the training losses, still empty"
    first, last = losses.iloc[0], losses.iloc[-1]
    sides = [side for side in SIDES if side in losses]
    changes = "; ".join(f"{side} from {first[side]:.2f} to {last[side]:.2f}" for side in sides)
    return f"Line chart of the training losses from step {int(first['step'])} to {int(last['step'])}: {changes}"


def score_curve(scores: pd.DataFrame) -> go.Figure:
    """The score of samples over the steps, the best of them marked."""
    figure = go.Figure()
    figure.add_scatter(
        x=scores["step"], y=scores["value"], name="Score of samples", mode="lines+markers",
        line={"color": GREEN, "width": 2.5}, hovertemplate="step %{x}: %{y:.4g}",
    )  # fmt: skip
    best = scores.iloc[int(scores["value"].argmin())]
    figure.add_scatter(
        x=[best["step"]], y=[best["value"]], name="Best so far", mode="markers",
        marker={"symbol": "star", "size": 14, "color": VERMILION}, hoverinfo="skip",
    )  # fmt: skip
    return _plain(figure, "Training step", "Distance from the real images")


def score_reading(scores: pd.DataFrame, title: str) -> str:
    """One line on how to read the scores."""
    best = scores.iloc[int(scores["value"].argmin())]
    return (
        f"{title} of fresh samples from the real images; lower is better. Best at step {int(best['step']):,}: that "
        "generator is kept. Few images are drawn for it: compare within this run only."
    )


def score_alternative(scores: pd.DataFrame) -> str:
    """The score chart in words."""
    first, last, best = scores.iloc[0], scores.iloc[-1], scores["value"].min()
    return (
        f"Line chart of the score of samples from step {int(first['step'])} to {int(last['step'])}: from "
        f"{first['value']:.4g} to {last['value']:.4g}, at best {best:.4g}"
    )


def compared_chart(tables: Mapping[str, pd.DataFrame], y_title: str) -> go.Figure:
    """A curve a run, from tables of `step` and `value`."""
    figure, styles = go.Figure(), ((BLUE, "solid"), (VERMILION, "dash"), (GREEN, "dot"))
    for (name, table), (colour, dash) in zip(tables.items(), styles, strict=False):
        window = max(1, len(table) // 20)
        figure.add_scatter(
            x=table["step"], y=table["value"].rolling(window, min_periods=1).mean(), name=escape(name), mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash}, hovertemplate="step %{x}: %{y:.4g}",
        )  # fmt: skip
    return _plain(figure, "Training step", y_title)


def class_chart(class_counts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Images a class, stacked by split."""
    figure = go.Figure()
    for split, counts in class_counts.items():
        figure.add_bar(
            y=list(counts),
            x=list(counts.values()),
            name=split,
            orientation="h",
            marker={
                "color": SPLIT_COLOURS[split],
                "pattern": {
                    "shape": SPLIT_PATTERNS[split],
                    "size": 6,
                    "fillmode": "overlay",
                    "fgcolor": "white",
                    "fgopacity": 0.5,
                },
            },
            hovertemplate="%{y}, " + split + ": %{x} images<extra></extra>",
        )
    classes = {label for counts in class_counts.values() for label in counts}
    _plain(figure, "Images", "")
    return figure.update_layout(barmode="stack", height=110 + 46 * len(classes), yaxis={"autorange": "reversed"})


def class_alternative(class_counts: Mapping[str, Mapping[str, int]]) -> str:
    """The class chart in words."""
    parts = [f"{split}: " + ", ".join(f"{label} {n}" for label, n in c.items()) for split, c in class_counts.items()]
    return f"Bar chart of images a class and split. {'; '.join(parts)}"


def draw(figure: go.Figure, alternative: str, reading: str, key: str) -> None:
    """Show a chart, its text alternative, and under it the line on how to read it."""
    st.plotly_chart(figure, key=key, alt=alternative, config={"displayModeBar": False})
    st.caption(reading)


def _plain(figure: go.Figure, x_title: str, y_title: str) -> go.Figure:
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        xaxis={"title": x_title, "rangemode": "tozero", "separatethousands": True},
        yaxis={"title": y_title},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        hovermode="x unified",
        uirevision="keep",  # zoom and hidden curves survive live updates
    )
