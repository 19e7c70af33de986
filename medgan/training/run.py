"""A training run's folder: what it was asked to do, its curves, its pictures, its generator."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from medgan.common.artefact import MANIFEST, Manifest, commit, pick, read_manifest, write_atomic
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.home import runs_folder, shipped_runs_folder
from medgan.common.jsonl import read_jsonl
from medgan.common.repro import environment
from medgan.common.tensors import write_tensors
from medgan.models.task import TrainingData
from medgan.training.config import TrainConfig

RUN_FILE = "run.json"
GENERATOR_FILE = "generator.safetensors"
LOSSES_FILE = "losses.jsonl"
SCORES_FILE = "scores.jsonl"


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
    """SHA-256 of every source image the run was trained on, so that no test image can hide among them."""


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
        record = RunRecord.load(folder / RUN_FILE)
        return cls(folder, record, read_manifest(folder) if (folder / MANIFEST).exists() else None)

    @classmethod
    def open(cls, name_or_id: str) -> "Run":
        """The run of that id, else the newest of that name; raises BadInput that lists what there is."""
        return pick(list_runs(), "run", name_or_id)

    @classmethod
    def start(cls, record: RunRecord) -> "Run":
        """Make the folder of a new run."""
        folder = runs_folder() / record.config.run
        folder.mkdir(parents=True, exist_ok=True)
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

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.record.steps or self.config.loop.steps

    @property
    def finished(self) -> bool:
        return self.manifest is not None

    @property
    def shipped(self) -> bool:
        """Whether the run came with the package."""
        return self.folder.parent == shipped_runs_folder()

    @property
    def can_sample(self) -> bool:
        return (self.folder / GENERATOR_FILE).exists() or any(self.folder.glob("checkpoint-*.safetensors"))

    def losses(self) -> pd.DataFrame:
        """One row a logged step: `step`, `seconds` since the run began, and each named loss."""
        return pd.DataFrame(read_jsonl(self.folder / LOSSES_FILE))

    def scores(self) -> pd.DataFrame:
        """One row a score during training: `step`, `space`, `value` (Fréchet distance, lower is closer)."""
        return pd.DataFrame(read_jsonl(self.folder / SCORES_FILE), columns=["step", "space", "value"])

    def bests(self) -> list[tuple[int, Path]]:
        """Step and file of the generators that scored best when they were kept; the last one is the best of all."""
        paths = sorted(self.folder.glob("best-*.safetensors"))
        return [(int(path.stem.removeprefix("best-")), path) for path in paths]

    def step(self) -> int:
        """The last step in the curves; 0 before the first."""
        rows = read_jsonl(self.folder / LOSSES_FILE)
        return int(rows[-1]["step"]) if rows else 0

    def sample_grids(self) -> list[tuple[int, Path]]:
        """Step and picture of each sample grid, first to last."""
        paths = sorted((self.folder / "samples").glob("step-*.png"))
        return [(int(path.stem.removeprefix("step-")), path) for path in paths]


def list_runs() -> list[Run]:
    """All runs, finished or not, newest first; those that came with the package last. Damaged ones are left out."""
    own = _runs_below(runs_folder())
    shipped = _runs_below(shipped_runs_folder())
    return sorted(own, key=lambda run: (run.folder / RUN_FILE).stat().st_mtime, reverse=True) + shipped


def _runs_below(root: Path) -> list[Run]:
    runs = []
    for path in sorted(root.glob(f"*/{RUN_FILE}")):
        try:
            runs.append(Run.read(path.parent))
        except BadInput:
            continue
    return runs
