"""Published figures beside those that were measured here, with words on what differs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from medgan.common.artefact import write_atomic
from medgan.common.config import read_json
from medgan.common.errors import BadInput
from medgan.common.home import thesis_folder
from medgan.downstream.augment import Augmentation
from medgan.downstream.backbones import is_small, is_substitute
from medgan.metrics import METRICS
from medgan.metrics.spaces import SPACES
from medgan.studies.figures import ArmFigures, Interval, arm_figures, test_dataset
from medgan.studies.published import published
from medgan.studies.quality import QualityReport, open_report
from medgan.studies.study import Study, list_studies
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.thesis import Experiment

Reports = Mapping[str, Sequence[QualityReport]]
"""Quality reports by what their sets stand for; several where a set a class was given."""
STUDY_SCORES = {
    "accuracy": "accuracy",
    "false_positives": "false_positives",
    "false_negatives": "false_negatives",
    "mean_iou": "iou",
    "mean_false_positive_pixels": "false_positive_pixels",
    "mean_false_negative_pixels": "false_negative_pixels",
}
METRIC_OF = {"inception_score": "class_score", "fid": "frechet", "accuracy": "seen_as_drawn"}
TITLES = {"inception_score": "inception score", "fid": "FID", "mean_iou": "mean IoU"}
CLASSICAL = {"classical augmentation", "real + rescaling and classical augmentation"}
PUBLISHED_NETWORKS = {"classification": "VGG16", "pix2pix": "the generator of Pix2Pix", "unet": "a U-Net"}


@dataclass(frozen=True)
class Beside:
    """One published figure and ours."""

    row: str
    """What the figure is about."""
    score: str
    """What the published figure is."""
    published: float | None
    """None where the source's cell is empty."""
    ours: Interval | None
    """None where it was not measured here."""
    our_score: str
    """What our figure is: another name where it is seen by another network."""
    differs: str = ""
    """In words, what is different about this row; `differences` tells what is about all of them."""


def beside(chosen: Experiment, made: "Study | Reports | None" = None) -> list[Beside]:
    """Every figure of a published table, row by row, with ours where a study or reports are given."""
    if isinstance(made, Study):
        return list(_of_grid(chosen, made) if chosen.options.get("grid") else _of_arms(chosen, made))
    return list(_of_reports(chosen, made or {}))


def differences(chosen: Experiment, made: "Study | Reports") -> list[str]:
    """In words, what differs between the published experiment and ours, for all rows alike."""
    return list(_study_differences(chosen, made) if isinstance(made, Study) else _report_differences(chosen, made))


def latest(chosen: Experiment) -> "Study | Reports | None":
    """What was made here for an experiment: the newest finished study, one at full scale before a quick one; or the
    reports of the newest run of it."""
    if chosen.kind == "quality":
        return remembered(chosen) or None
    found = [study for study in list_studies() if study.finished and study.config.preset == chosen.name]
    return min(found, key=lambda study: study.config.quick, default=None)  # the first of equals is the newest


def remember(chosen: Experiment, reports: Reports) -> None:
    """Note which reports were made for an experiment, in place of those before."""
    ids = {place: [report.id for report in some] for place, some in reports.items()}
    write_atomic(_record(chosen), json.dumps({"reports": ids}, indent=2) + "\n")


def remembered(chosen: Experiment) -> dict[str, list[QualityReport]]:
    """The reports that were made for an experiment and are still here; empty where there are none."""
    if not _record(chosen).exists():
        return {}
    found: dict[str, list[QualityReport]] = {}
    for place, ids in read_json(_record(chosen)).get("reports", {}).items():
        for id in ids:
            try:
                found.setdefault(place, []).append(open_report(id))
            except BadInput:  # deleted since
                continue
    return found


def _record(chosen: Experiment) -> Path:
    return thesis_folder() / f"{chosen.name}.json"


def _of_grid(chosen: Experiment, study: Study) -> Iterator[Beside]:
    """Settings that were tried on validation images: one training each, so without an interval."""
    table, grid = published(chosen.table), study.grid()
    for cells, (name, scores) in zip(table.rows, table.named_rows(), strict=True):
        found = grid
        for column, cell in zip(table.columns, cells, strict=True):
            if column in {"learning_rate", "dropout"} and not found.empty:
                found = found[np.isclose(found[column].astype(float), float(cell or 0))]
        for score, value in scores.items():
            ours = None if found.empty else Interval(float(found[STUDY_SCORES[score]].iloc[0]))
            yield Beside(name, titled(score), value, ours, titled(score))


def _of_arms(chosen: Experiment, study: Study) -> Iterator[Beside]:
    figures, places = {each.number: each for each in arm_figures(study)}, arm_numbers(study)
    for name, scores in published(chosen.table).named_rows():
        each = figures.get(places.get("classical" if name in CLASSICAL else name, -1))
        for score, value in scores.items():
            ours = None if each is None else each.scores.get(STUDY_SCORES[score])
            yield Beside(name, titled(score), value, ours, titled(score), _about_arm(study, name, each))


def arm_numbers(study: Study) -> dict[str, int]:
    """The arm that stands for `real`, `classical`, and each row of the published table that has a set here."""
    config = study.config
    per_set = sum(1 if use == "alone" else len(config.doses) for use in config.uses)
    firsts = accumulate([per_set] * (len(config.places) - 1), initial=1 + config.classical)
    numbers = {"real": 0} | ({"classical": 1} if config.classical else {})
    return numbers | (dict(zip(config.places, firsts, strict=True)) if config.places else {})


def _about_arm(study: Study, name: str, each: ArmFigures | None) -> str:
    """Which set stands for a published row, and what drew it."""
    if each is None:
        return ""
    if name not in study.config.places:
        return ""
    drawn = []
    for id in study.config.sets[study.config.places.index(name)].split("+"):
        try:
            synthetic = SyntheticSet.open(id)
        except BadInput:
            drawn.append(f"{id}, which is gone")
            continue
        summary = synthetic.manifest.summary
        drawn.append(f"{synthetic.name} ({summary['gan']}, step {summary['step']:,}, {summary['size']} pixels)")
    return f"set {' and '.join(drawn)}"


def _of_reports(chosen: Experiment, reports: Reports) -> Iterator[Beside]:
    for place, (name, scores) in enumerate(published(chosen.table).named_rows()):
        wanted, part = _cell(chosen, place, name)
        some = reports.get(wanted, ())
        for score, value in scores.items():
            ours, title = _reported(some, METRIC_OF.get(score, ""), part)
            about = " and ".join(
                f"set {report.manifest.summary['set']} against {report.manifest.summary['dataset']}" for report in some
            )
            yield Beside(name, titled(score), value, ours, title or titled(score), about if ours else "")


def _cell(chosen: Experiment, place: int, name: str) -> tuple[str, str]:
    """Which set and which part of its images a published row of a quality table is about."""
    if name in chosen.cells:
        return chosen.cells[name]
    known = place < len(chosen.sets) and not chosen.cells and chosen.kind == "quality"
    return (chosen.sets[place] if known else "", str(chosen.options.get("part", "images")))


def _reported(reports: Sequence[QualityReport], metric: str, part: str) -> tuple[Interval | None, str]:
    """The score of one report, or the mean over the images of several, and what it is called."""
    rows: list[dict[str, Any]] = []
    for report in reports:
        scores = report.scores
        found = scores[(scores["of"] == "set") & (scores["part"] == part) & (scores["metric"] == metric)]
        measured = found.dropna(subset="value").to_dict("records")
        rows += [{str(name): value for name, value in row.items()} for row in measured]
    if not rows or len(rows) < len(reports) or (len(rows) > 1 and METRICS[metric].unit != "share"):
        return None, ""
    weights = np.array([row["synthetic"] for row in rows]) / sum(row["synthetic"] for row in rows)
    value = float(sum(weight * row["value"] for weight, row in zip(weights, rows, strict=True)))
    if any(row["low"] is None or np.isnan(row["low"]) for row in rows):
        return Interval(value), rows[0]["title"]
    ends = [
        sqrt(sum((weight * (row[end] - row["value"])) ** 2 for weight, row in zip(weights, rows, strict=True)))
        for end in ("low", "high")
    ]  # independent sets: their intervals add as squares
    return Interval(value, value - ends[0], value + ends[1]), rows[0]["title"]


def _study_differences(chosen: Experiment, study: Study) -> Iterator[str]:
    assert study.manifest is not None
    summary, config, sizes = study.manifest.summary, study.config, chosen.sizes
    section = config.segmenter if config.task == "segmentation" else config.classifier
    if config.quick:
        yield "quick version: fewer epochs and seeds, meant for small images"
    yield (
        f"data: {sizes.train:,} training and {sizes.test} test images there, here {summary['train_images']:,} and "
        f"{summary['test_images']:,} of {summary['dataset']}, split anew by patient"
    )
    dataset = test_dataset(study)
    if dataset is not None and dataset.size != sizes.pixels:
        yield f"images: {sizes.pixels} pixels there, {dataset.size} here{_of_pixels(chosen)}"
    theirs = PUBLISHED_NETWORKS.get(str(chosen.training.get("network", "")), PUBLISHED_NETWORKS["classification"])
    ours = {"pix2pix": PUBLISHED_NETWORKS["pix2pix"], "unet": PUBLISHED_NETWORKS["unet"]}.get(
        summary["network"], summary["network"]
    )
    if not ours.startswith(theirs) or is_substitute(ours):
        yield f"network: {theirs} there, here: {ours}"
    epochs = int(chosen.training["epochs"])
    if section.epochs != epochs:
        yield f"epochs: {epochs:,} there, at most {section.epochs:,} here"
    yield from _settings(chosen, study)
    if config.places and config.doses != tuple(chosen.options.get("doses", (1.0,))):
        yield f"dose: {chosen.options['doses'][0]:.0%} synthetic images there, {config.doses[0]:.0%} here"
    yield from _ways(chosen, study)


def _settings(chosen: Experiment, study: Study) -> Iterator[str]:
    """Settings of the training that are not the published ones; a grid's learning rates and dropouts are."""
    config = study.config
    section = config.segmenter if config.task == "segmentation" else config.classifier
    for name in ("learning_rate", "dropout", "batch_size", "patience"):
        theirs, ours = chosen.training.get(name), getattr(section, name)
        if theirs not in {None, ours} and not (config.grid and name in {"learning_rate", "dropout"}):
            yield f"{name.replace('_', ' ')}: {theirs:g} there, {ours:g} here"
    if config.task == "classification":
        if config.classifier.patience:
            yield f"training stops early here, after {config.classifier.patience} passes without progress"
        if config.classifier.trained_layers:
            yield f"all of the network is frozen there; its last {config.classifier.trained_layers} layers learn here"
    changes = section.augmentation
    if config.classical and changes.model_copy(update={"enabled": True}) != Augmentation():
        yield f"classical augmentation: flip, 36 degrees and 10 % zoom there, here {changes.in_words()}"


def _of_pixels(chosen: Experiment) -> str:
    return ", and counts of pixels are of images of that size" if chosen.kind == "segmentation" else ""


def _ways(chosen: Experiment, study: Study) -> Iterator[str]:
    """How figures were come by."""
    if study.config.grid:
        yield "one training a setting, there and here; figures are of validation images"
    else:
        seeds = study.config.seeds
        yield f"one training an arm there; here the mean of {seeds}, with a 95 % interval over patients and trainings"
    if study.config.classical:
        yield f"classical augmentation: {_how_often(study)} here; the source does not say how often there"
    if chosen.kind == "classification":
        weighted = "both classes count the same, however many images each has, and " * study.config.classifier.balanced
        yield f"{weighted}which pass counts and the threshold are chosen on validation images here; not told there"
    else:
        yield "the loss is cross-entropy and Dice here; not told there"


def _how_often(study: Study) -> str:
    """When a training image is changed; networks whose features are kept see a few changed copies of it."""
    assert study.manifest is not None
    if study.config.task == "segmentation" or is_small(study.manifest.summary["network"]):
        return "every image is changed anew in each pass"
    return f"each pass shows an image as it is or one of {study.config.classifier.views} changed copies of it"


def _report_differences(chosen: Experiment, reports: Reports) -> Iterator[str]:
    found = [report for some in reports.values() for report in some]
    if not found:
        return
    summaries, sizes = [report.manifest.summary for report in found], chosen.sizes
    spaces = {summary["space"]: summary["space_title"] for summary in summaries}
    if set(spaces) != {chosen.space}:
        yield (
            f"feature space: {SPACES[chosen.space].title} there, here {', '.join(spaces.values())}: "
            "figures of different spaces cannot be compared"
        )
    counts = _range([summary["synthetic"] for summary in summaries])
    if sizes.synthetic:
        yield f"{sizes.synthetic:,} synthetic images there, {counts} here"
    reals = _range([summary["real"] for summary in summaries])
    yield (f"{sizes.train:,} real training images there, {reals} here" if sizes.train else f"{reals} real images here")
    if any(summary["size"] != sizes.pixels for summary in summaries):
        yield f"images of {sizes.pixels} pixels there, {_range([summary['size'] for summary in summaries])} here"
    if chosen.table == "4.4":
        yield "the classifier here is a linear one on the features of the space, trained on real images of every class"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def titled(score: str) -> str:
    """A column of the published tables, for people."""
    return TITLES.get(score, score.replace("_", " "))
