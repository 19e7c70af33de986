"""The process that a guarded function runs in: calls what it is told, within limits that the kernel keeps.

Run as `python -m medgan.data.guard_worker`; ends when the process that started it does.
"""

import importlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from medgan.data.guard_messages import receive, send
from medgan.data.problems import Unusable, why_unreadable

try:
    import resource
except ImportError:  # not a Unix: no limits of memory
    resource = None  # type: ignore[assignment]

MOST_BYTES = 2**40  # of arguments: they come from our own side


def main() -> None:
    """Answer calls until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the guard too, which ends this process
    asked, answers = _own_channels()
    _limit("RLIMIT_CORE", 0)  # a crash is expected now and then, and its memory is of no use
    send(answers, "ready")
    while True:
        try:
            module, name, args, seconds, megabytes = receive(asked, MOST_BYTES)
        except EOFError:
            return
        answer = _answer(module, name, args, seconds, megabytes)
        try:
            send(answers, answer)
        except TypeError as error:  # it is no plain value; nothing of it was sent
            send(answers, ("unusable", "unreadable", why_unreadable(error)))


def _own_channels() -> tuple[IO[bytes], IO[bytes]]:
    """The two ways to the guard, out of reach of what libraries print and read."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return asked, answers


def _answer(module: str, name: str, args: tuple[Any, ...], seconds: float, megabytes: int) -> tuple[str, ...] | Any:
    """("done", result), or ("unusable", kind, reason)."""
    try:
        function = getattr(importlib.import_module(module), name)
        return "done", _within(function, args, seconds, megabytes)
    except Unusable as error:
        return "unusable", error.kind, error.reason
    except MemoryError:
        return "unusable", "too_large", f"needs more than {megabytes} MB of memory to be decoded"
    except Exception as error:  # decoders raise what they like
        return "unusable", "unreadable", why_unreadable(error)


def _within(function: Callable[..., Any], args: tuple[Any, ...], seconds: float, megabytes: int) -> Any:
    """Call it; the kernel ends this process where it takes longer, and gives no more memory than that."""
    used = _address_space()
    _limit("RLIMIT_AS", used + megabytes * 2**20 if used else None)
    _set_alarm(seconds)
    try:
        return function(*args)
    finally:
        _set_alarm(0)
        _limit("RLIMIT_AS", None)


def _address_space() -> int:
    """Bytes that this process has asked for so far; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _limit(name: str, most: int | None) -> None:
    if resource is None or not hasattr(resource, name):
        return
    number = getattr(resource, name)
    hard = resource.getrlimit(number)[1]
    wanted = hard if most is None else most
    resource.setrlimit(number, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _set_alarm(seconds: float) -> None:
    """SIGALRM is left to the kernel, which ends the process even inside a decoder's endless loop."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
