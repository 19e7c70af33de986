"""What of a job runs on a node of a Ray cluster: a call, with its progress in the job's folder."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import medgan
from medgan.common.errors import BadInput, Busy, WorkFailed
from medgan.common.jsonl import append_jsonl, read_jsonl
from medgan.common.progress import Progress
from medgan.jobs.records import STATUS, ProgressRecord, Result, read_record
from medgan.jobs.reporter import Reporter
from medgan.jobs.work import work

TASKS = "tasks"
"""Folder below the job's: one pair of files a task."""
RETRIES = 3
"""How often a task is begun again after its node or its process died."""
PATIENCE_S, POLL_S = 180.0, 2.0
"""How long a lock on a network disk may outlive the node that held it, and how often it is tried."""
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Task:
    """One call of a job's attempt, by its number."""

    folder: Path
    """The job's folder, on a path that all nodes share."""
    attempt: int
    number: int
    version: str = medgan.__version__
    """The version of medgan that the job's process has."""

    @property
    def progress_file(self) -> Path:
        return self.folder / TASKS / f"{self.attempt}-{self.number:05d}.json"

    @property
    def starts_file(self) -> Path:
        return self.folder / TASKS / f"{self.attempt}-{self.number:05d}.jsonl"

    def starts(self) -> list[dict[str, Any]]:
        """One row a start, with the node and the number of the process there; more than one where nodes died."""
        return read_jsonl(self.starts_file)

    def progress(self) -> ProgressRecord:
        """How far it is; empty before its first report."""
        try:
            return read_record(self.progress_file, ProgressRecord)
        except BadInput:
            return ProgressRecord()

    def carry_out(self, function: bytes, arguments: tuple[Any, ...]) -> Any:
        """Call a function that Ray packed; raises what it raises, and BadInput where this node is not fit for it."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        self._check_node(node)
        append_jsonl(self.starts_file, {"node": node, "process": os.getpid()})
        starts = len(self.starts())
        if starts > RETRIES + 1:  # Ray begins tasks anew without end where they are stopped for want of memory
            raise WorkFailed(
                f"was begun {starts - 1} times, and its process died each time, most likely for want of memory: "
                "use smaller batches, or ask for more with --memory-gb"
            )
        with Reporter(self.folder, self.attempt, file=self.progress_file) as reporter:
            call = ray.cloudpickle.loads(function)  # only now, as it may open what a node that is not fit does not see
            return patiently(lambda: call(*arguments, reporter), reporter)

    def _check_node(self, node: str) -> None:
        if medgan.__version__ != self.version:
            raise BadInput(
                f"node {node[:8]} of the cluster has medgan {medgan.__version__}, this machine {self.version}: "
                "install the same everywhere"
            )
        if not (self.folder / STATUS).exists():
            raise BadInput(
                f"node {node[:8]} of the cluster does not see {self.folder}: put MEDGAN_HOME on a path that all share"
            )


def patiently(call: Callable[[], ResultT], progress: Progress) -> ResultT:
    """The call's result; where another process does the same, perhaps one of a dead node, it is waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call()
        except Busy:
            if time.monotonic() > deadline or progress.stop_requested():
                raise
        time.sleep(POLL_S)


def whole_work(kind: str, values: dict[str, Any], progress: Progress) -> Result:
    """All the work of a job, in one task."""
    row = work(kind)
    artefact = row.run(row.config(values), progress)
    return Result(id=artefact.id, name=artefact.name, folder=artefact.folder)
