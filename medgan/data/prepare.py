"""From a folder of image files to a prepared data set that is built once."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import astuple
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from medgan.common.artefact import checked_name, commit, is_whole, name_from, remove_artefact, sha256_of
from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import datasets_folder
from medgan.common.progress import Progress, Silent
from medgan.common.repro import environment
from medgan.common.turns import in_turn
from medgan.data.build import build
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.layout import Layout, detect
from medgan.data.parallel import in_order

# Counts the changes to this program that give other pixels or splits for the same input: part of every id.
PREPARE_VERSION = 2
# Options that came later: they count where they are not at their default, so that earlier data sets keep their ids.
LATER_OPTIONS = (
    *("use_published_split", "file_window"),
    *("structures", "every_slice", "only_labelled_slices", "megavoxel_limit"),
)


def prepare(config: PrepareConfig, progress: Progress | None = None) -> PreparedDataset:
    """Prepare a folder of images as a data set in the workspace.

    The same content and options give the same data set, which is built once, and again where it was damaged. Raises
    BadInput where nothing of the source is usable, and Cancelled when asked to stop; neither leaves anything behind.
    """
    progress = progress or Silent()
    name = config.name or name_from(config.source.resolve().name)
    layout = detect(config.source, config.layout, config.family, config.labels_from)
    if config.use_published_split and not layout.published:
        known = "it is no known set" if layout.family.name == "none" else f"there is none for {layout.family.title}"
        raise BadInput(f"{config.source}: no published split to take, {known}; leave use_published_split out")
    hashes = hash_files(layout, progress)
    fill = partial(build, layout=layout, config=config, hashes=hashes, progress=progress)
    return built_once(name, _decisive(layout, config, hashes), fill, config, progress)


def built_once(
    name: str,
    decisive: Mapping[str, Any],
    fill: Callable[[Path], dict[str, Any]],
    recorded: Config,
    progress: Progress,
) -> PreparedDataset:
    """The data set of that name and those decisive facts; where there is none, or a damaged one, `fill` writes it.

    fill: writes into the folder it is given and returns the summary. recorded: the config for the manifest.
    """
    facts = json.dumps({"version": PREPARE_VERSION, **decisive}, sort_keys=True)
    identity = f"{checked_name(name)}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"
    folder = datasets_folder() / identity
    with in_turn(folder.with_name(f".{folder.name}.lock"), progress, "preparing the data set"):
        if not is_whole(folder):
            remove_artefact(folder)  # what a killed process left, or a fault of the disk
            folder.mkdir(parents=True)
            try:
                summary = fill(folder)
                commit(
                    folder,
                    kind="dataset",
                    id=identity,
                    name=name,
                    config=recorded.model_dump(mode="json"),
                    parents=[],
                    environment=environment(),
                    summary=summary,
                )
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return PreparedDataset.open(folder)


def hash_files(layout: Layout, progress: Progress) -> dict[PurePosixPath, str]:
    """The SHA-256 of every file of the layout; an empty string for one that cannot be opened."""

    def hash_of(file: PurePosixPath) -> str:
        try:
            return sha256_of(layout.root / file)
        except OSError:
            return ""  # reading it for its pixels will say why

    files = [file for item in layout.items for file in item.files]
    hashes: dict[PurePosixPath, str] = {}
    for file, digest in zip(files, in_order(hash_of, files), strict=True):
        if progress.stop_requested():
            raise Cancelled("stopped before the data set was prepared")
        hashes[file] = digest
        progress.update(len(hashes), len(files), "Reading files")
    return hashes


def _decisive(layout: Layout, config: PrepareConfig, hashes: dict[PurePosixPath, str]) -> dict[str, Any]:
    """All that decides a data set's content; where the source lies and what it is called do not."""
    items = [
        [
            str(item.image),
            item.label,
            item.source_split,
            *(hashes[file] for file in item.files),
            *(astuple(item.reading) if item.reading else ()),
            *([label.structure for label in item.volume.labels] if item.volume else ()),
        ]
        for item in layout.items
    ]
    at_default = {name for name in LATER_OPTIONS if getattr(config, name) == PrepareConfig.model_fields[name].default}
    return {
        "options": config.model_dump(mode="json", exclude={"source", "name", "layout", "family"} | at_default),
        "layout": layout.kind,
        "family": layout.family.name,
        "structures": layout.structures,
        "items": items,
        "problems": [problem.as_json() for problem in layout.problems],
    }
