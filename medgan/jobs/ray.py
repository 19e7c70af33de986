"""Work on a Ray cluster: as tasks with what they need, begun again where a node dies, and told of in the job's folder.

The job keeps a process of its own on this machine, which hands the tasks out and waits. Its status, heartbeat, log,
cancelling and resuming are those of any job. Only here is Ray imported, and only when work is to be done on it.
"""

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.progress import UNITS, Progress
from medgan.common.spread import Call
from medgan.data.roots import VARIABLE, roots
from medgan.jobs.local import LocalProcesses, python_path
from medgan.jobs.node_needs import Node, Settled, settled
from medgan.jobs.ray_task import RETRIES, TASKS, Task, whole_work
from medgan.jobs.records import Needs, ProgressRecord, change_status, now, read_status, status_locked
from medgan.jobs.reporter import Reporter
from medgan.jobs.work import Artefact, work

POLL_S = 0.5
CONNECTING_S = 10.0
ResultT = TypeVar("ResultT")


class OnRay(LocalProcesses):
    """The process of an attempt runs here, its work on a cluster: that of RAY_ADDRESS, else a local Ray for trial."""

    @property
    def queues(self) -> bool:
        """Ray itself lets tasks wait for what they need."""
        return False

    def require(self) -> None:
        """Raise BadInput where Ray is not installed."""
        if find_spec("ray") is None:
            raise BadInput("Ray is not installed: pip install -r requirements-cluster.txt, or leave out --executor ray")

    def carry_out(self, kind: str, config: Config, needs: Needs, reporter: Reporter) -> Artefact:
        """Have the work done, whole or in parts side by side; raises what it raises."""
        self.require()
        row = work(kind)
        with connected():
            tasks = _Tasks(reporter, settled(needs, row, alive_nodes()))
            if row.spreads:
                return row.run(config, reporter, tasks.spread)
            whole = Call(row.title.lower(), (kind, config.model_dump(mode="json")))
            ((_, result),) = tasks.spread(whole_work, [whole], reporter)
            return result


@contextmanager
def connected() -> Iterator[None]:
    """A connection to the cluster that RAY_ADDRESS names, else to a Ray of this machine that ends with it.

    Raises BadInput where no cluster answers.
    """
    address = os.environ.get("RAY_ADDRESS", "")
    _check_answers(address)
    _prepare_environment(address)
    import ray

    with nullcontext("") if address else tempfile.TemporaryDirectory(prefix="ray-") as folder:
        try:
            _join(address, folder)
            yield
        finally:
            ray.shutdown()


def _prepare_environment(address: str) -> None:
    """Set what Ray reads when it is imported, unless it is set."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers what runs here
    given = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    if address and (given or (Path.home() / ".ray" / "auth_token").exists()):
        # A cluster that was begun on a machine with a token asks for it; Ray shows it only when told to.
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _join(address: str, folder: str) -> None:
    """Join the cluster, else begin one that only this machine can reach, with its files in a folder."""
    import ray

    options: dict[str, Any] = {"address": address or "local", "log_to_driver": False, "logging_level": "ERROR"}
    if not address:
        options |= {"include_dashboard": False, "_temp_dir": folder, "_node_ip_address": "127.0.0.1"}
    try:
        with _signals_kept():
            ray.init(**options)
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        raise BadInput(f"Ray at {address or 'this machine'}: {_last_line(error)} (see RAY_ADDRESS)") from None
    except SystemExit:  # Ray's answer to SIGTERM
        raise Cancelled("stopped before the cluster had begun it") from None


def _check_answers(address: str) -> None:
    """Raise BadInput where nobody listens at host:port or ray://host:port; Ray itself would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return  # none is given, or one in another form
    try:
        socket.create_connection((host, int(port)), CONNECTING_S).close()
    except (OSError, OverflowError) as error:
        raise BadInput(f"RAY_ADDRESS: no Ray cluster answers at {address} ({error})") from None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself, which is to stop the job at a safe point."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def alive_nodes() -> list[Node]:
    """What the nodes of the cluster have in all, free or not."""
    import ray

    found = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Node(int(has.get("CPU", 0)), has.get("GPU", 0.0), has.get("memory", 0.0) / 1e9) for has in found]


class _Tasks:
    """The tasks of one attempt."""

    def __init__(self, reporter: Reporter, needs: Settled) -> None:
        self.reporter, self.needs = reporter, needs

    def spread(
        self, function: Callable[..., ResultT], calls: Sequence[Call], progress: Progress
    ) -> Iterator[tuple[Call, ResultT]]:
        """Carry calls out as tasks: see `Spread`."""
        shutil.rmtree(self.reporter.folder / TASKS, ignore_errors=True)  # those of an attempt or a phase before
        (self.reporter.folder / TASKS).mkdir(exist_ok=True)  # a network disk keeps files that are open
        under_way = _UnderWay(self, function, calls, progress)
        try:
            yield from under_way.results()
        finally:
            under_way.end()

    def submit(self, task: Task, function: Any, call: Call) -> Any:
        """Hand a task to Ray; where its node or process dies, Ray begins it again on another one."""
        import ray

        return (
            ray.remote(Task.carry_out)
            .options(
                name=call.words,
                num_cpus=self.needs.cpus,
                num_gpus=self.needs.gpus,
                memory=int(self.needs.memory_gb * 1e9),
                max_retries=RETRIES,
                scheduling_strategy="SPREAD",
                runtime_env={"env_vars": self._environment()},
            )
            .remote(task, function, call.arguments)
        )

    def _environment(self) -> dict[str, str]:
        """Variables of the process that does a task; threads as here, since rounding depends on how many there are."""
        hidden = {} if self.needs.gpus else {"CUDA_VISIBLE_DEVICES": ""}
        home = self.reporter.folder.parents[2]  # home/workspace/jobs/<id>
        readable = {VARIABLE: os.pathsep.join(map(str, roots()))} if roots() else {}
        return {
            "MEDGAN_HOME": str(home), "PYTHONPATH": python_path(), "OMP_NUM_THREADS": str(self.needs.cpus),
            **readable, **hidden,
        }  # fmt: skip


class _UnderWay:
    """Calls that were handed out, until the last of them is back."""

    def __init__(self, tasks: _Tasks, function: Callable[..., Any], calls: Sequence[Call], progress: Progress) -> None:
        import ray

        self.calls, self.progress = calls, progress
        self.reporter = tasks.reporter
        self.tasks = [Task(self.reporter.folder, self.reporter.attempt, number) for number in range(len(calls))]
        packed = ray.put(ray.cloudpickle.dumps(function))  # once for all
        self.number_of = {
            tasks.submit(task, packed, call): task.number for task, call in zip(self.tasks, calls, strict=True)
        }
        """Of each task that is not back yet."""
        self.asked_to_stop = False

    def results(self) -> Iterator[tuple[Call, Any]]:
        """Each call with its result as it comes back; raises at the end what any of them raised.

        Where one was cancelled the others are waited for; where one failed, those that are done already still come.
        """
        import ray

        cancelled: Cancelled | None = None
        failed: Exception | None = None
        while self.number_of:
            back, _ = ray.wait(list(self.number_of), timeout=POLL_S)
            if failed and not back:
                break
            for reference in back:
                call = self.calls[self.number_of.pop(reference)]
                self._tell()
                try:
                    yield call, _result(reference)
                except Cancelled as error:
                    cancelled = cancelled or error
                except Exception as error:
                    failed = failed or error
            self._tell()
            if self.progress.stop_requested() and not self.asked_to_stop:
                self._ask_to_stop()
        ended = failed or cancelled
        if ended:
            raise ended

    def _tell(self) -> None:
        """How far all are together; of a single one, its own words."""
        count, back = len(self.calls), len(self.calls) - len(self.number_of)
        working = self._begun()
        records = [task.progress() for task in working]
        if count == 1 and self.tasks[0].starts():
            record = self.tasks[0].progress()
            self.progress.update(record.done, record.total, record.message)
        elif not working:
            words = "waiting for a node of the cluster" if back < count else f"{count} of {count} done"
            self.progress.update(round(UNITS * back / count), UNITS, words)
        else:
            record, number = max(zip(records, [task.number for task in working], strict=True), key=_when)
            words = ": ".join(filter(None, (self.calls[number].words, record.message)))
            done = (back + sum(record.fraction for record in records)) / count
            side_by_side = f"{back} of {count} done, {len(working)} on the cluster now"
            self.progress.update(round(UNITS * done), UNITS, f"{side_by_side}; {words}")

    def _begun(self) -> list[Task]:
        """The tasks that a node has begun and that are not back yet."""
        files = {path.name for path in (self.reporter.folder / TASKS).iterdir()}
        return [task for number in self.number_of.values() if (task := self.tasks[number]).starts_file.name in files]

    def _ask_to_stop(self) -> None:
        """Tasks read in the job's status that they should stop; those that no node has begun are called off."""
        import ray

        self.asked_to_stop = True
        with status_locked(self.reporter.folder):
            if read_status(self.reporter.folder).cancel_requested is None:  # a signal asked, and not `cancel`
                change_status(self.reporter.folder, cancel_requested=now())
        begun = {task.number for task in self._begun()}
        for reference, number in self.number_of.items():
            if number not in begun:
                ray.cancel(reference)

    def end(self) -> None:
        """Stop what is still under way: another call failed, or nobody waits for the results any more."""
        import ray

        for reference in self.number_of:
            ray.cancel(reference, force=True)


def _when(found: tuple[ProgressRecord, int]) -> datetime:
    return found[0].updated


def _result(reference: Any) -> Any:
    """What a task returned; raises what it raised, as it would have been raised here."""
    import ray
    from ray import exceptions

    try:
        return ray.get(reference)
    except exceptions.RayTaskError as error:
        if isinstance(error.cause, exceptions.RayError) or not isinstance(error.cause, Exception):
            raise WorkFailed(f"a task could not be carried out on the cluster: {_last_line(error)}") from error
        raise error.cause from error
    except exceptions.TaskCancelledError:
        raise Cancelled("cancelled before the cluster had begun it") from None
    except exceptions.OutOfMemoryError:
        raise MemoryError("not enough memory on a node of the cluster") from None
    except (exceptions.NodeDiedError, exceptions.WorkerCrashedError) as error:
        raise WorkFailed(f"a node or process of the cluster died {RETRIES + 1} times: {_last_line(error)}") from None
    except exceptions.RayError as error:
        raise WorkFailed(f"Ray: {_last_line(error)}") from None


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
