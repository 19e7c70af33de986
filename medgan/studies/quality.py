"""Quality reports: what was scored against what, seen by what, and what came of it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from medgan.common.artefact import FinishedArtefact, checked_name, name_from
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.home import quality_folder
from medgan.common.stored import read_table
from medgan.data.dataset import PreparedDataset
from medgan.metrics.pictures import Pictures
from medgan.metrics.spaces import SPACES
from medgan.metrics.spaces import space as require_space
from medgan.studies.synthesis import SyntheticSet
from medgan.weights import status_of

VERSION = 3
"""Counts the changes of what a report holds or how it is computed."""
SCORES = "scores.parquet"


class QualityConfig(Config):
    """What to score, against which real images, as seen by what."""

    report: str
    """Id of the report, and the name of its folder."""
    name: str
    """Name of the report, for people."""
    set: str
    """Name or id of the synthetic set, or of a prepared data set whose images are taken as synthetic ones."""
    against: str
    """Name or id of the data set whose real training images it is held against."""
    space: str = "radiomic"
    """Feature space: radiomic needs no weights; inception is that of FID and IS."""
    part: Literal["all", "images", "masks", "combined"] = "all"
    """What to score: images, masks, both as one picture, or each of these that there is."""
    label: str = ""
    """Class of the real images; that of the set where it is not given."""
    resamples: int = Field(200, ge=0, le=10_000)
    """Bootstrap resamples behind the intervals; costly scores take fewer and say so. 0 leaves intervals out."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of resamples, pairs and halves."""
    screening: bool = True
    """Whether to look for copies of training images."""


def quality_config(
    set: str, against: str, *, space: str = "radiomic", label: str | None = None, **options: Any
) -> QualityConfig:
    """A report's config; the same question about the same images has the same id, and is answered once.

    Raises BadInput where set, data set or class are unknown, or the space's weights are not here.
    """
    dataset, scored = PreparedDataset.open(against), open_scored(set)
    require_space(space)
    label = scored.label if label is None else label
    label = label if label in dataset.classes or label == "" else _refuse_label(label, dataset)
    values = {"set": scored.id, "against": dataset.id, "space": space, "label": label, **options}
    plain = QualityConfig.parse({"report": "r", "name": "n", **values})
    words = plain.model_dump_json(exclude={"report", "name"}) + space_version(space)
    digest = hashlib.sha256(words.encode()).hexdigest()[:12]
    name = name_from(scored.name[:40], space)
    return plain.model_copy(update={"report": f"{name}-{digest}", "name": name})


def space_version(space: str) -> str:
    """What a feature space's scores depend on beside images and options: versions, and the weights behind it."""
    row = SPACES[space]
    weights = status_of(row.weights) if row.weights else None
    return repr((VERSION, space, row.version, weights and (weights.sha256, weights.input)))


def _refuse_label(label: str, dataset: PreparedDataset) -> str:
    known = ", ".join(dataset.classes) or "none, its images have no classes"
    raise BadInput(f"data set {dataset.name!r} has no class {label!r} (there is: {known}); choose with --label")


@dataclass(frozen=True)
class Scored:
    """The images that are scored, from a synthetic set or a data set."""

    id: str
    name: str
    pictures: Pictures
    labels: NDArray[np.str_]
    """Class that each was drawn as; empty where that is not known."""
    files: NDArray[np.str_]
    label: str
    """The only class; empty where there are several or none."""
    synthetic: SyntheticSet | None = None
    """The set, where it is one."""


def open_scored(name_or_id: str) -> Scored:
    """A synthetic set, else a data set, of that name or id; raises BadInput where there is neither."""
    try:
        found = SyntheticSet.open(name_or_id)
    except BadInput as error:
        try:
            dataset = PreparedDataset.open(name_or_id)
        except BadInput:
            raise error from None
        labels = dataset.items["label"].fillna("").to_numpy(dtype=str)
        only = dataset.classes[0] if len(dataset.classes) == 1 else ""
        files = dataset.items["file"].to_numpy(dtype=str)
        return Scored(dataset.id, dataset.name, Pictures(dataset.images, dataset.masks), labels, files, only)
    labels = found.items["label"].fillna("").to_numpy(dtype=str)
    pictures = Pictures(found.drawn.images, found.drawn.masks)
    only = str(labels[0]) if len(set(labels)) == 1 else ""
    return Scored(found.id, found.name, pictures, labels, found.items["file"].to_numpy(dtype=str), only, found)


class QualityReport(FinishedArtefact):
    """A finished report."""

    kind = "quality"
    root = staticmethod(quality_folder)

    @cached_property
    def config(self) -> QualityConfig:
        return QualityConfig.parse(self.manifest.config)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a score: `of` (`set`, or the name of a reference), part, metric, title, space, direction, unit, least
        and enough (images a side), value, low, high, spread, resamples, notes, refused, synthetic and real (numbers
        of images), size (pixels)."""
        return read_table(self.folder / SCORES)


def list_reports() -> list[QualityReport]:
    """All finished reports, newest first."""
    return QualityReport.all()


def open_report(id: str) -> QualityReport:
    """A finished report; raises BadInput where there is none."""
    return QualityReport.read(quality_folder() / checked_name(id))
