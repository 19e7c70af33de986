"""A downstream study: what is asked of which arms and seeds, and the folder with what came of it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from medgan.common.artefact import MANIFEST, Manifest, checked_name, damaged, name_from, new_id, pick, read_manifest
from medgan.common.config import Config, read_json
from medgan.common.errors import BadInput
from medgan.common.home import studies_folder
from medgan.common.jsonl import read_jsonl
from medgan.common.stored import read_array, read_table
from medgan.data.dataset import PreparedDataset
from medgan.downstream.classifier import ClassifierConfig
from medgan.downstream.segmenter import SegmenterConfig
from medgan.studies.arms import Arm, arms_of, groups_of
from medgan.studies.material import Material
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.verdict import check_row

TaskName = Literal["auto", "classification", "segmentation"]
CONFIG, ROWS, GRID, VERDICTS, TEST = "study.json", "rows.jsonl", "grid.json", "verdicts.json", "test.parquet"
PREDICTIONS, PER_IMAGE = "predictions", "per_image"
FIELDS = {"number": int, "arm": str, "seed": int}
"""Of a row, what it is about."""
SEAL = "sha256"
"""Field of a row with a SHA-256 over the rest of it and its two files; rows of before it was kept lack it."""


class StudyConfig(Config):
    """A study: giving the same one again goes on with it, or returns it where it is finished."""

    study: str
    """Id of the study, and the name of its folder."""
    name: str
    """Name of the study, for people."""
    dataset: str
    """Name or id of the data set; arms train on its training part, settings are chosen on its validation part, and
    each arm and seed is tested once on its test part."""
    task: TaskName = "auto"
    """Classification or segmentation; auto: classification where there are classes, else segmentation."""
    positive: str = ""
    """Class that the classifier has to find; where it is not given, the one of two that is not called normal."""
    sets: tuple[str, ...] = ()
    """Synthetic sets to add, each in arms of its own; those that belong together, such as one a class, joined by +."""
    doses: tuple[float, ...] = (1.0,)
    """Synthetic images for each real one: 0.5 adds half as many."""
    uses: tuple[Literal["mixed", "pretraining", "alone"], ...] = ("mixed",)
    """How synthetic images are used: mixed with real ones, for training before that on real ones, alone (as many as
    the largest dose takes)."""
    classical: bool = False
    """Whether there is an arm with classical augmentation: mirrored, turned, enlarged."""
    real_shares: tuple[float, ...] = (1.0,)
    """Shares of the real training images, for questions about small data; 1 takes all. Synthetic images that are added
    to a share are judged against that share alone."""
    seeds: int = Field(5, ge=1, le=1000)
    """Trainings of each arm, from different initial weights; fewer than 5 seldom tell anything."""
    grid: bool = False
    """Whether learning rate and dropout are chosen first, of nine settings, by training on real images with each and
    judging them on validation images."""
    first_seed: int = Field(0, ge=0, lt=2**31)
    """First of the seeds."""
    resamples: int = Field(1999, ge=99, le=100_000)
    """Resamples behind intervals and tests."""
    classifier: ClassifierConfig = ClassifierConfig()
    """How classifiers are trained."""
    segmenter: SegmenterConfig = SegmenterConfig()
    """How segmenters are trained."""
    preset: str = ""
    """Experiment of the published comparison that this repeats, such as `thesis-4.2`; empty for one of your own."""
    quick: bool = False
    """Whether a preset is carried out in its scaled-down version."""
    places: tuple[str, ...] = ()
    """For a preset, which row of the published table each of the sets stands for."""


def study_config(dataset: str, *, name: str = "", **options: Any) -> StudyConfig:
    """A new study's config, by ids; raises BadInput where the arms cannot be made."""
    opened = PreparedDataset.open(dataset)
    sets = tuple("+".join(SyntheticSet.open(each).id for each in group) for group in groups_of(options.pop("sets", ())))
    name = checked_name(name or name_from(opened.name[:50], "study"))
    config = StudyConfig.parse({"study": new_id(name), "name": name, "dataset": opened.id, "sets": sets, **options})
    config = config.model_copy(update={"task": task_of(config, opened)})
    if config.task == "classification":
        config = config.model_copy(update={"positive": positive_of(config, opened)})
    check_arms(config, opened)
    return config


def check_arms(config: StudyConfig, dataset: PreparedDataset) -> None:
    """Raise BadInput, before anything is trained, where an arm cannot have its images or its classes."""
    wanted = arms(config)
    material = Material.open(dataset, wanted, with_masks=config.task == "segmentation", seed=config.first_seed)
    if config.task == "classification":
        _check_classes(config.positive, dataset)
    for arm in wanted:
        if not arm.sets:
            continue
        classes = set(material.synthetic_of(arm).labels)
        one_sided = len({label == config.positive for label in classes}) < 2
        if config.task == "classification" and arm.use in {"alone", "pretraining"} and one_sided:
            raise BadInput(
                f"{arm.name}: its synthetic images are all of class {', '.join(sorted(classes))}, and a classifier "
                "needs both classes: join a set of the other class with +, or mix it with real images"
            )


def _check_classes(positive: str, dataset: PreparedDataset) -> None:
    """Raise BadInput where training or validation images are all of the class to be found, or none is."""
    for part in ("train", "validation"):
        of_class = (dataset.items["label"].iloc[dataset.indices(part)] == positive).to_numpy(bool)
        if of_class.all() or not of_class.any():
            missing = "no other class" if of_class.any() else f"no image of class {positive}"
            raise BadInput(
                f"data set {dataset.name}: its {part} part has {missing}, and a classifier needs both; split it anew"
            )


def task_of(config: StudyConfig, dataset: PreparedDataset) -> Literal["classification", "segmentation"]:
    """The task; raises BadInput where the data set does not fit it."""
    if config.task == "segmentation" or (config.task == "auto" and len(dataset.classes) < 2 and dataset.structures):
        if not dataset.structures:
            raise BadInput(f"data set {dataset.name} has no masks to learn segmentation from")
        return "segmentation"
    if len(dataset.classes) < 2:
        raise BadInput(f"data set {dataset.name}: classification needs at least two classes")
    return "classification"


def positive_of(config: StudyConfig, dataset: PreparedDataset) -> str:
    """The class to be found; raises BadInput where it is not clear."""
    if config.positive:
        if config.positive not in dataset.classes:
            raise BadInput(f"data set {dataset.name} has no class {config.positive!r} ({', '.join(dataset.classes)})")
        return config.positive
    others = [label for label in dataset.classes if label.lower() != "normal"]
    if len(others) != 1:
        raise BadInput(f"which class is to be found? Give positive: one of {', '.join(dataset.classes)}")
    return others[0]


def arms(config: StudyConfig) -> list[Arm]:
    """The arms of a study, the real-only one first."""
    groups = [(ids, "+".join(SyntheticSet.open(id).name for id in ids)) for ids in groups_of(config.sets)]
    return arms_of(
        groups,
        doses=config.doses,
        uses=config.uses,
        classical=config.classical,
        real_shares=config.real_shares,
        alone=config.grid,
    )


@dataclass(frozen=True)
class Study:
    """A study, finished or not; its rows grow while it runs."""

    folder: Path
    config: StudyConfig
    manifest: Manifest | None

    @classmethod
    def read(cls, folder: Path) -> "Study":
        """Raises BadInput where the folder holds no study or a damaged one."""
        manifest = read_manifest(folder) if (folder / MANIFEST).exists() else None
        return cls(folder, StudyConfig.load(folder / CONFIG), manifest)

    @classmethod
    def open(cls, name_or_id: str) -> "Study":
        """The study of that id, else the newest of that name; raises BadInput that lists what there is."""
        return pick(list_studies(), "study", name_or_id)

    @property
    def id(self) -> str:
        return self.config.study

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def finished(self) -> bool:
        return self.manifest is not None

    def rows(self) -> pd.DataFrame:
        """One row an arm and seed that was tested: number and name of the arm, seed, epochs, and each score."""
        return pd.DataFrame(self.rows_in_order()).drop(columns=SEAL, errors="ignore")

    def rows_in_order(self) -> list[dict[str, Any]]:
        """The same as they are written: by arm and seed, though those trained side by side were done in any order."""
        rows = read_jsonl(self.folder / ROWS, **FIELDS)
        found = {(row["number"], row["seed"]): row for row in rows}
        return [found[place] for place in sorted(found)]

    def verdicts(self) -> list[dict[str, Any]]:
        """One entry an arm but the real-only one: fields of `Verdict` and `Comparison`; empty until all are done.

        Raises BadInput where they are damaged.
        """
        path = self.folder / VERDICTS
        found = part_of(path, "verdicts", list) if path.exists() else []
        try:
            for one in found:
                check_row(one)
        except (ValueError, TypeError) as error:
            raise damaged(path, error) from None
        return found

    def grid(self) -> pd.DataFrame:
        """One row a setting that was tried on validation images; empty where no grid was asked for."""
        path = self.folder / GRID
        return pd.DataFrame(part_of(path, "rows", list)) if path.exists() else pd.DataFrame()

    @cached_property
    def test(self) -> pd.DataFrame:
        """One row a test image: id, label, patient_id."""
        return read_table(self.folder / TEST)

    def per_image(self, arm: int) -> NDArray[np.float64]:
        """The score that verdicts are about, (seeds, test images), of arm number `arm`.

        Raises BadInput where it is damaged.
        """
        paths = sorted((self.folder / PER_IMAGE).glob(f"{arm:03d}-*.npy"))
        if not paths:
            raise BadInput(f"{self.folder / PER_IMAGE}: nothing is left of arm {arm}")
        return np.stack([read_array(path) for path in paths])

    def predictions(self, arm: int, seed: int) -> NDArray[Any]:
        """What was predicted for each test image by an arm and seed; raises BadInput where that is damaged."""
        return read_array(self.folder / PREDICTIONS / file_of(arm, seed))


def list_studies() -> list[Study]:
    """All studies, finished or not, newest first; damaged ones are left out."""
    found = []
    for path in studies_folder().glob(f"*/{CONFIG}"):
        try:
            found.append((path.stat().st_mtime, Study.read(path.parent)))
        except (BadInput, OSError):
            continue
    return [study for _, study in sorted(found, key=lambda pair: pair[0], reverse=True)]


PartT = TypeVar("PartT", list[Any], dict[str, Any])


def part_of(path: Path, name: str, kind: type[PartT]) -> PartT:
    """A part of a JSON file of a study; raises BadInput where it is not there."""
    part = read_json(path).get(name)
    if not isinstance(part, kind):
        raise damaged(path, f"it holds no {name}")
    return part


def file_of(arm: int, seed: int) -> str:
    """Name of the file of what an arm and seed gave."""
    return f"{arm:03d}-{seed:06d}.npy"
