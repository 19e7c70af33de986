"""Knowing a process again: a number comes back when its process is gone, never number and start together."""

import hashlib
import os
import signal
import socket
import time
from functools import cache
from pathlib import Path

import psutil


@cache
def this_machine() -> str:
    """A mark of the process numbers' home (host and its process namespace) that tells no host name."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""  # not Linux
    return hashlib.sha256(f"{socket.gethostname()}\x1f{namespace}".encode()).hexdigest()[:16]


def process_start(pid: int) -> str | None:
    """A mark of when the process began; None where there is none or it is dead and only not yet collected.

    On Linux it is the boot and the kernel's tick count, which stay the same when somebody sets the clock;
    psutil's `create_time` moves with the clock.
    """
    try:
        if psutil.Process(pid).status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return None
        return _kernel_start(pid) or str(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _kernel_start(pid: int) -> str | None:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # not Linux
    fields = stat.rpartition(")")[2].split()  # the command's name before it may hold anything
    return f"{boot}:{fields[19]}"  # field 22, starttime


def same_process(pid: int, start: str) -> bool:
    """Whether the process that had this number and start is still alive."""
    return process_start(pid) == start


def signal_process(pid: int, start: str, number: signal.Signals) -> None:
    """Send a signal, or nothing where the process is gone."""
    if not same_process(pid, start):
        return
    try:
        # A detached worker leads a session of its own: a kill takes the processes it started along.
        if number == signal.SIGKILL and os.getsid(pid) == os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        pass  # it ended just now


def wait_until_gone(pid: int, start: str, timeout_s: float) -> bool:
    """Wait for a process to end; whether it did."""
    deadline = time.monotonic() + timeout_s
    while same_process(pid, start):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
