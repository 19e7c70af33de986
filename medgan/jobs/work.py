"""The kinds of work a job can do. Adding one is one line in this table."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.progress import Progress
from medgan.common.spread import Spread, one_by_one


class Artefact(Protocol):
    """What work returns: an artefact that lies finished in its folder."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True)
class Work:
    """A row of the table; config and function are named as "module:name" and imported only when needed."""

    title: str
    """What it does, for people: a verb and a noun, or the name it goes by."""
    config_at: str
    run_at: str
    """A function (config, progress) -> Artefact. Running it again with the same config continues it."""
    called_by: str = "name"
    """What a job is called by where its config names nothing: an option, or the last part of a path."""
    takes_slot: bool = False
    """Whether it is long and hungry, so that it waits for its turn; short work starts at once."""
    spreads: bool = False
    """Whether its function takes a Spread as well, to have parts of it done side by side."""
    gpu: bool = False
    """Whether it is faster on a GPU: on a cluster that has any, it gets one."""
    memory_gb: float = 1.0
    """Memory (10^9 bytes) that it is given on a cluster, unless told otherwise."""

    def config(self, values: dict[str, Any]) -> Config:
        """The config that a job folder holds; raises BadInput where it does not fit."""
        config_class: type[Config] = _imported(self.config_at)
        return config_class.parse(values)

    def run(self, config: Config, progress: Progress, spread: Spread = one_by_one) -> Artefact:
        """Do the work; raises BadInput, Cancelled, or whatever goes wrong in it."""
        function, more = _imported(self.run_at), (spread,) if self.spreads else ()
        artefact: Artefact = function(config, progress, *more)
        return artefact


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


DATA, PHANTOMS = "medgan.data", "medgan.data.phantom_sets"
TRAINING, SYNTHESIS = "medgan.training", "medgan.studies.synthesis"
EXPORTS = "medgan.studies.kept_exports"
# fmt: off
WORK: dict[str, Work] = {
    "prepare": Work("Prepare images", f"{DATA}.config:PrepareConfig", f"{DATA}.prepare:prepare", called_by="source"),
    "download": Work(
        "Download a data set", f"{DATA}.download.config:DownloadConfig", f"{DATA}.download.config:download_set"
    ),
    "phantom": Work("Draw phantoms", f"{PHANTOMS}:PhantomConfig", f"{PHANTOMS}:prepare_phantoms", called_by="family"),
    "train": Work(
        "Train a GAN", f"{TRAINING}.config:TrainConfig", f"{TRAINING}.loop:train",
        takes_slot=True, gpu=True, memory_gb=2.0,
    ),
    "evaluate": Work(
        "Score images", "medgan.studies.quality:QualityConfig", "medgan.studies.evaluation:evaluate",
        gpu=True, memory_gb=2.0,
    ),
    "study": Work(
        "Carry out a study", "medgan.studies.study:StudyConfig", "medgan.studies.running:run_study",
        takes_slot=True, spreads=True, gpu=True, memory_gb=2.0,
    ),
    "demo": Work(
        "Demo study", "medgan.studies.demo:DemoConfig", "medgan.studies.demo:run_demo",
        takes_slot=True, gpu=True, memory_gb=2.0,
    ),
    "generate": Work("Generate images", f"{SYNTHESIS}:GenerateConfig", f"{SYNTHESIS}:generate", gpu=True),
    "export": Work("Export a set", f"{EXPORTS}:ExportConfig", f"{EXPORTS}:keep_export"),
}
# fmt: on


def work(kind: str) -> Work:
    """The row of a kind; raises BadInput that lists the kinds."""
    if kind not in WORK:
        raise BadInput(f"no kind of job named {kind!r} (there is: {', '.join(WORK)})")
    return WORK[kind]
