"""Plotly charts of scores and of distances to training images; every mark differs in shape, not in colour alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from medgan.app.charts import BLUE, GREEN, VERMILION
from medgan.app.quality_reports import Point
from medgan.app.quality_words import figure, hover, ten_to
from medgan.metrics import METRICS

PURPLE = "#CC79A7"
GREY = "#7D868C"
"""Real images; a contrast of 3 or more against both themes' backgrounds."""
SET_MARKS = tuple(zip((BLUE, VERMILION, GREEN, PURPLE), ("circle", "diamond", "square", "star"), strict=True))
REAL_MARKS = {
    "halves": "diamond-open",
    "test": "circle-open",
    "blurred": "triangle-up-open",
    "noisy": "triangle-down-open",
}
ROW, AROUND = 27, 64
"""Heights in screen pixels: of a row, and of axis and margins."""
WIDE_RANGE = 20.0
"""Ratio of the largest to the smallest value from which a distance is drawn on a squeezed axis."""
SHORT_BELOW = 10_000
TICKS = 7
"""Numbers on a side of a squeezed axis, about."""
SHARES = {"share": (-0.04, 1.04)}
BINS = 30


@dataclass(frozen=True)
class Axis:
    """Where on an axis a value stands: in proportion, or squeezed so that 10, 100 and 1000 are steps of one length.

    A squeezed axis is in proportion around 0, below `unit`, so that distances of about 0 have a place on it.
    """

    unit: float | None = None

    def __call__(self, value: float) -> float:
        return value if self.unit is None else math.asinh(value / self.unit)

    def ticks(self, low: float, high: float) -> list[float]:
        """The values to write at a squeezed axis from low to high: 0, and powers of ten either side."""
        assert self.unit is not None
        decades = max(1, math.ceil(math.log10(max(abs(low), abs(high), self.unit) / self.unit)))
        steps = [self.unit * 10.0**power for power in range(0, decades + 1, -(-decades // TICKS))]
        return [-step for step in steps if -step >= low][::-1] + [0.0] + [step for step in steps if step <= high]


def axis_for(metric: str, points: Sequence[Point]) -> Axis:
    """A squeezed axis for distances that differ many times over, else one in proportion."""
    sizes = [abs(point.value) for point in points if point.value]
    if METRICS[metric].direction != "lower" or not sizes or max(sizes) < WIDE_RANGE * min(sizes):
        return Axis()
    floor = [(point.high or point.value) - point.value for point in points if point.of == "halves" and point.value]
    unit = max([min(sizes), *floor])  # what lies within the floor's own interval is not worth a step of the axis
    return Axis(10.0 ** math.floor(math.log10(unit)))


def score_chart(metric: str, points: Sequence[Point]) -> go.Figure:
    """A row a set and, below, a row for each kind of real images; the halves' value as a line through all rows."""
    axis = axis_for(metric, points)
    shown = [point for point in points if point.value is not None]
    several = len({point.basis for point in points}) > 1
    figure_ = go.Figure()
    for point in shown:
        _add(figure_, point, axis, _row(point, several))
    for point in shown:
        if point.of == "halves" and point.value is not None:
            figure_.add_vline(x=axis(point.value), line={"color": GREY, "width": 1.5, "dash": "dash"})
    rows = list(dict.fromkeys(_row(point, several) for point in points))
    figure_.update_yaxes(categoryorder="array", categoryarray=rows, range=[len(rows) - 0.5, -0.5], automargin=True)
    figure_.update_xaxes(title=METRICS[metric].unit, zeroline=False, showgrid=True)
    _mark_axis(figure_, axis, metric, shown)
    own = sum(point.own for point in points)
    figure_.add_hline(y=own - 0.5, line={"color": GREY, "width": 0.7})
    return figure_.update_layout(
        height=AROUND + ROW * len(rows),
        margin={"l": 10, "r": 10, "t": 6, "b": 10},
        showlegend=False,
        hovermode="closest",
    )


def _row(point: Point, several: bool) -> str:
    return f"{point.name}<br><sub>{point.basis}</sub>" if several and not point.own else point.name


def _add(figure_: go.Figure, point: Point, axis: Axis, row: str) -> None:
    assert point.value is not None
    colour, symbol = SET_MARKS[point.place % len(SET_MARKS)] if point.own else (GREY, REAL_MARKS[point.of])
    x = axis(point.value)
    bounded = point.low is not None and point.high is not None
    error = {
        "type": "data",
        "array": [axis(point.high) - x if bounded else 0],  # type: ignore[arg-type]
        "arrayminus": [x - axis(point.low) if bounded else 0],  # type: ignore[arg-type]
        "color": colour,
        "thickness": 2,
        "width": 5,
        "visible": bounded,
    }
    figure_.add_scatter(
        x=[x],
        y=[row],
        name=row,
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 12 if point.own else 11, "line": {"width": 2}},
        error_x=error,
        hovertemplate=f"{hover(point)}<extra></extra>",
    )


def _mark_axis(figure_: go.Figure, axis: Axis, metric: str, shown: Sequence[Point]) -> None:
    """The numbers at the axis: all of 0 to 1 for shares, tens for a squeezed one."""
    unit = METRICS[metric].unit
    if unit in SHARES:
        figure_.update_xaxes(range=SHARES[unit])
    elif METRICS[metric].direction == "lower":
        figure_.update_xaxes(rangemode="tozero")
    if axis.unit is None or not shown:
        return
    ends = [end for point in shown for end in (point.value, point.low, point.high) if end is not None]
    ticks = axis.ticks(min(ends), max(ends))
    figure_.update_xaxes(
        tickvals=[axis(tick) for tick in ticks],
        ticktext=[_tick(tick) for tick in ticks],
        tickangle=0,
    )


def _tick(value: float) -> str:
    """A power of ten, short enough to stand beside others."""
    sign = "-" if value < 0 else ""
    return figure(value) if abs(value) < SHORT_BELOW else sign + ten_to(round(math.log10(abs(value))))


def distance_chart(synthetic: NDArray[np.float64], held_out: NDArray[np.float64], title: str) -> go.Figure:
    """How far images lie from their nearest training image: synthetic ones, and real ones that were held out."""
    edges = np.linspace(0, max(synthetic.max(), held_out.max()) * 1.001 or 1.0, BINS + 1)
    figure_, top = go.Figure(), 0.0
    for name, values, colour, dash in (
        ("Synthetic images", synthetic, BLUE, "solid"),
        ("Held-out real images", held_out, VERMILION, "dash"),
    ):
        shares = np.histogram(values, edges)[0] / len(values)
        top = max(top, 1.1 * float(shares.max()))
        figure_.add_scatter(
            x=edges,
            y=np.append(shares, shares[-1]),
            name=name,
            line={"color": colour, "dash": dash, "width": 2.5, "shape": "hv"},
            fill="tozeroy" if dash == "solid" else None,
            mode="lines",
            hovertemplate="%{y:.1%} from %{x:.3g}",
        )
    figure_.add_scatter(
        x=[float(held_out.min())] * 2,
        y=[0, top],
        name="Closest held-out",
        line={"color": GREY, "width": 2, "dash": "dot"},
        mode="lines",
        hoverinfo="skip",
    )
    return figure_.update_layout(
        height=300,
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        xaxis={"title": title, "rangemode": "tozero"},
        yaxis={"title": "Share of the images", "tickformat": ".0%", "range": [0, top]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
    )
