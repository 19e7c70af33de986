"""Decoding hostile bytes out of harm's way: in a process of its own, that may crash, hang or run out of memory.

Native decoders (of DICOM's codecs, of volumes) meet files from anywhere. In a guarded process the worst that a file
can do is to be refused.
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from medgan.data.guard_messages import receive, send
from medgan.data.problems import Unusable

Out = TypeVar("Out")
PACKAGE = Path(__file__).parents[2]  # the folder that holds `medgan`, wherever the program was started
MOST_IDLE = 8
# Decoders that each start as many threads as there are cores would only wait for one another.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


def guarded(function: Callable[..., Out], *args: Any, seconds: float = 30.0, megabytes: int = 1024) -> Out:
    """Call a function of a module in another process, and return what it returns.

    Arguments and result are None, truth, numbers, texts, paths, bytes, arrays, and lists, tuples and dicts of these;
    arrays are handed over as their bytes. seconds: after so many the process is ended. megabytes: of memory, beyond
    what the process itself takes (kept on Linux). Processes are kept and used again; as many calls may run at a time
    as there are threads that call.

    Raises Unusable, in one line: what the function raised; that it took too long or too much memory; that it crashed.
    """
    worker = _taken()
    try:
        answer = worker.call(function, args, seconds, megabytes)
    except BaseException:  # the worker died, or this thread was interrupted: in either case it is of no more use
        worker.end()
        raise
    _given_back(worker)
    if answer[0] == "unusable":
        raise Unusable(answer[1], answer[2])
    return answer[1]  # type: ignore[no-any-return]


class _Worker:
    """One process that answers one call at a time."""

    def __init__(self) -> None:
        paths = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH", "")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "medgan.data.guard_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths},
        )
        assert self.process.stdin
        assert self.process.stdout
        self.asks, self.answers = self.process.stdin, self.process.stdout
        try:
            receive(self.answers, 0)
        except EOFError:
            self.end()
            raise RuntimeError("the process for decoding did not start") from None

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], seconds: float, megabytes: int) -> Any:
        try:
            send(self.asks, (function.__module__, function.__qualname__, args, seconds, megabytes))
            return receive(self.answers, megabytes * 2**20)
        except (EOFError, OSError):
            raise Unusable("unreadable", _last_words(self.process.wait(), seconds)) from None
        except ValueError as error:
            raise Unusable("unreadable", f"cannot be decoded ({error})") from None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.answers.close()
        with suppress(BrokenPipeError):  # what was not yet sent is lost with the process
            self.asks.close()


def _last_words(code: int, seconds: float) -> str:
    if code == -getattr(signal, "SIGALRM", 0):
        return f"takes longer than {seconds:g} s to decode; damaged, or too large"
    return f"makes its decoder crash ({_signal_name(-code) if code < 0 else f'exit code {code}'}); damaged"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_idle: list[_Worker] = []
_lock = Lock()


def _taken() -> _Worker:
    """A worker that no other thread uses."""
    with _lock:
        while _idle:
            worker = _idle.pop()
            if worker.is_alive:
                return worker
            worker.end()
    return _Worker()


def _given_back(worker: _Worker) -> None:
    with _lock:
        if len(_idle) < MOST_IDLE:
            _idle.append(worker)
            return
    worker.end()


def end_idle() -> None:
    """End the processes that wait for calls; the next call starts a new one."""
    with _lock:
        ended = [_idle.pop() for _ in range(len(_idle))]
    for worker in ended:
        worker.end()


def _forget() -> None:
    """After a fork: the workers are the parent's, and so may be the lock."""
    global _idle, _lock
    _idle, _lock = [], Lock()


atexit.register(end_idle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
