"""Which held-out images of a data set are among real images that something was made from."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.data.dataset import PreparedDataset
from medgan.data.families import DATASETS
from medgan.training.feed import indices_of
from medgan.training.run import Run

NAMED = {*DATASETS, "mixed"}
"""Families whose file names tell patients of public collections, wherever the files lie."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Traced:
    """Real images that a GAN learned from, or that a set was drawn from."""

    who: str
    """Name of the run or of the set."""
    how: Literal["learned", "drawn"]
    sha256: frozenset[str] | None
    """Of their files; None where it is not known which images they were."""
    dataset: PreparedDataset | None = None
    """The data set that they were taken from; None where it is not here."""


@dataclass(frozen=True)
class Sighting:
    """Held-out images of a data set that a GAN learned from, or that a set was drawn from."""

    who: str
    """Name of the run or of the set."""
    how: Literal["learned", "drawn"]
    test: int
    """Number of images of the test part."""
    validation: int
    """Number of images of the validation part."""
    of_patients: int
    """How many of both were not seen themselves: another image of the same patient was."""

    @property
    def words(self) -> str:
        """Such as `12 test and 3 validation images`."""
        parts = {"test": self.test, "validation": self.validation}
        found = " and ".join(f"{count} {part}" for part, count in parts.items() if count)
        found += " image" if self.test + self.validation == 1 else " images"
        return found + (f" ({self.of_patients} by other images of the patient)" if self.of_patients else "")


def learned_by(run: Run, dataset: PreparedDataset | None) -> Traced:
    """What a run learned from: as it recorded, else as its options say of its data set where that is still here."""
    files = run.seen_files
    if not files and dataset is not None:  # a run of before files were recorded
        chosen = np.concatenate(indices_of(run.config, dataset, run.record.data))
        files = frozenset(dataset.items["sha256"].iloc[chosen])
    return Traced(run.name, "learned", files or None, dataset)


def sighting_of(traced: Traced, dataset: PreparedDataset) -> Sighting | None:
    """Test and validation images of a data set among traced ones; None where there are none.

    Images are the same where their files are, or their prepared pixels; with an image, all others of its patient count
    as seen, where equal patient ids of the two data sets mean the same person. An image that the data set's own
    training part holds as well is not held against anyone. Pictures that were changed and renamed are not found.
    """
    items = dataset.items
    images = _known(traced)
    held_out = (items["split"] != "train").to_numpy(bool)
    own = _same_image(images, items[~held_out])
    same = _same_image(items, images[~own])
    patients = set(items["patient_id"][same])
    if traced.dataset is not None and share_patients(traced.dataset, dataset):
        patients |= set(images["patient_id"][~own])
    found = (same | items["patient_id"].isin(patients).to_numpy(bool)) & held_out
    if not found.any():
        return None
    parts = items["split"][found]
    test, validation = (int((parts == part).sum()) for part in ("test", "validation"))
    return Sighting(traced.who, traced.how, test, validation, int((found & ~same).sum()))


def _known(traced: Traced) -> pd.DataFrame:
    """All that is known of traced images: sha256, pixels_sha256, patient_id; one row an image."""
    columns = ["sha256", "pixels_sha256", "patient_id"]
    files = traced.sha256 or frozenset()
    if traced.dataset is None:
        return pd.DataFrame({"sha256": sorted(files), "pixels_sha256": "", "patient_id": ""}, columns=columns)
    items = traced.dataset.items
    return items.loc[items["sha256"].isin(files), columns]


def _same_image(images: pd.DataFrame, others: pd.DataFrame) -> Bools:
    """Which of the images are among the others."""
    pixels = set(others["pixels_sha256"]) - {""}
    same = images["sha256"].isin(set(others["sha256"])) | images["pixels_sha256"].isin(pixels)
    return same.to_numpy(bool)


def share_patients(a: PreparedDataset, b: PreparedDataset) -> bool:
    """Whether equal patient ids of two data sets mean the same person.

    They do within one data set, one public collection, one source folder, and where a person gave the same pattern to
    find patients; else where the data sets have a file in common. Phantoms are the same by family and seed, at any
    size.
    """
    if a.id == b.id:
        return True
    one, other = a.manifest.config, b.manifest.config
    families = {str(dataset.manifest.summary.get("family")) for dataset in (a, b)}
    if any(family.startswith("phantom_") for family in families):
        return len(families) == 1 and one.get("seed") == other.get("seed")
    if one.get("patient_pattern") != other.get("patient_pattern"):
        return False
    if one.get("patient_pattern") or families <= NAMED or one.get("source") == other.get("source"):
        return True
    return not set(a.items["sha256"]).isdisjoint(b.items["sha256"])
