"""From a synthetic set to a quality report: every score with its interval, beside what real images score."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from medgan.common.artefact import (
    MANIFEST,
    Manifest,
    atomic_file,
    checked_name,
    commit,
    list_artefacts,
    name_from,
    read_manifest,
    remove_artefact,
)
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.home import quality_folder
from medgan.common.progress import Progress, Silent
from medgan.common.repro import environment
from medgan.common.stored import read_table
from medgan.data.dataset import PreparedDataset
from medgan.metrics import METRICS, Row, score
from medgan.metrics.comparison import Comparison, Reference, standardised
from medgan.metrics.pictures import Part, Pictures
from medgan.metrics.seen import Seen, common_size, look
from medgan.metrics.spaces import SPACES, space
from medgan.studies.copies import Copies, find_copies
from medgan.studies.references import REFERENCES, against_half
from medgan.studies.synthesis import SyntheticSet
from medgan.weights import status_of

VERSION = 1
"""Counts the changes of what a report holds or how it is computed."""
SCORES = "scores.parquet"
PARTS: tuple[Part, ...] = ("images", "masks", "combined")
A_CLASS_MOST = 1000
"""Real images of each other class that the classifier check learns from."""


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
    if space not in SPACES:
        raise BadInput(f"no feature space {space!r} (there is: {', '.join(SPACES)})")
    label = scored.label if label is None else label
    label = label if label in dataset.classes or label == "" else _refuse_label(label, dataset)
    values = {"set": scored.id, "against": dataset.id, "space": space, "label": label, **options}
    plain = QualityConfig.parse({"report": "r", "name": "n", **values})
    weights = status_of(SPACES[space].weights).sha256 if SPACES[space].weights else ""
    words = plain.model_dump_json(exclude={"report", "name"}) + f"{VERSION}{weights}"
    digest = hashlib.sha256(words.encode()).hexdigest()[:12]
    name = name_from(scored.name[:40], space)
    return plain.model_copy(update={"report": f"{name}-{digest}", "name": name})


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
    return Scored(found.id, found.name, pictures, labels, found.items["file"].to_numpy(dtype=str), only)


@dataclass(frozen=True)
class QualityReport:
    """A finished report."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def name(self) -> str:
        return self.manifest.name

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
    return [QualityReport(*found) for found in list_artefacts(quality_folder(), "quality")]


def open_report(id: str) -> QualityReport:
    """A finished report; raises BadInput where there is none."""
    folder = quality_folder() / checked_name(id)
    return QualityReport(folder, read_manifest(folder))


class Evaluation:
    """The images of a report and what is seen of them, each looked at once."""

    def __init__(self, config: QualityConfig, scored: Scored, dataset: PreparedDataset, progress: Progress) -> None:
        self.config, self.scored, self.dataset, self.progress = config, scored, dataset, progress
        self.all_real = Pictures(dataset.images, dataset.masks)
        label = config.label or None
        self.train = dataset.indices("train", label)
        self.test = dataset.indices("test", label)
        self.held_out = np.concatenate([dataset.indices("validation", label), self.test])
        if len(self.train) < 2:
            raise BadInput(f"data set {dataset.name}: fewer than 2 training images of class {config.label or 'any'!r}")
        self.size = common_size(scored.pictures, self.all_real)
        check_channels(scored, dataset)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What is scored; raises BadInput where a part that was asked for is missing."""
        sides = (self.scored.pictures, self.all_real)
        if self.config.part != "all":
            for pictures in sides:
                pictures.only(self.config.part)
            return (self.config.part,)
        has = {
            "images": all(pictures.images is not None for pictures in sides),
            "masks": all(pictures.masks is not None for pictures in sides) and _alike(*sides),
        }
        has["combined"] = has["images"] and has["masks"]
        found = tuple(part for part in PARTS if has[part])
        if not found:
            raise BadInput(f"{self.scored.name} and {self.dataset.name} have neither images nor masks in common")
        return found

    def look(self, part: Part, pictures: Pictures, what: str, labels: NDArray[np.str_] | None = None) -> Seen:
        return look(pictures, part, self.config.space, size=self.size, labels=labels, progress=self.progress, what=what)

    def real(self, part: Part) -> Seen:
        return self.look(part, self.all_real.at(self.train), "real images")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Scores of the references, then those of the set, part by part."""
        for part in self.parts:
            known = known_references(self.config, part, self.size)
            yield from known
            asked = self.references(part) if not known else iter(())
            for name, compared in chain(asked, [("set", self.of_set(part))]):
                self.progress.update(0, 0, f"scoring {part}: {REFERENCES.get(name, 'the synthetic set')}")
                for metric in METRICS:
                    if not METRICS[metric].cannot_be_in(self.config.space):
                        yield as_row(name, part, self.config.space, self.size, compared, score(metric, compared))

    def references(self, part: Part) -> Iterator[tuple[str, Comparison]]:
        """Real images beside real ones, and damaged ones beside them: a floor and a ceiling."""

        def compare(pictures: Pictures, against: Pictures, what: str) -> Comparison:
            real, seen = standardised(self.look(part, against, "real images"), self.look(part, pictures, what))
            return self.beside(seen, Reference(real))

        patients = self.dataset.items["patient_id"].to_numpy(dtype=str)[self.train]
        yield from against_half(self.all_real.at(self.train).only(part), patients, self.config.seed, compare)
        if len(self.test) > 1:
            labels = self.labels[self.test]
            yield "test", self.against_train(part, self.look(part, self.all_real.at(self.test), "test images", labels))

    def of_set(self, part: Part) -> Comparison:
        """The set beside the real training images."""
        labels = self.scored.labels
        return self.against_train(part, self.look(part, self.scored.pictures, "synthetic images", labels))

    def against_train(self, part: Part, seen: Seen) -> Comparison:
        real, seen, *labelled = standardised(self.real(part), seen, *self.of_every_class(part))
        return self.beside(seen, Reference(real, labelled[0] if labelled else None))

    def beside(self, seen: Seen, reference: Reference) -> Comparison:
        return Comparison(seen, reference, self.config.resamples, self.config.seed)

    def of_every_class(self, part: Part) -> list[Seen]:
        """Real training images with their classes, for the classifier; none where there are none to tell apart."""
        classes = self.dataset.classes
        if len(classes) < 2 or part != "images":
            return []
        chosen = np.concatenate([self.dataset.indices("train", label)[:A_CLASS_MOST] for label in classes])
        return [self.look(part, self.all_real.at(chosen), "real images of every class", self.labels[chosen])]

    @cached_property
    def labels(self) -> NDArray[np.str_]:
        """Class of each real image."""
        return self.dataset.items["label"].fillna("").to_numpy(dtype=str)

    def copies(self) -> Copies | None:
        """The search for copies; None where no real images were held out to compare with."""
        if not len(self.held_out):
            return None
        seen = self.look("images", self.scored.pictures, "synthetic images")
        held_out = self.look("images", self.all_real.at(self.held_out), "held-out real images")
        self.progress.update(0, 0, "looking for copies of training images")
        real, seen, held_out = standardised(self.real("images"), seen, held_out)
        return find_copies(real, seen, held_out, self.scored.files, self.dataset, self.train)

    def summary(self) -> dict[str, Any]:
        """Small facts for listings."""
        return {
            "set": self.scored.name,
            "dataset": self.dataset.name,
            "label": self.config.label,
            "space": self.config.space,
            "space_title": SPACES[self.config.space].full_title,
            "parts": list(self.parts),
            "synthetic": len(self.scored.pictures),
            "real": len(self.train),
            "size": self.size,
        }


def check_channels(scored: Scored, dataset: PreparedDataset) -> None:
    """Raise BadInput where one side is in colour and the other is not."""
    images = scored.pictures.images
    if images is not None and images.shape[3] != dataset.channels:
        kinds = {1: "grey", 3: "colour"}
        raise BadInput(
            f"{scored.name} has {kinds[images.shape[3]]} images, data set {dataset.name} {kinds[dataset.channels]} "
            "ones: compare it with the data set that its GAN learned from"
        )


def known_references(config: QualityConfig, part: Part, size: int) -> list[dict[str, Any]]:
    """Scores of the same references from an earlier report; empty where there is none."""
    same = ("against", "space", "label", "resamples", "seed")
    weights = SPACES[config.space].full_title
    for report in list_reports():
        if report.manifest.summary["space_title"] != weights:
            continue
        if all(getattr(report.config, name) == getattr(config, name) for name in same):
            scores = report.scores
            found = scores[(scores["of"] != "set") & (scores["part"] == part) & (scores["size"] == size)]
            if len(found):
                return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]
    return []


def _alike(*sides: Pictures) -> bool:
    """Whether masks are of the same number of structures."""
    return len({pictures.masks.shape[3] for pictures in sides if pictures.masks is not None}) == 1


def as_row(name: str, part: Part, space_name: str, size: int, compared: Comparison, found: Row) -> dict[str, Any]:
    """A score as a row of the table."""
    estimate, metric = found.estimate, METRICS[found.metric]
    return {
        "of": name,
        "part": part,
        "metric": found.metric,
        "title": metric.called(found.metric, space_name),
        "space": space_name,
        "direction": metric.direction,
        "unit": metric.unit,
        "least": metric.least,
        "enough": metric.enough,
        "value": estimate.value if estimate else None,
        "low": estimate.low if estimate else None,
        "high": estimate.high if estimate else None,
        "spread": estimate.spread if estimate else None,
        "resamples": estimate.resamples if estimate else 0,
        "notes": "; ".join(estimate.notes) if estimate else "",
        "refused": found.refused,
        "synthetic": len(compared.synthetic),
        "real": len(compared.real),
        "size": size,
    }


def evaluate(config: QualityConfig, progress: Progress | None = None) -> QualityReport:
    """Score a set; a report that is finished already is returned as it is.

    Raises BadInput where set or data are gone or do not fit, or the space's weights are missing; Cancelled when asked
    to stop: what was looked at so far is kept and not looked at again.
    """
    progress = progress or Silent()
    folder = quality_folder() / checked_name(config.report)
    if (folder / MANIFEST).exists():
        return QualityReport(folder, read_manifest(folder))
    space(config.space)
    scored, dataset = open_scored(config.set), PreparedDataset.open(config.against)
    work = Evaluation(config, scored, dataset, progress)
    rows = list(work.rows())
    copies = work.copies() if config.screening and "images" in work.parts else None
    remove_artefact(folder)
    folder.mkdir(parents=True)
    with atomic_file(folder / SCORES) as stream:
        pd.DataFrame(rows).to_parquet(stream)
    summary = work.summary()
    if copies is not None:
        copies.write(folder)
        summary["screening"] = copies.summary()
    manifest = commit(
        folder,
        kind="quality",
        id=config.report,
        name=config.name,
        config=config.model_dump(mode="json"),
        parents=[scored.id, dataset.id],
        environment=environment(),
        summary=summary,
    )
    return QualityReport(folder, manifest)
