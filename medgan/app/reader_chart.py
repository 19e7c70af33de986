"""The chart of a reader study: shares of right answers with their intervals, and the line of guessing."""

from collections.abc import Sequence

import plotly.graph_objects as go

from medgan.app.charts import BLUE, VERMILION
from medgan.app.quality_charts import AROUND, GREY, ROW
from medgan.app.reader_words import group_name, interval, percent
from medgan.metrics.estimate import Estimate
from medgan.studies.reader import ReaderSession
from medgan.studies.reader_scores import CHANCE, Group, ReaderScore


def share_chart(study: ReaderSession, readers: Sequence[ReaderScore], groups: Sequence[Group]) -> go.Figure:
    """A row for each group of images over all readers, and below the line one for each reader."""
    rows = [(group_name(study, group), group.right, BLUE, "circle") for group in groups]
    rows += [(f"Reader {one.reader}", one.right, VERMILION, "diamond") for one in readers]
    figure = go.Figure()
    for row in rows:
        _add(figure, *row)
    figure.add_vline(x=CHANCE, line={"color": GREY, "width": 1.5, "dash": "dash"})
    if groups:
        figure.add_hline(y=len(groups) - 0.5, line={"color": GREY, "width": 0.7})
    names = [name for name, *_ in rows]
    figure.update_yaxes(categoryorder="array", categoryarray=names, range=[len(rows) - 0.5, -0.5], automargin=True)
    figure.update_xaxes(title="Share of right answers", range=[-0.02, 1.02], tickformat=".0%", zeroline=False)
    return figure.update_layout(
        height=AROUND + ROW * len(rows), margin={"l": 10, "r": 10, "t": 6, "b": 10}, showlegend=False,
        hovermode="closest",
    )  # fmt: skip


def _add(figure: go.Figure, name: str, share: Estimate, colour: str, symbol: str) -> None:
    low, high = (share.value if end is None else end for end in (share.low, share.high))
    figure.add_scatter(
        x=[share.value],
        y=[name],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2}},
        error_x={
            "type": "data", "array": [high - share.value], "arrayminus": [share.value - low], "color": colour,
            "thickness": 2, "width": 5,
        },
        hovertemplate=f"<b>{name}</b>: {interval(share, percent, with_value=True)}<extra></extra>",
    )  # fmt: skip
