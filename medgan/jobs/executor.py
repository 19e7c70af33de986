"""Where jobs run: as processes of this machine, or on a Ray cluster, behind one small interface."""

import os
from pathlib import Path
from typing import Protocol

from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.jobs.local import LocalProcesses
from medgan.jobs.ray import OnRay
from medgan.jobs.records import Needs, Status
from medgan.jobs.reporter import Reporter
from medgan.jobs.work import Artefact


class Executor(Protocol):
    """Starts, watches and stops the attempts of jobs, and knows where their work is done."""

    @property
    def queues(self) -> bool:
        """Whether long work waits for one of this machine's slots."""

    def require(self) -> None:
        """Raise BadInput where jobs cannot run so here, as something is not installed."""

    def carry_out(self, kind: str, config: Config, needs: Needs, reporter: Reporter) -> Artefact:
        """Do the work of the attempt that this process has claimed; raises what the work raises.

        Raises BadInput where there will never be what it needs.
        """

    def start(self, folder: Path, attempt: int) -> None:
        """Begin the attempt and return; what goes wrong afterwards is the status's business."""

    def why_dead(self, folder: Path, status: Status) -> str:
        """The reason where nothing works on this queued or running job any more, else an empty string."""

    def stop(self, status: Status, *, force: bool) -> None:
        """Ask the attempt to stop; with force, wait a little and then end it."""


EXECUTORS: dict[str, Executor] = {"local": LocalProcesses(), "ray": OnRay()}


def executor_named(name: str) -> Executor:
    """Raises BadInput that lists what there is, or says what is not installed."""
    if name not in EXECUTORS:
        raise BadInput(f"no executor named {name!r} (there is: {', '.join(EXECUTORS)}); see MEDGAN_EXECUTOR")
    EXECUTORS[name].require()
    return EXECUTORS[name]


def usual_executor() -> str:
    """Where work runs unless told otherwise: MEDGAN_EXECUTOR, else here."""
    return os.environ.get("MEDGAN_EXECUTOR") or "local"
