"""Jobs as processes of this machine."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import medgan
from medgan.common.config import Config
from medgan.jobs import processes
from medgan.jobs.records import HEARTBEAT, LOG, Needs, Status, change_status, now, read_status, status_locked
from medgan.jobs.reporter import Reporter
from medgan.jobs.work import Artefact, work

START_S = 30.0
"""How long a job may have no process yet before it counts as never started."""
SILENCE_S = 60.0
"""A job of another machine without a heartbeat for this long counts as dead."""
GRACE_S = 5.0
"""What a job has to stop by itself before it is stopped by force."""


@dataclass(frozen=True)
class LocalProcesses:
    """Each attempt is a process of this machine, in a session of its own: it outlives who started it."""

    command: Sequence[str] = field(default=(sys.executable, "-P", "-m", "medgan.jobs.worker"))
    """What runs a job's folder and attempt, given as two more arguments."""

    @property
    def queues(self) -> bool:
        """Long work waits for its turn on this machine."""
        return True

    def require(self) -> None:
        """Every machine has processes."""

    def carry_out(self, kind: str, config: Config, needs: Needs, reporter: Reporter) -> Artefact:
        """Do the work in this process, which takes what it needs."""
        return work(kind).run(config, reporter)

    def start(self, folder: Path, attempt: int) -> None:
        """Start the worker; a failure to start becomes the job's status."""
        environment = os.environ | {"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1"}
        try:
            with open(folder / LOG, "ab") as log:
                process = subprocess.Popen(
                    [*self.command, str(folder), str(attempt)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=environment,
                )
        except OSError as error:
            with status_locked(folder):
                change_status(
                    folder,
                    state="failed",
                    failure="resources",
                    finished=now(),
                    reason=f"could not start a process: {error.strerror}",
                )
            return
        # Collects the process when it ends; without this a dashboard would gather dead ones.
        threading.Thread(target=process.wait, name=f"collect-{process.pid}", daemon=True).start()
        with suppress(OSError), status_locked(folder):  # on a full disk: the process itself will say it
            status = read_status(folder)
            if status.attempt == attempt and status.pid is None and status.active:
                start = processes.process_start(process.pid) or "gone"
                change_status(folder, pid=process.pid, process_start=start, machine=processes.this_machine())

    def why_dead(self, folder: Path, status: Status) -> str:
        """A process is known by number and start; on another machine only the heartbeat tells."""
        if status.pid is None:
            waited = abs(now() - status.queued_at) > timedelta(seconds=START_S)
            return "its process never started: see the log" if waited else ""
        if status.machine == processes.this_machine():
            if processes.same_process(status.pid, status.process_start):
                return ""
            return f"its process ({status.pid}) is gone: killed, out of memory, or the machine was restarted"
        silence_s = heartbeat_age_s(folder)
        if silence_s is not None and silence_s < SILENCE_S:
            return ""
        return f"no sign of life from its process on another machine for {silence_s or SILENCE_S:.0f} s"

    def stop(self, status: Status, *, force: bool) -> None:
        """SIGTERM; with force also SIGKILL to all its processes, where it is there after a grace time."""
        if status.pid is None or status.machine != processes.this_machine():
            return  # the worker also reads the request in its status
        processes.signal_process(status.pid, status.process_start, signal.SIGTERM)
        if force and not processes.wait_until_gone(status.pid, status.process_start, GRACE_S):
            processes.signal_process(status.pid, status.process_start, signal.SIGKILL)
            processes.wait_until_gone(status.pid, status.process_start, GRACE_S)


def python_path() -> str:
    """PYTHONPATH with which another process finds the package wherever this one found it, installed or not."""
    places = [str(Path(medgan.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, places))


def heartbeat_age_s(folder: Path) -> float | None:
    """Seconds since the worker's last sign of life; None where it gave none."""
    try:
        return max(0.0, time.time() - (folder / HEARTBEAT).stat().st_mtime)
    except OSError:
        return None
