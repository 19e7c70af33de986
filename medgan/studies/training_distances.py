"""How far each image of a set is from the nearest image that its GAN learned from: as screened, else computed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.common.progress import Progress, Silent
from medgan.common.stored import read_table
from medgan.data.dataset import PreparedDataset
from medgan.metrics.comparison import standardised
from medgan.metrics.nearest import nearest_rows
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import common_size, look
from medgan.metrics.spaces import SPACES
from medgan.studies.ancestry import Ancestry, ancestry_of
from medgan.studies.copies import FEATURES, HELD_OUT, KINDS, PIXELS, TABLE
from medgan.studies.learned import learned_images
from medgan.studies.quality import QualityReport, list_reports
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
SPACE = "radiomic"
"""The feature space where none was screened: it needs no weights, so it is always at hand."""
ALIGNED = "aligned_pixels"


@dataclass(frozen=True)
class TrainingDistances:
    """Distances of a set's images from the nearest training image, in one way of seeing."""

    space: str
    """Name of the feature space, or `aligned_pixels`."""
    title: str
    distances: Float64 | None
    """(count,), in the set's order; lower is closer. None where they are not to be had."""
    note: str
    """What to know of them; where there are none, why."""
    report: str = ""
    """Id of the quality report that they are from; empty where they were computed, or are missing."""
    held_out: Float64 | None = None
    """The same distances of real images that the GAN did not see; None where nothing was screened."""
    flagged: NDArray[np.bool_] | None = None
    """Whether the screening of that report flags each image, by features or pixels."""

    @property
    def column(self) -> str:
        """Of the table of an export: it names the space, since distances of two spaces have nothing in common."""
        return f"nearest_training_distance_{self.space}"


def training_distances(
    synthetic: SyntheticSet, *, compute: bool = True, progress: Progress | None = None
) -> list[TrainingDistances]:
    """One entry a feature space that the set was screened in, and one of aligned pixels.

    Where it was not screened there is one entry in the radiomic space: computed where that is allowed and possible,
    else empty, with the reason. Features are kept, so that a second time is quick. Raises Cancelled when asked to stop.
    """
    ancestry = ancestry_of(synthetic)
    screened = list(_screened(screenings_of(ancestry), synthetic))
    if screened:
        return screened
    try:
        return [_computed(ancestry, compute, progress or Silent())]
    except BadInput as error:
        return [TrainingDistances(SPACE, SPACES[SPACE].full_title, None, str(error))]


def reports_on(synthetic: SyntheticSet) -> list[QualityReport]:
    """The quality reports of a set, newest first."""
    return [report for report in list_reports() if report.config.set == synthetic.id]


def screenings_of(ancestry: Ancestry) -> list[QualityReport]:
    """The reports of a set that hold a search for copies of images that its GAN learned from, newest first."""
    reports = [report for report in reports_on(ancestry.synthetic) if "screening" in report.manifest.summary]
    return [report for report in reports if holds_training_images(report.config.against, ancestry.run)]


def holds_training_images(against: str, run: Run | str) -> bool:
    """Whether a data set (id) holds images that a run learned from.

    Where nobody knows what it learned from, since the run is gone or was imported, it is taken to: what looks like a
    copy must be shown then.
    """
    if isinstance(run, str) or run.record.dataset_id in ("", against):
        return True
    try:
        files = PreparedDataset.open(against).items["sha256"]
    except BadInput:
        return False
    return bool(files.isin(run.seen_files).any())  # the same images may be prepared in another size


def _screened(reports: Sequence[QualityReport], synthetic: SyntheticSet) -> Iterator[TrainingDistances]:
    """From the newest report of each space, as far as they can be read."""
    pixels: TrainingDistances | None = None
    spaces: set[str] = set()
    for report in reports:
        space = report.config.space
        if space in spaces:
            continue
        try:
            table, held_out = (read_table(report.folder / name) for name in (TABLE, HELD_OUT))
        except BadInput:
            continue
        if table["file"].tolist() != synthetic.items["file"].tolist():
            continue
        spaces.add(space)
        title = str(report.manifest.summary["space_title"])
        yield _of_report(report, table, held_out, FEATURES, space, title)
        pixels = pixels or _of_report(report, table, held_out, PIXELS, ALIGNED, KINDS[PIXELS])
    if pixels is not None:
        yield pixels


def _of_report(
    report: QualityReport, table: pd.DataFrame, held_out: pd.DataFrame, kind: str, space: str, title: str
) -> TrainingDistances:
    note = str(report.manifest.summary["screening"]["note"])
    flagged = table["flagged"].to_numpy(bool) if kind == FEATURES else None
    distances, unseen = table[f"{kind}_distance"].to_numpy(float), held_out[kind].to_numpy(float)
    return TrainingDistances(space, title, distances, note, report.id, unseen, flagged)


def _computed(ancestry: Ancestry, compute: bool, progress: Progress) -> TrainingDistances:
    """In the radiomic space, as a screening would; raises BadInput with the reason where that cannot be."""
    images, run, dataset = ancestry.synthetic.drawn.images, ancestry.run, ancestry.learned_from
    if images is None:
        raise BadInput("the set holds masks and no images")
    if not isinstance(run, Run):
        raise BadInput("the run that drew the set is gone, so it is not known what it learned from")
    if not isinstance(dataset, PreparedDataset):
        gone = f"data set {dataset}, which its GAN learned from, is not here"
        raise BadInput(gone if dataset else "it is not known which images its GAN learned from")
    if not compute:
        raise BadInput("it was not computed for this export, and the set was not screened")
    learned = learned_images(ancestry.synthetic, dataset, dataset.indices("train", run.config.label or None))
    real, drawn = Pictures(dataset.images).at(learned.train), Pictures(images)
    size = common_size(real, drawn)
    seen = look(drawn, "images", SPACE, size=size, progress=progress, what="synthetic images")
    known = look(real, "images", SPACE, size=size, progress=progress, what="training images")
    known, seen = standardised(known, seen)
    rows, references = (np.ascontiguousarray(side.features.pool) for side in (seen, known))
    distances = np.empty(len(images))
    distances[seen.rows] = nearest_rows(rows, references).distances[:, 0]
    return TrainingDistances(SPACE, SPACES[SPACE].full_title, distances, "; ".join(learned.notes))
