"""Faults, injected on purpose: `python -m reliability [--kills 100] [--seed 0] [--only KIND ...] [--report FILE.json]`.

Kills work at random moments, fills the disk, makes the workspace read-only, damages files, sets the clock back, takes
the memory away, and lets several processes work on the same things. After each: nothing finished is lost or changed,
what stopped says why and is resumed to the same bits, the dashboard draws and says what happened. Prints a line a fault
and a table at the end; ends with 1 where anything was lost. The moments follow from the seed and from how quick the
machine is, so that a second run meets the same plan, and not the same instant. A small workspace of phantoms in a
temporary folder is all it touches; filling a disk and making it read-only need a Linux root's mounts.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from medgan.common.artefact import write_atomic
from medgan.common.repro import environment
from reliability import clock, damaging, full_disk, killing, memory, read_only, together
from reliability.tally import Tally
from reliability.workplace import KINDS, Workplace, at_home, built

FAULTS = ("kill", "disk", "readonly", "damage", "clock", "memory", "together")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    torch.set_num_threads(1)  # as the jobs: what is repaired in this process has to come to the same bits
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="medgan-reliability-") as root:
        print("building a workspace, and doing every work once undisturbed", flush=True)
        place = built(Path(root))
        with at_home(place.home):
            for name in options.only or FAULTS:
                injections(place, tally, random.Random(options.seed), options.kills)[name]()
    took_s = time.monotonic() - began
    print(f"\n{tally}\n{took_s / 60:.0f} min")
    if options.report:
        told = {"seed": options.seed, "seconds": round(took_s), "environment": environment(), **tally.as_json()}
        write_atomic(options.report, json.dumps(told, indent=2) + "\n")
    return 1 if tally.lost else 0


def injections(place: Workplace, tally: Tally, rng: random.Random, kills: int) -> dict[str, Callable[[], None]]:
    """Every kind of fault, in full."""
    return {
        "kill": lambda: killing.kill(place, tally, rng, kills, KINDS),
        "disk": lambda: full_disk.fill(place, tally, rng, KINDS, levels=3),
        "readonly": lambda: read_only.make_read_only(place, tally, KINDS),
        "damage": lambda: damaging.damage(place, tally, rng, KINDS, every=True),
        "clock": lambda: clock.set_back(place, tally, KINDS),
        "memory": lambda: memory.take_away(place, tally, KINDS),
        "together": lambda: together.work_together(place, tally),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reliability", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills in all (100)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and of what is damaged (0)")
    parser.add_argument("--only", nargs="+", choices=FAULTS, help="these kinds of faults alone")
    parser.add_argument("--report", type=Path, help="JSON file for the result")
    return parser


if __name__ == "__main__":
    sys.exit(main())
