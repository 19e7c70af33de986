"""A training run's folder: what it was asked to do, its curves, its pictures, its generator."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from medgan.common.artefact import (
    MANIFEST,
    Manifest,
    checked_name,
    commit,
    damage_of,
    drop_damaged,
    pick,
    read_manifest,
    sha256_of,
    write_atomic,
)
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.home import runs_folder, shipped_runs_folder
from medgan.common.jsonl import read_jsonl
from medgan.common.repro import environment
from medgan.common.tensors import write_tensors
from medgan.common.unchanged import while_unchanged
from medgan.data.dataset import PreparedDataset
from medgan.models.task import TrainingData
from medgan.training.checkpoint import newest_checkpoint
from medgan.training.config import TrainConfig

RUN_FILE = "run.json"
GENERATOR_FILE = "generator.safetensors"
LOSSES_FILE = "losses.jsonl"
SCORES_FILE = "scores.jsonl"
SEEN_FILE = "seen_files.txt"
"""SHA-256 of every source image the run was trained on, one a line."""
MADE_AGAIN = {MANIFEST, RUN_FILE, GENERATOR_FILE, LOSSES_FILE, SCORES_FILE, SEEN_FILE}
"""What the newest checkpoint of a run and its config are enough to write again."""


class RunRecord(Config):
    """What is written when a run starts."""

    config: TrainConfig
    data: TrainingData
    dataset_id: str
    items: int
    """Number of training images; of two domains, that of the larger one."""
    steps: int = 0
    """Steps of the whole training; runs of before epochs were known hold 0 and their number in the config."""
    seen_files: tuple[str, ...] = ()
    """In runs of before, what now stands in a file of its own, which a list of runs need not read."""


@dataclass(frozen=True)
class Run:
    """A run, finished or not."""

    folder: Path
    record: RunRecord
    manifest: Manifest | None
    """None while the run is unfinished."""

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """Raises BadInput where the folder holds no run or a damaged one."""
        record = _read_record(folder / RUN_FILE)
        return cls(folder, record, read_manifest(folder) if (folder / MANIFEST).exists() else None)

    @classmethod
    def open(cls, name_or_id: str) -> "Run":
        """The run of that id, else the newest of that name; raises BadInput that lists what there is."""
        return _of_id(name_or_id) or pick(list_runs(), "run", name_or_id)

    @classmethod
    def start(cls, record: RunRecord, seen_files: Iterable[str] = ()) -> "Run":
        """Make the folder of a new run that learns from images of these files (SHA-256)."""
        folder = runs_folder() / record.config.run
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / SEEN_FILE, "".join(f"{sha256}\n" for sha256 in seen_files))
        write_atomic(folder / RUN_FILE, record.to_json())
        return cls(folder, record, None)

    def finish(self, generators: Mapping[str, Tensor], parents: list[str], summary: Mapping[str, Any]) -> "Run":
        """Write the generators, then the manifest that makes the run a finished one."""
        write_tensors(self.folder / GENERATOR_FILE, generators, {"run": self.id})
        commit(
            self.folder,
            kind="run",
            id=self.id,
            name=self.name,
            config=self.config.model_dump(mode="json"),
            parents=parents,
            environment=environment(),
            summary=dict(summary),
        )
        return Run.read(self.folder)

    @property
    def config(self) -> TrainConfig:
        return self.record.config

    @property
    def id(self) -> str:
        return self.config.run

    @property
    def name(self) -> str:
        return self.config.name

    @cached_property
    def seen_files(self) -> frozenset[str]:
        """SHA-256 of every source image the run was trained on, so that no test image can hide among them.

        Empty where nobody knows. Raises BadInput where the file that tells is gone or not as it was written.
        """
        path = self.folder / SEEN_FILE
        known = self.manifest.files.get(SEEN_FILE) if self.manifest else None
        if known and not (path.exists() and sha256_of(path) == known.sha256):
            raise BadInput(f"{path}: gone or damaged, so nobody can tell which images the run learned from")
        if path.exists():
            return frozenset(path.read_text(encoding="utf-8").split())
        return frozenset(RunRecord.load(self.folder / RUN_FILE).seen_files)

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.record.steps or self.config.loop.steps

    @property
    def finished(self) -> bool:
        return self.manifest is not None

    @cached_property
    def shipped(self) -> bool:
        """Whether the run came with the package."""
        return self.folder.parent == shipped_runs_folder()

    @property
    def can_sample(self) -> bool:
        return (self.folder / GENERATOR_FILE).exists() or any(self.folder.glob("checkpoint-*.safetensors"))

    def losses(self) -> pd.DataFrame:
        """One row a logged step: `step`, `seconds` since the run began, and each named loss."""
        return pd.DataFrame(read_jsonl(self.folder / LOSSES_FILE, step=int))

    def scores(self) -> pd.DataFrame:
        """One row a score during training: `step`, `space`, `value` (Fréchet distance, lower is closer)."""
        rows = read_jsonl(self.folder / SCORES_FILE, step=int, space=str, value=float)
        return pd.DataFrame(rows, columns=["step", "space", "value"])

    def bests(self) -> list[tuple[int, Path]]:
        """Step and file of the generators that scored best when they were kept; the last one is the best of all."""
        paths = sorted(self.folder.glob("best-*.safetensors"))
        return [(int(path.stem.removeprefix("best-")), path) for path in paths]

    def step(self) -> int:
        """The last step in the curves; 0 before the first."""
        rows = read_jsonl(self.folder / LOSSES_FILE, step=int)
        return int(rows[-1]["step"]) if rows else 0

    def sample_grids(self) -> list[tuple[int, Path]]:
        """Step and picture of each sample grid, first to last."""
        paths = sorted((self.folder / "samples").glob("step-*.png"))
        return [(int(path.stem.removeprefix("step-")), path) for path in paths]


@while_unchanged
def _read_record(path: Path) -> RunRecord:
    """A run's record without its images, of which a workspace would hold too many in memory."""
    return RunRecord.load(path).model_copy(update={"seen_files": ()})


def _of_id(id: str) -> Run | None:
    """The run in the folder of that name, which needs no look at the others."""
    with suppress(BadInput):
        for root in (runs_folder(), shipped_runs_folder()):
            if (root / checked_name(id) / RUN_FILE).exists() and (run := Run.read(root / id)).id == id:
                return run
    return None


def list_runs() -> list[Run]:
    """All runs, finished or not, newest first; those that came with the package last. Damaged ones are left out."""
    own = _runs_below(runs_folder())
    shipped = _runs_below(shipped_runs_folder())
    return [run for _, run in sorted(own, key=lambda found: found[0], reverse=True)] + [run for _, run in shipped]


def _runs_below(root: Path) -> list[tuple[float, Run]]:
    """Runs with when they began."""
    runs = []
    for path in sorted(root.glob(f"*/{RUN_FILE}")):
        with suppress(BadInput, FileNotFoundError):  # damaged, or deleted meanwhile
            runs.append((path.stat().st_mtime, Run.read(path.parent)))
    return runs


def forget_damage(folder: Path) -> None:
    """Make an unfinished run of a finished one that is damaged, so that its newest checkpoint finishes it again.

    Nothing is done where no checkpoint could write again what is damaged, but for the generator itself: training anew
    is too high a price for a curve or a picture. Raises BadInput, and touches nothing, where its data set is gone.
    """
    if not (folder / MANIFEST).exists():
        return
    damaged = damage_of(folder)
    ends = damaged & {MANIFEST, GENERATOR_FILE}
    if ends or (damaged & MADE_AGAIN and newest_checkpoint(folder)):
        PreparedDataset.open(_read_record(folder / RUN_FILE).dataset_id)
        drop_damaged(folder)
