"""Memory that runs out while work is under way: an allocation is refused, or the system's killer comes."""

import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from medgan.jobs.records import PROGRESS
from reliability import pages
from reliability.tally import Tally
from reliability.workplace import LOOK_EVERY_S, PATIENCE_S, Workplace

FULL = "memory"
"""Among the causes that the job gives, whether it could say so itself or was ended."""
MORE = 2 * 2**20
"""Bytes that a job may take beyond what it has when its work begins."""
MORE_BEFORE_KILLED = 2**20
"""The same for the system's killer, which counts only memory that is newly written to."""
CONTROL_GROUPS = {"memory.max": Path("/sys/fs/cgroup"), "memory.limit_in_bytes": Path("/sys/fs/cgroup/memory")}
"""The file that bounds a group's memory, and where groups are made: of version 2, and of version 1."""
REFUSED = ("prepare", "train", "generate")
"""Work that is refused memory. OpenBLAS, which scores and studies are full of, asks for ever where it gets none; a
system that overcommits, as Linux does, kills instead."""
TakeAway = Callable[[int], None]


def take_away(place: Workplace, tally: Tally, kinds: Sequence[str]) -> None:
    """Let a job take hardly more memory than it has when its work begins: by refusal, then by killing it."""
    _take_away(place, tally, [kind for kind in kinds if kind in REFUSED], "more is refused", _refuse)
    with _guarded_group() as group:
        if group is None:
            tally.skip("memory", "the system's killer needs root and a memory control group on Linux")
            return
        _take_away(place, tally, kinds, "killed by the system", lambda pid: _write(group / "cgroup.procs", pid))


def _take_away(place: Workplace, tally: Tally, kinds: Sequence[str], what: str, take: TakeAway) -> None:
    for kind in kinds:
        with tally.fault("memory", kind, what) as fault:
            job = place.submit(kind)
            while job.status().active and not (job.folder / PROGRESS).exists():
                time.sleep(LOOK_EVERY_S)
            pid = job.status().pid
            if pid is None:
                raise RuntimeError("it ended before its memory could be taken away")
            take(pid)
            status = job.wait(PATIENCE_S, LOOK_EVERY_S)
            fault.injected = status.state != "done"  # it may have had all that it needed
            if fault.injected:
                place.check_stopped(fault, job, states=("failed", "interrupted"), words=FULL)
                pages.check(fault, ("jobs",), said=[FULL], where="jobs")
                job.resume()
            place.check_done(fault, job)
        place.reset(kind)


def _refuse(pid: int) -> None:
    """From now on the process gets an error where it asks for more."""
    taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (taken + MORE, resource.RLIM_INFINITY))


@contextmanager
def _guarded_group() -> Iterator[Path | None]:
    """A control group whose processes are killed where they take more; None where none can be made."""
    for bound, root in CONTROL_GROUPS.items():
        group = root / f"medgan-reliability-{os.getpid()}"
        try:
            group.mkdir()
            if (group / bound).exists():
                _write(group / bound, MORE_BEFORE_KILLED)
                yield group
                return
        except OSError:
            continue
        finally:
            _remove(group)
    yield None


def _remove(group: Path) -> None:
    """Take the group away, once the system has buried the last process in it."""
    deadline = time.monotonic() + PATIENCE_S
    while group.exists():
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_EVERY_S)


def _write(path: Path, value: int) -> None:
    path.write_text(f"{value}\n")
