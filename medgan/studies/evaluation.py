"""From a synthetic set to a quality report: every score with its interval, beside what real images score."""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.artefact import atomic_file, checked_name, commit, is_whole, remove_artefact
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import quality_folder
from medgan.common.progress import Progress, Silent
from medgan.common.repro import derive_seed, environment
from medgan.common.turns import in_turn
from medgan.data.dataset import PreparedDataset
from medgan.metrics import METRICS, Row, score
from medgan.metrics.comparison import Comparison, Reference, standardised
from medgan.metrics.pictures import Part, Pictures
from medgan.metrics.seen import Seen, common_size, look
from medgan.metrics.spaces import SPACES, space
from medgan.studies.copies import Copies, find_copies
from medgan.studies.learned import Learned, learned_images
from medgan.studies.quality import (
    SCORES,
    QualityConfig,
    QualityReport,
    Scored,
    list_reports,
    open_scored,
    space_version,
)
from medgan.studies.references import REFERENCES, against_half

PARTS: tuple[Part, ...] = ("images", "masks", "combined")
A_CLASS_MOST = 1000
"""Real images of each class that the classifier check learns from."""


def evaluate(config: QualityConfig, progress: Progress | None = None) -> QualityReport:
    """Score a set; a report that is finished already is returned as it is, unless it is damaged.

    Evaluations in one feature space take turns, so that each finds what the one before it has computed. Raises BadInput
    where set or data are gone or do not fit, or the space's weights are missing; Cancelled when asked to stop: what was
    looked at so far is kept and not looked at again.
    """
    progress = progress or Silent()
    space(config.space)
    folder = quality_folder() / checked_name(config.report)
    with in_turn(quality_folder() / f".{config.space}.lock", progress, "scoring images"):
        if is_whole(folder):
            return QualityReport.read(folder)
        return _evaluated(Evaluation(config, progress))


def _evaluated(work: "Evaluation") -> QualityReport:
    config, rows = work.config, list(work.rows())
    summary, copies = work.summary(), None
    if config.screening and "images" in work.parts:
        try:
            copies = work.copies()
            summary["screening"] = copies.summary()
        except BadInput as error:  # the scores stand without it
            summary["not_screened"] = str(error)
    folder = quality_folder() / config.report
    remove_artefact(folder)
    folder.mkdir(parents=True)
    with atomic_file(folder / SCORES) as stream:
        pd.DataFrame(rows).to_parquet(stream)
    if copies is not None:
        copies.write(folder)
    manifest = commit(
        folder,
        kind="quality",
        id=config.report,
        name=config.name,
        config=config.model_dump(mode="json"),
        parents=[work.scored.id, work.dataset.id],
        environment=environment(),
        summary=summary,
    )
    return QualityReport(folder, manifest)


class Evaluation:
    """The images of a report and what is seen of them, each looked at once."""

    def __init__(self, config: QualityConfig, progress: Progress) -> None:
        self.config, self.progress = config, progress
        self.scored, self.dataset = open_scored(config.set), PreparedDataset.open(config.against)
        check_channels(self.scored, self.dataset)
        self.all_real = Pictures(self.dataset.images, self.dataset.masks)
        label = config.label or None
        self.train, self.test = (self.dataset.indices(part, label) for part in ("train", "test"))
        if len(self.train) < 2:
            raise BadInput(f"data set {self.dataset.name}: fewer than 2 training images of class {label or 'any'}")
        self.size = common_size(self.scored.pictures, self.all_real)
        self.real: dict[Part, Seen] = {}
        self.references: dict[Part, tuple[Reference, Seen]] = {}

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

    @cached_property
    def labels(self) -> NDArray[np.str_]:
        """Class of each real image."""
        return self.dataset.items["label"].fillna("").to_numpy(dtype=str)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Scores of the references, then those of the set, part by part."""
        for part in self.parts:
            known = known_references(self.references_key, part)
            yield from known
            asked = self.compared_references(part) if not known else iter(())
            for name, compared in chain(asked, [("set", self.of_set(part))]):
                yield from self.scored_rows(name, part, compared)

    def scored_rows(self, name: str, part: Part, compared: Comparison) -> Iterator[dict[str, Any]]:
        for metric in METRICS:
            if METRICS[metric].cannot_be_in(self.config.space, part):
                continue
            if self.progress.stop_requested():
                raise Cancelled("stopped between two scores; what was looked at is kept")
            told = f"{REFERENCES.get(name, 'the synthetic set')}, {METRICS[metric].title}"
            self.progress.update(0, 0, f"scoring {part}: {told}")
            yield as_row(name, part, self.config.space, self.size, compared, score(metric, compared))

    def look(self, part: Part, pictures: Pictures, what: str, labels: NDArray[np.str_] | None = None) -> Seen:
        return look(pictures, part, self.config.space, size=self.size, labels=labels, progress=self.progress, what=what)

    def training(self, part: Part) -> Seen:
        """The real training images."""
        if part not in self.real:
            self.real[part] = self.look(part, self.all_real.at(self.train), "real images")
        return self.real[part]

    def compared_references(self, part: Part) -> Iterator[tuple[str, Comparison]]:
        """Real images beside real ones, and damaged ones beside them: a floor and a ceiling."""

        def compare(seen: Seen | Pictures, against: Seen, what: str) -> Comparison:
            looked = self.look(part, seen, what) if isinstance(seen, Pictures) else seen
            real, looked = standardised(against, looked)
            return self.beside(looked, Reference(real))

        patients = self.dataset.items["patient_id"].to_numpy(dtype=str)[self.train]
        yield from against_half(self.training(part), patients, self.config.seed, compare)
        if len(self.test) > 1:
            labels = self.labels[self.test]
            yield "test", self.against_train(part, self.look(part, self.all_real.at(self.test), "test images", labels))

    def of_set(self, part: Part) -> Comparison:
        """The set beside the real training images."""
        labels = self.scored.labels
        return self.against_train(part, self.look(part, self.scored.pictures, "synthetic images", labels))

    def against_train(self, part: Part, seen: Seen) -> Comparison:
        if part not in self.references:
            unscaled = self.training(part)
            real, *labelled = standardised(unscaled, *self.of_every_class(part))
            self.references[part] = Reference(real, labelled[0] if labelled else None), unscaled
        reference, unscaled = self.references[part]
        return self.beside(standardised(unscaled, seen)[1], reference)

    def beside(self, seen: Seen, reference: Reference) -> Comparison:
        return Comparison(seen, reference, self.config.resamples, self.config.seed)

    def of_every_class(self, part: Part) -> list[Seen]:
        """Real training images with their classes, for the classifier; none where there are none to tell apart."""
        classes = self.dataset.classes
        if len(classes) < 2 or part != "images":
            return []
        rng = np.random.default_rng(derive_seed(self.config.seed, "classes"))
        drawn = [rng.permutation(self.dataset.indices("train", label))[:A_CLASS_MOST] for label in classes]
        chosen = np.sort(np.concatenate(drawn))
        return [self.look(part, self.all_real.at(chosen), "real images of every class", self.labels[chosen])]

    @cached_property
    def learned(self) -> Learned:
        """What is known of the real images that the set's GAN learned from."""
        return learned_images(self.scored.synthetic, self.dataset, self.train)

    def copies(self) -> Copies:
        """The search for copies; raises BadInput where no real images were held out to compare with."""
        held_out, rows = self.learned.held_out, self.learned.train
        if not len(held_out):
            raise BadInput("no real images were held out from training, so nothing tells how close is too close")
        seen = self.look("images", self.scored.pictures, "synthetic images")
        unseen = self.look("images", self.all_real.at(held_out), "held-out real images")
        known = self.training("images")
        if not np.array_equal(rows, self.train):
            known = self.look("images", self.all_real.at(rows), "training images")
        self.progress.update(0, 0, "looking for copies of training images")
        known, seen, unseen = standardised(known, seen, unseen)
        return find_copies(known, seen, unseen, self.scored.files, self.dataset, rows, self.learned.notes)

    @cached_property
    def references_key(self) -> str:
        """What the references' scores depend on; another report with the same has the same."""
        config = self.config
        options = (config.against, config.label, config.resamples, config.seed, self.size)
        return repr((space_version(config.space), options))

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
            "references_key": self.references_key,
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


def known_references(key: str, part: Part) -> list[dict[str, Any]]:
    """Scores of the same references from an earlier report; empty where there is none that can be read."""
    for report in list_reports():
        if report.manifest.summary.get("references_key") != key:
            continue
        try:
            scores = report.scores
        except BadInput:
            continue
        found = scores[(scores["of"] != "set") & (scores["part"] == part)]
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
        "space_title": SPACES[space_name].full_title,
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
