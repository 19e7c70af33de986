"""A study as one HTML file that needs nothing else: verdicts, charts, tables, pictures, provenance, limitations."""

import json
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from medgan.common.artefact import Manifest, write_atomic
from medgan.common.errors import BadInput
from medgan.downstream.backbones import is_substitute
from medgan.studies.beside import beside, differences
from medgan.studies.figure_table import reports_of
from medgan.studies.figures import ArmFigures, Interval, arm_figures, tested
from medgan.studies.likeness import likeness
from medgan.studies.provenance import parents_of
from medgan.studies.published import published, source
from medgan.studies.quality import QualityReport
from medgan.studies.report_pictures import samples_of, worst_cases
from medgan.studies.score_words import NOISE, NONE, count_or_score, reach_words, score_words
from medgan.studies.short_training import short_trainings
from medgan.studies.study import Study
from medgan.studies.study_charts import MOST_MATRICES, arm_chart, confusion_figures, dose_chart, roc_chart
from medgan.studies.thesis import THESIS
from medgan.studies.verdict import ALONE, WHOLE, p_words

TEMPLATE = "report.html.j2"
SHOWN = {
    "classification": (
        "accuracy", "balanced_accuracy", "auroc", "sensitivity", "specificity", "f1", "brier", "calibration_error",
        "false_positives", "false_negatives",
    ),
    "segmentation": ("iou", "dice", "false_positive_pixels", "false_negative_pixels", "boundary_distance"),
}  # fmt: skip
HEADS = {
    "auroc": "AUROC",
    "f1": "F1",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
    "iou": "mean IoU",
    "dice": "Dice",
    "false_positive_pixels": "false-positive pixels an image",
    "false_negative_pixels": "false-negative pixels an image",
    "boundary_distance": "boundary distance, 95 % Hausdorff, pixels",
}
NETWORKS = {"unet": "U-Net", "pix2pix": "generator of Pix2Pix"}


def write_report(study: Study, path: Path) -> None:
    """Write a finished study's report; the file appears whole or not at all.

    Raises BadInput where the study is not finished or the file cannot be written.
    """
    content = report_html(study)
    try:
        write_atomic(path, content)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None


def report_html(study: Study) -> str:
    """The report of a finished study; whatever people named is escaped. Raises BadInput where it is not finished."""
    if study.manifest is None:
        raise BadInput(f"study {study.name} is not finished: let it end, or resume its job, before reporting it")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(TEMPLATE).render(**_facts(study, study.manifest), **_results(study))


def _facts(study: Study, manifest: Manifest) -> dict[str, Any]:
    """What the study is and what it came from."""
    summary = manifest.summary
    return {
        "id": study.id,
        "name": study.name,
        "task": summary["task"].capitalize(),
        "dataset": summary["dataset"],
        "created": f"{manifest.created:%d %B %Y, %H:%M} UTC",
        "summary": summary,
        "network": NETWORKS.get(summary["network"], summary["network"]),
        "environment": manifest.environment,
        "config": json.dumps(manifest.config, indent=2),
        "parents": parents_of(manifest),
        "limitations": list(_limitations(study, summary)),
        "plotly": Markup(get_plotlyjs()),  # noqa: S704 - plotly's own script
    }


def _results(study: Study) -> dict[str, Any]:
    figures, names = arm_figures(study), SHOWN[study.config.task]
    return {
        "verdicts": [_verdict(verdict) for verdict in study.verdicts()],
        "charts": list(_charts(study)),
        "score_heads": [HEADS.get(name, name.replace("_", " ")) for name in names],
        "arms": [{"name": each.arm, "cells": [_cell(name, each.scores[name]) for name in names]} for each in figures],
        "trainings": [row for each in figures for row in _trainings(each, names)],
        "grid": _grid(study),
        "published": _published(study),
        "samples": list(samples_of(study)),
        "worst": worst_cases(study),
        "quality": [_quality(report) for report in reports_of(study)],
    }


def _charts(study: Study) -> Iterator[dict[str, Any]]:
    """The charts that the study has figures for, each with a line that says how to read it."""
    made: tuple[tuple[str, go.Figure | None, str], ...] = (
        ("Arms", arm_chart(study), "Each mark is an arm's mean with its 95 % interval over new patients and new "
         "trainings, each tick one training. The dashed line: real images alone."),
        ("Dose", dose_chart(study), "Bars are 95 % intervals; the band is that of real images alone. Bars within the "
         "band settle nothing: the verdicts compare arms image by image."),
        ("ROC curves", roc_chart(study), "Averaged over trainings. The further up and left, the better."),
        ("Confusion matrices", confusion_figures(study), "Test images, averaged over trainings; rows are true classes, "
         f"columns what they were called. The darker, the larger the share of the true class. {_left_out(study)}"),
    )  # fmt: skip
    for title, figure, reading in made:
        if figure is not None:
            figure.update_layout(template="plotly_white", font={"size": 13})
            html = to_html(figure, full_html=False, include_plotlyjs=False, config={"displayModeBar": False})
            yield {"title": title, "html": Markup(html), "reading": reading}  # noqa: S704 - plotly escapes


def _left_out(study: Study) -> str:
    """That confusion matrices are those of the first arms; empty where all are drawn."""
    return f"The first {MOST_MATRICES} arms." if len(tested(study)) > MOST_MATRICES else ""


def _verdict(verdict: dict[str, Any]) -> dict[str, Any]:
    return {
        "arm": verdict["arm"],
        "label": verdict["label"],
        "sentence": verdict["sentence"],
        "difference": f"{verdict['difference']:+.3f}",
        "against": verdict.get("against", ALONE),
        "reach": f"{max(verdict['low'], -WHOLE):+.3f} to {min(verdict['high'], WHOLE):+.3f}",
        "p": p_words(verdict["corrected_p"]).removeprefix("p ").removeprefix("= "),
        "detectable": f"{verdict['detectable']:.3f}" if verdict["detectable"] <= WHOLE else "none",
    }


def _cell(score: str, interval: Interval) -> dict[str, str]:
    return {"value": score_words(score, interval.value), "reach": reach_words(score, interval)}


def _trainings(each: ArmFigures, names: tuple[str, ...]) -> Iterator[list[str]]:
    for row in each.seeds.to_dict("records"):
        yield [each.arm, str(row["seed"]), str(row["epochs"]), *(count_or_score(name, row[name]) for name in names)]


def _grid(study: Study) -> dict[str, Any] | None:
    grid = study.grid()
    if grid.empty:
        return None
    rows = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row] for row in grid.to_numpy()]
    return {"heads": [str(name).replace("_", " ") for name in grid.columns], "rows": rows}


def _published(study: Study) -> dict[str, Any] | None:
    """The published table that the study repeats, beside its figures."""
    chosen = THESIS.get(study.config.preset)
    if chosen is None:
        return None
    rows: dict[str, dict[str, Any]] = {}
    found = beside(chosen, study)
    for each in found:
        row = rows.setdefault(each.row, {"name": each.row, "cells": [], "about": each.differs})
        theirs = "" if each.published is None else f"{each.published:,g}"
        score = each.score.replace(" ", "_").removeprefix("mean_")
        ours = _cell(score, each.ours) if each.ours else {"value": "not measured", "reach": ""}
        row["cells"].append({"published": theirs, **ours})
    return {
        "number": chosen.table,
        "title": chosen.title,
        "source": source(),
        "note": published(chosen.table).note,
        "scores": list(dict.fromkeys(each.score for each in found)),
        "rows": list(rows.values()),
        "differences": differences(chosen, study),
    }


def _quality(report: QualityReport) -> dict[str, Any]:
    summary = report.manifest.summary
    rows = []
    for row in report.scores.query("of == 'set'").to_dict("records"):
        interval = Interval(row["value"], *(None if pd.isna(row[end]) else row[end] for end in ("low", "high")))
        value = f"refused: {row['refused']}" if row["refused"] else _number(interval.value)
        ends = "" if interval.low is None else f"{_number(interval.low)} to {_number(interval.high)}"
        rows.append([row["title"], row["part"], row["direction"], value, ends])
    words = (
        f"{summary['synthetic']:,} synthetic images against {summary['real']:,} real training images of "
        f"{summary['dataset']}, at {summary['size']} pixels, feature space {summary['space_title']}"
    )
    parts = {part: likeness(report.scores, part) for part in summary["parts"]}
    unlike = [f"{part.capitalize()}: {found.words}" for part, found in parts.items() if found]
    return {"title": summary["set"], "words": words, "unlike": unlike, "rows": rows}


def _number(value: float | None) -> str:
    """A quality score: three decimals for small figures, one for large ones."""
    if value is None or isnan(value):
        return NONE
    return f"{round(value, NOISE):.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _limitations(study: Study, summary: dict[str, Any]) -> Iterator[str]:
    """What the figures do not tell."""
    yield (
        "Verdicts and intervals hold for new patients like those of the test part and for new trainings, not for other "
        "hospitals, devices or populations."
    )
    yield "Training part and synthetic images stayed the same over all trainings: others may give other figures."
    yield "Arms with more images take more training steps in as many passes; part of a difference may come from that."
    if summary["seeds"] < 5:
        yield f"{summary['seeds']} trainings an arm are few, which makes intervals wide."
    if summary["test_images"] < 200:
        yield f"{summary['test_images']} test images are few: small differences cannot be seen."
    if len(summary["arms"]) > 2:
        yield "P-values are corrected for the number of arms (Holm); intervals are not."
    if is_substitute(summary["network"]):
        yield f"Network: {summary['network']}."
    yield from short_trainings(study.config)
    if study.config.sets:
        yield "Synthetic images were not checked for copies of training images by this study; see the Quality scores."
    yield from summary["notes"]
    yield "Class labels and masks are taken as they came with the data."
