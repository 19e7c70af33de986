"""The beginning of a run: its folder, and the record of what it is to learn from."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgan.common.artefact import checked_name
from medgan.common.errors import BadInput
from medgan.common.home import runs_folder
from medgan.data.dataset import PreparedDataset
from medgan.training import feed
from medgan.training.checkpoint import newest_checkpoint
from medgan.training.config import TrainConfig
from medgan.training.run import RUN_FILE, SEEN_FILE, Run, RunRecord


def begin(config: TrainConfig, devices: int) -> Path:
    """The folder of the run of a config, made where it is not there; what is damaged of its record is written anew.

    Raises BadInput, and makes no folder, where the data do not fit, and where the record cannot be read at present.
    """
    folder = runs_folder() / checked_name(config.run)
    try:
        record = RunRecord.load(folder / RUN_FILE)
    except BadInput as error:
        if isinstance(error.__cause__, OSError):
            raise
        return start_run(config, PreparedDataset.open(config.dataset), devices, _steps_before(config, folder)).folder
    # Runs of before hold them in their record, or never knew them.
    apart = "seen_files" in record.model_fields_set and not record.seen_files
    if apart and not (folder / SEEN_FILE).exists():
        dataset = PreparedDataset.open(record.dataset_id)
        Run.start(record, seen_by(dataset, feed.indices_of(record.config, dataset, record.data)))
    return folder


def _steps_before(config: TrainConfig, folder: Path) -> int:
    """Steps of the whole training as its newest checkpoint knows them; 0 where nothing but the config tells.

    What a number of epochs comes to depends on the devices of that time.
    """
    newest = newest_checkpoint(folder)
    if newest is None:
        return 0
    steps = newest[2].get("steps", "")
    if not steps and config.loop.epochs:
        print(
            f"run {config.run}: its record was damaged; its steps are counted anew for these devices", file=sys.stderr
        )
    return int(steps or 0)


def start_run(config: TrainConfig, dataset: PreparedDataset, devices: int = 1, steps: int = 0) -> Run:
    """Make the folder of a new run; raises BadInput, and makes none, where the data do not fit.

    Steps of the whole training follow from the config and the devices where they are not given.
    """
    data = feed.fitting_data(config, dataset)
    chosen = feed.indices_of(config, dataset, data)
    items = max(len(indices) for indices in chosen)
    record = RunRecord(
        config=config,
        data=data,
        dataset_id=dataset.id,
        items=items,
        steps=steps or config.total_steps(items, devices),
    )
    return Run.start(record, seen_by(dataset, chosen))


def seen_by(dataset: PreparedDataset, chosen: Sequence[NDArray[np.int64]]) -> Iterable[str]:
    """SHA-256 of the files of the images of these indices, each once."""
    seen: Iterable[str] = dataset.items["sha256"].iloc[np.unique(np.concatenate(chosen))]
    return seen
