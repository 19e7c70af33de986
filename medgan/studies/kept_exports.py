"""Exports that take a while: a set as a ZIP file in the workspace, made by a job, downloaded when it is done."""

import hashlib
import shutil
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgan.common.artefact import (
    FinishedArtefact,
    Manifest,
    checked_name,
    commit,
    is_whole,
    new_id,
    remove_artefact,
)
from medgan.common.config import Config
from medgan.common.home import exports_folder
from medgan.common.progress import Progress, Silent
from medgan.common.repro import environment
from medgan.common.turns import in_turn
from medgan.studies.exports import ExportOptions, export_zip
from medgan.studies.marks import marks_of
from medgan.studies.synthesis import SyntheticSet


class ExportConfig(Config):
    """Which set leaves, and how."""

    export: str
    """Id of the export, and the name of its folder."""
    name: str
    """Name of the set, for people."""
    set: str
    """Id of the synthetic set."""
    options: ExportOptions = ExportOptions()
    """Which of its images leave, and how."""


def export_config(synthetic: SyntheticSet, options: ExportOptions) -> ExportConfig:
    """A new export's config."""
    name = synthetic.name
    return ExportConfig(export=new_id(name), name=name, set=synthetic.id, options=options)


class KeptExport(FinishedArtefact):
    """A ZIP file that is ready to be downloaded."""

    kind = "export"
    root = staticmethod(exports_folder)

    @cached_property
    def config(self) -> ExportConfig:
        return ExportConfig.parse(self.manifest.config)

    @property
    def path(self) -> Path:
        """The ZIP file."""
        return self.folder / file_name(self.name)

    @property
    def bytes(self) -> int:
        """Size of the ZIP file."""
        return self.manifest.files[self.path.name].bytes

    def fits(self, synthetic: SyntheticSet, options: ExportOptions, marks: NDArray[np.str_]) -> bool:
        """Whether this is what an export of the set would give now, with these marks."""
        asked = (self.config.set, self.config.options, self.manifest.summary["marks_sha256"])
        return asked == (synthetic.id, options, _digest(marks)) and self.path.is_file()


def file_name(name: str) -> str:
    """What the ZIP file of a set of this name is called."""
    return f"synthetic-{name}.zip"


def list_exports() -> list[KeptExport]:
    """All that are ready, newest first."""
    return KeptExport.all()


def keep_export(config: ExportConfig, progress: Progress | None = None) -> KeptExport:
    """Make an export; one that is ready already is returned as it is, an unfinished one is made anew.

    It takes the place of earlier ones of the same set and options; exports of one set take turns, so that two never
    take each other's place. Raises BadInput where the set is gone, its marks are damaged, or nothing is left to export;
    Cancelled when asked to stop.
    """
    progress = progress or Silent()
    folder = exports_folder() / checked_name(config.export)
    with in_turn(exports_folder() / f".{checked_name(config.set)}.lock", progress, "exporting"):
        if is_whole(folder):
            return KeptExport.read(folder)
        return _kept(folder, config, progress)


def _kept(folder: Path, config: ExportConfig, progress: Progress) -> KeptExport:
    synthetic = SyntheticSet.open(config.set)
    remove_artefact(folder)
    folder.mkdir(parents=True)
    try:
        made = KeptExport(folder, _written(folder, config, synthetic, progress))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for earlier in list_exports():
        if earlier.id != made.id and (earlier.config.set, earlier.config.options) == (config.set, config.options):
            remove_artefact(earlier.folder)
    return made


def _written(folder: Path, config: ExportConfig, synthetic: SyntheticSet, progress: Progress) -> Manifest:
    marks = marks_of(synthetic)  # before the export reads them: marks given meanwhile make it out of date, not wrong
    export = export_zip(synthetic, folder / file_name(config.name), config.options, progress)
    return commit(
        folder,
        kind="export",
        id=config.export,
        name=config.name,
        config=config.model_dump(mode="json"),
        parents=[synthetic.id],
        environment=environment(),
        summary={"images": len(export.chosen), "marks_sha256": _digest(marks)},
    )


def _digest(marks: NDArray[np.str_]) -> str:
    return hashlib.sha256("\n".join(marks.tolist()).encode()).hexdigest()
