"""What a demo study has made so far, and each of its things in a picture or a sentence."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from medgan.app import cached, downstream_tables, gallery, looks
from medgan.app.downstream_studies import Entry
from medgan.app.downstream_words import IN_SHORT, SCORES
from medgan.app.quality_reports import reports
from medgan.app.words import plain
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.common.home import studies_folder
from medgan.common.pictures import encode_png, grid
from medgan.data.dataset import PreparedDataset
from medgan.studies.demo import DemoConfig
from medgan.studies.likeness import likeness
from medgan.studies.quality import QualityReport
from medgan.studies.study import Study
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

IN_A_ROW, IN_A_SHEET = 5, 10
GRID_ROWS, GRID_COLUMNS = 2, 6
"""Of a sample grid's corner: a row holds three images, each with its mask on its right."""
SIDE = 128


@dataclass(frozen=True)
class Made:
    """The artefacts of a demo; None for what is not there yet."""

    config: DemoConfig
    dataset: PreparedDataset | None
    run: Run | None
    set: SyntheticSet | None
    report: QualityReport | None
    study: Study | None


def made_by(config: DemoConfig) -> Made:
    """What a demo has made so far."""
    run = next((found for found in cached.runs() if found.id == config.run), None)
    named = config.phantoms.name
    return Made(
        config,
        dataset=next((found for found in cached.datasets() if found.name == named), None),
        run=run,
        set=next((found for found in cached.sets() if found.id == config.set), None),
        report=next((found for found in reports() if found.config.set == config.set), None),
        study=_study(config.study),
    )


def _study(id: str) -> Study | None:
    try:
        return Study.read(studies_folder() / id)
    except (BadInput, OSError):
        return None


def dataset_sheet(dataset: PreparedDataset) -> None:
    """Some of its images with their outlines."""
    png = _dataset_png(str(dataset.folder), looks.stamp(dataset.folder / MANIFEST), dataset)
    gallery.show_sheet(png, f"Phantoms of the data set {dataset.name}, outlined by their masks")


def set_sheet(synthetic: SyntheticSet) -> None:
    """Some of its images with their outlines."""
    png = _set_png(str(synthetic.folder), looks.stamp(synthetic.folder / MANIFEST), synthetic)
    gallery.show_sheet(png, f"Synthetic images of the set {synthetic.name}, outlined by their masks")


def newest_grid(run: Run) -> int:
    """Draw the newest sample grid's corner; returns its training step."""
    step, path = run.sample_grids()[-1]
    images = cached.first_of_grid(path, run.config.model.size, GRID_ROWS, GRID_COLUMNS)
    alternative = f"Synthetic images, each beside its mask, at training step {step}"
    gallery.sheet(images, alternative, columns=GRID_COLUMNS, side=SIDE)
    return step


def score_words(report: QualityReport) -> str:
    """The distance to real images beside what real halves come to, in a sentence."""
    scores = report.scores[(report.scores["metric"] == "frechet") & (report.scores["part"] == "images")]
    by_kind = {
        str(of): float(value) for of, value in zip(scores["of"], scores["value"], strict=True) if pd.notna(value)
    }
    own = by_kind.get("set")
    if own is None:
        return "Too few images for a distance; the Quality page tells which scores can be had."
    halves = by_kind.get("halves")
    beside = "" if halves is None else f"; two halves of the real images are **{halves:.1f}** apart"
    return f"Distance to the real images, in brightness and texture: **{own:.1f}**{beside}. Lower is closer."


def likeness_words(report: QualityReport, steps: int) -> str:
    """That its images look like no real ones, and why, where that is so; else empty."""
    found = likeness(report.scores, "images")
    if found is None:
        return ""
    return (
        f"{plain(found.words)} {steps:,} training steps are few: the demo shows the way, not a GAN that is fit for use."
    )


def study_so_far(study: Study) -> None:
    """Verdicts where there are any, and the table of arms, which fills while it runs."""
    entry = Entry(study.config, study, None)
    verdicts = entry.verdicts
    downstream_tables.show_verdicts(list(verdicts.values()))
    scores = dict(list(SCORES[study.config.task].items())[:IN_SHORT])
    found = downstream_tables.table(entry, scores, verdicts)
    st.table(found, hide_index=True, border="horizontal", alt="Scores of the arms of the demo study")
    if not verdicts:
        done, total = len(entry.rows), len(found) * study.config.seeds
        st.caption(plain(f"{done} of {total} trainings tested; the verdict comes when all are."))


@st.cache_data(max_entries=8, show_spinner=False)
def _dataset_png(folder: str, changed: int, _dataset: PreparedDataset) -> bytes:
    masks = _dataset.masks
    assert masks is not None
    return _sheet(np.asarray(_dataset.images[:IN_A_SHEET]), np.asarray(masks[:IN_A_SHEET]))


@st.cache_data(max_entries=8, show_spinner=False)
def _set_png(folder: str, changed: int, _synthetic: SyntheticSet) -> bytes:
    drawn = _synthetic.drawn[:IN_A_SHEET]
    assert drawn.images is not None
    assert drawn.masks is not None
    return _sheet(np.asarray(drawn.images), np.asarray(drawn.masks))


def _sheet(images_uint8: gallery.Uint8, masks: gallery.Uint8) -> bytes:
    outlined = [gallery.with_outlines(image, mask, SIDE) for image, mask in zip(images_uint8, masks, strict=True)]
    return encode_png(grid(np.stack(outlined), IN_A_ROW))
