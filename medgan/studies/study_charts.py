"""Plotly charts of a study; every arm differs in shape or dash as well as in colour."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from medgan.common.errors import BadInput
from medgan.downstream.scores import roc_points
from medgan.studies.arms import Arm
from medgan.studies.figures import MAIN, ArmFigures, Interval, is_positive, main_figures, probabilities, tested
from medgan.studies.study import Study, arms

# Okabe and Ito's palette, without yellow, which a white page swallows.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#7D868C"
LINES = tuple(
    zip(
        (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY),
        ("circle", "diamond", "square", "star", "triangle-up", "cross"),
        ("dash", "dot", "dashdot", "longdash", "longdashdot", "solid"),
        strict=True,
    )
)
VERDICT_MARKS = {
    "helps": (GREEN, "triangle-up"),
    "hurts": (VERMILION, "triangle-down"),
    "cannot be told": (BLUE, "diamond"),
}
SCORE_TITLES = {"accuracy": "Accuracy on the test images", "iou": "Mean IoU on the test images"}
MOST_MATRICES = 12
"""Arms whose confusion matrices are drawn; the counts of all are in the table of scores."""
COLUMNS = 3
MARGIN = {"l": 10, "r": 10, "t": 34, "b": 10}
LEGEND = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}


def arm_chart(study: Study) -> go.Figure | None:
    """A row an arm: its score with its interval, every seed beside it, the real-only arm as a line through all rows.

    None before anything was tested.
    """
    found = main_figures(study)
    if not found:
        return None
    name, labels = MAIN[study.config.task], {verdict["arm"]: verdict["label"] for verdict in study.verdicts()}
    figure, told = go.Figure(), set()
    for each in found:
        seeds = each.seeds[name].to_numpy()
        figure.add_scatter(
            x=seeds, y=[escape(each.arm)] * len(seeds), mode="markers", name="one training", legendgroup="seed",
            showlegend=each is found[0], marker={"symbol": "line-ns-open", "size": 11, "color": GREY, "opacity": 0.8},
            hovertemplate="%{y}, one training: %{x:.3f}<extra></extra>",
        )  # fmt: skip
    for each in found:
        label = labels.get(each.arm, "real images alone" if each.number == 0 else "not judged yet")
        colour, symbol = VERDICT_MARKS.get(label, (GREY, "circle"))
        figure.add_scatter(
            x=[each.scores[name].value], y=[escape(each.arm)], mode="markers", name=label, legendgroup=label,
            showlegend=label not in told, marker={"symbol": symbol, "size": 13, "color": colour},
            error_x=_bars([each.scores[name]], colour), hovertemplate=f"{_hover(each, name)}<extra></extra>",
        )  # fmt: skip
        told.add(label)
    figure.add_vline(x=found[0].scores[name].value, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.update_yaxes(range=[len(found) - 0.5, -0.5], automargin=True, type="category")
    figure.update_xaxes(title=SCORE_TITLES[name], zeroline=False)
    return figure.update_layout(height=120 + 38 * len(found), margin=MARGIN, legend=LEGEND, hovermode="closest")


def dose_chart(study: Study) -> go.Figure | None:
    """The score over the dose of synthetic images, a line for each set and use; None with fewer than two doses.

    Lines of a share of the real images begin at dose 0 with that share alone; all real images alone are a line across.
    """
    if len(study.config.doses) < 2:
        return None
    try:
        known = arms(study.config)
    except BadInput:  # a set is gone, and with it its name
        return None
    found = {each.number: each for each in main_figures(study)}
    fewer = {arm.real_share: found[number] for number, arm in enumerate(known)
             if number in found and arm.use == "none" and arm.real_share < 1}  # fmt: skip
    lines: dict[str, list[tuple[float, ArmFigures]]] = {}
    for number, arm in enumerate(known):
        if number in found and arm.use in {"mixed", "pretraining"}:
            start = [(0.0, fewer[arm.real_share])] if arm.real_share in fewer else []
            lines.setdefault(_line_of(arm), start).append((arm.dose, found[number]))
    if 0 not in found or not lines:
        return None
    name, figure = MAIN[study.config.task], go.Figure()
    for place, (called, points) in enumerate(lines.items()):
        _add_doses(figure, called, points, name, place, len(lines))
    _add_real(figure, found[0].scores[name])
    figure.update_xaxes(title="Synthetic images for each real one", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title=SCORE_TITLES[name])
    return figure.update_layout(height=360, margin=MARGIN, legend=LEGEND, hovermode="closest")


def roc_chart(study: Study) -> go.Figure | None:
    """Sensitivity over the false-positive rate, a curve an arm, averaged over its trainings at each rate.

    None for segmentation, before anything was tested, and where the test part lacks a class. (Vertical averaging:
    Fawcett 2006, Pattern Recognition Letters 27:861.)
    """
    if study.config.task != "classification":
        return None
    positive, rates, figure = is_positive(study), np.linspace(0, 1, 101), go.Figure()
    found = tested(study)
    if not found or not 0 < positive.sum() < len(positive):
        return None
    for number, arm, rows in found:
        curves = []
        for row in probabilities(study, number, rows):
            rate, sensitivity, _ = roc_points(row, positive.astype(np.int64))
            curves.append(np.interp(rates, rate, sensitivity))
        colour, _, dash = line_style(number - 1) if number else (GREY, "", "solid")
        figure.add_scatter(
            x=[0, *rates], y=[0, *np.mean(curves, axis=0)], mode="lines",
            name=f"{escape(arm)} (AUROC {rows['auroc'].mean():.2f})",
            line={"color": colour, "dash": dash, "width": 2.5}, hovertemplate="%{y:.2f} at %{x:.2f}",
        )  # fmt: skip
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "width": 1, "dash": "dot"}, name="chance",
        hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(title="False-positive rate (1 - specificity)", range=[-0.01, 1.01])
    figure.update_yaxes(title="Sensitivity", range=[-0.01, 1.01])
    legend = {"x": 1.02, "y": 1, "xanchor": "left", "yanchor": "top"}
    return figure.update_layout(height=430, margin=MARGIN, legend=legend, hovermode="closest")


def confusion_figures(study: Study) -> go.Figure | None:
    """A confusion matrix an arm, counts of test images averaged over its trainings; None as for `roc_chart`."""
    if study.config.task != "classification":
        return None
    positive, found = is_positive(study), tested(study)[:MOST_MATRICES]
    if not found:
        return None
    columns = min(COLUMNS, len(found))
    rows_of_charts = -(-len(found) // columns)
    names = [_short(arm) for _, arm, _ in found]
    figure = make_subplots(
        rows_of_charts, columns, subplot_titles=names, horizontal_spacing=0.06, vertical_spacing=0.3 / rows_of_charts,
        shared_yaxes=True,
    )  # fmt: skip
    yes, no = _in_words(study.config.positive), _other_class(study)
    for place, (number, _, rows) in enumerate(found):
        called = probabilities(study, number, rows) >= rows["threshold"].to_numpy()[:, None]
        counts = [[(called == said)[:, positive == true].sum(axis=1).mean() for said in (False, True)]
                  for true in (False, True)]  # fmt: skip
        shares = np.array(counts) / np.maximum(1, np.sum(counts, axis=1, keepdims=True))
        figure.add_heatmap(
            z=shares, x=[f"called {no}", f"called {yes}"], y=[no, yes], zmin=0, zmax=1, showscale=False,
            colorscale="Blues", text=[[f"{count:.1f}" for count in row] for row in counts],
            texttemplate="%{text}", hovertemplate="%{y}, %{x}: %{text} images, %{z:.0%} of its class<extra></extra>",
            row=place // columns + 1, col=place % columns + 1,
        )  # fmt: skip
    figure.update_xaxes(type="category")  # classes may be called 0 and 1
    figure.update_yaxes(type="category", autorange="reversed")
    return figure.update_layout(height=60 + 190 * rows_of_charts, margin={**MARGIN, "t": 40})


def _other_class(study: Study) -> str:
    """The name of the class that is not to be found, or `other` where there are several, or none in the test part."""
    others = set(study.test["label"].fillna("")) - {study.config.positive}
    return _in_words(str(others.pop())) if len(others) == 1 else "other"


def _in_words(label: str) -> str:
    return escape(label.replace("_", " "))


def line_style(place: int) -> tuple[str, str, str]:
    """Colour, symbol and dash of a line of so many; after six, colours come again with another symbol and dash."""
    around, colour = divmod(place, len(LINES))
    _, symbol, dash = LINES[(colour + around) % len(LINES)]
    return LINES[colour][0], symbol, dash


def _short(name: str, most: int = 38) -> str:
    return escape(name if len(name) <= most else f"{name[: most - 1]}…")


def _line_of(arm: Arm) -> str:
    """What the arms of a line of doses have in common."""
    dose = f" {arm.dose:.0%}"
    return arm.name.replace(dose, "", 1) if arm.use == "pretraining" else arm.name.removesuffix(dose)


def _add_doses(
    figure: go.Figure, called: str, points: Sequence[tuple[float, ArmFigures]], name: str, place: int, count: int
) -> None:
    """A line of doses; lines stand a little beside each other, so that their intervals do not overlap."""
    colour, symbol, dash = line_style(place)
    points = sorted(points, key=lambda point: point[0])
    shift = 0.008 * max(dose for dose, _ in points) * (place - (count - 1) / 2)
    scores = [each.scores[name] for _, each in points]
    figure.add_scatter(
        x=[dose + shift for dose, _ in points], y=[score.value for score in scores], name=escape(called),
        mode="lines+markers", line={"color": colour, "dash": dash, "width": 2},
        marker={"symbol": symbol, "size": 10, "color": colour}, error_y=_bars(scores, colour),
        hovertext=[_hover(each, name) for _, each in points], hoverinfo="text",
    )  # fmt: skip


def _add_real(figure: go.Figure, real: Interval) -> None:
    """The real-only arm as a line with its interval as a band."""
    if real.low is not None:
        figure.add_hrect(y0=real.low, y1=real.high, fillcolor=GREY, opacity=0.15, line_width=0)
    figure.add_hline(
        y=real.value, line={"color": GREY, "dash": "dash"}, annotation_text="real images alone",
        annotation_position="bottom left",
    )  # fmt: skip


def _bars(scores: Sequence[Interval], colour: str) -> dict[str, object]:
    """Error bars that reach to the ends of the intervals; none where there is no interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0 if score.high is None else score.high - score.value for score in scores],
        "arrayminus": [0 if score.low is None else score.value - score.low for score in scores],
        "color": colour,
        "thickness": 2,
        "width": 5,
    }


def _hover(each: ArmFigures, name: str) -> str:
    score, seeds = each.scores[name], len(each.seeds)
    reach = "no interval" if score.low is None else f"95 % interval {score.low:.3f} to {score.high:.3f}"
    return f"{escape(each.arm)}: {score.value:.3f}, {reach}, {seeds} {'seed' if seeds == 1 else 'seeds'}"
