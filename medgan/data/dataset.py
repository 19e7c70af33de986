"""A prepared data set: arrays as memory maps, one table row an item, and what is known about both."""

import json
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.artefact import MANIFEST, FinishedArtefact, unreadable
from medgan.common.errors import BadInput
from medgan.common.home import datasets_folder
from medgan.common.stored import open_bytes, read_table
from medgan.data.problems import Problem
from medgan.data.splits import SPLITS

IMAGES, MASKS, SOURCES = "images.npy", "masks.npy", "sources.npy"
ITEMS, PROBLEMS = "items.parquet", "problems.json"


class PreparedDataset(FinishedArtefact):
    """A finished data set, opened for reading; arrays and table are opened when first asked for."""

    kind = "dataset"
    root = staticmethod(datasets_folder)

    @classmethod
    def open(cls, name_or_id_or_path: str | Path) -> Self:
        """Open by folder, by id, or by name (the newest of that name).

        Raises BadInput where there is none, or where it is no data set.
        """
        path = Path(name_or_id_or_path)
        if not (path / MANIFEST).is_file():
            return super().open(str(name_or_id_or_path))
        found = cls.read(path.resolve())
        if found.manifest.kind != cls.kind:
            raise BadInput(f"{found.folder}: is a {found.manifest.kind}, not a data set")
        return found

    @property
    def size(self) -> int:
        """Pixels a side; images are square."""
        return int(self.manifest.summary["size"])

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (RGB)."""
        return int(self.manifest.summary["channels"])

    @property
    def structures(self) -> tuple[str, ...]:
        """What each mask channel outlines; empty where there are no masks."""
        return tuple(self.manifest.summary["structures"])

    @property
    def classes(self) -> tuple[str, ...]:
        """The class labels, sorted; empty where the images have none (their label is then "")."""
        return tuple(self.manifest.summary["classes"])

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """(items, size, size, channels) bytes, memory-mapped, read only."""
        return open_bytes(self.folder / IMAGES)

    @cached_property
    def masks(self) -> NDArray[np.uint8] | None:
        """(items, size, size, structures) of 0/1, memory-mapped, read only; None where there are no masks."""
        return open_bytes(self.folder / MASKS) if self.structures else None

    @property
    def source_channels(self) -> int:
        """Channels of the source images: 0 where the data are not pairs of images."""
        return int(self.manifest.summary.get("source_channels", 0))

    @cached_property
    def sources(self) -> NDArray[np.uint8] | None:
        """(items, size, size, source_channels) bytes: what each image is to be made from; None without pairs."""
        return open_bytes(self.folder / SOURCES) if self.source_channels else None

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row an item, in the order of the arrays: id, file, sha256, pixels_sha256, patient_id, label,
        split, source_split, width, height (pixels of the original); of sets with radiological readings also sex,
        age_years, finding; of volumes also volume, slice (from 1, at the feet), spacing_z_mm, spacing_y_mm and
        spacing_x_mm (of the original's voxels)."""
        return read_table(self.folder / ITEMS)

    @cached_property
    def problems(self) -> list[Problem]:
        """What was found wrong with the source."""
        try:
            rows = json.loads((self.folder / PROBLEMS).read_text(encoding="utf-8"))
            return [Problem(row["file"], row["kind"], row["reason"]) for row in rows]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise unreadable(self.folder / PROBLEMS, error) from None

    def __len__(self) -> int:
        return int(self.manifest.summary["items"])

    def indices(self, split: str | None = "train", label: str | None = None) -> NDArray[np.int64]:
        """Positions of the items of a split and a class; None means all. Raises BadInput for unknown names."""
        if split is not None and split not in SPLITS:
            raise BadInput(f"split {split!r} is not known (there is: {', '.join(SPLITS)})")
        if label is not None and label not in self.classes:
            known = ", ".join(self.classes) or "none, its images have no classes"
            raise BadInput(f"data set {self.name!r} has no class {label!r} (there is: {known})")
        chosen = np.ones(len(self.items), bool)
        if split is not None:
            chosen &= (self.items["split"] == split).to_numpy(bool)
        if label is not None:
            chosen &= (self.items["label"] == label).to_numpy(bool)
        return np.flatnonzero(chosen).astype(np.int64)


def list_datasets() -> list[PreparedDataset]:
    """All finished data sets of the workspace, newest first."""
    return PreparedDataset.all()
