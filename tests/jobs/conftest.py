"""Fake kinds of work, in this process and in the workers that it starts; no worker outlives its test."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from medgan.jobs import WORK, list_jobs
from medgan.jobs.executor import EXECUTORS, LocalProcesses
from medgan.jobs.processes import signal_process

HERE = Path(__file__).parent
PATIENCE_S = 300.0


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the fake work, its kinds in the table."""
    monkeypatch.syspath_prepend(HERE)
    import fake_work

    for kind, row in fake_work.KINDS.items():
        monkeypatch.setitem(WORK, kind, row)
    command = (sys.executable, str(HERE / "fake_worker.py"))
    monkeypatch.setitem(EXECUTORS, "local", LocalProcesses(command))
    yield fake_work
    for job in list_jobs():
        status = job.status()
        if status.active and status.pid not in {None, os.getpid()}:
            signal_process(status.pid, status.process_start, signal.SIGKILL)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.05)

    return wait
