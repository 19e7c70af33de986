"""Bytes that are no longer what was written: cut off, flipped, overwritten with zeros or garbage."""

import io
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import streamlit as st

from medgan.app.words import plain
from medgan.cli.check import remade
from medgan.common.artefact import MANIFEST
from medgan.common.jsonl import read_jsonl
from medgan.common.progress import Silent
from medgan.jobs import Job
from medgan.jobs.damage import look, verify
from medgan.studies.study import CONFIG, PER_IMAGE, PREDICTIONS, ROWS, file_of
from medgan.training.checkpoint import checkpoints
from medgan.training.run import LOSSES_FILE, RUN_FILE
from reliability import pages
from reliability.killing import kill_session
from reliability.tally import Fault, Tally
from reliability.workplace import LOOK_EVERY_S, Workplace

Damage = Callable[[Path, random.Random], None]


def cut(path: Path, rng: random.Random) -> None:
    """Only the beginning is left."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(max(1, len(content)))])


def flip(path: Path, rng: random.Random) -> None:
    """One bit of it is another."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def zero(path: Path, _: random.Random) -> None:
    """It is as long as it was, and holds nothing, as after a power cut on some file systems."""
    path.write_bytes(bytes(path.stat().st_size))


def garble(path: Path, rng: random.Random) -> None:
    """A line in the middle is garbage, and the last one torn."""
    lines = path.read_bytes().split(b"\n")
    lines[len(lines) // 2] = rng.randbytes(40)
    path.write_bytes(b"\n".join(lines)[:-7])


DAMAGES: dict[str, Damage] = {"cut short": cut, "a bit flipped": flip, "zeroed": zero}


def damage(place: Workplace, tally: Tally, rng: random.Random, kinds: tuple[str, ...], *, every: bool) -> None:
    """Damage unfinished work, then every file of everything that is finished; `every` way, or one a file."""
    if "train" in kinds:
        _damage_training(place, tally, rng, every=every)
    if "study" in kinds:
        _damage_study(place, tally, rng, every=every)
    for kind in kinds:
        _damage_finished(place, tally, rng, kind, every=every)
    _damage_shelf(place, tally, rng, every=every)


class Backup:
    """Folders as they were, to be put back after each damage."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self._kept = Path(tempfile.mkdtemp(prefix="medgan-backup-"))
        for number, folder in enumerate(folders):
            shutil.copytree(folder, self._kept / str(number))

    def restore(self) -> None:
        for number, folder in enumerate(self.folders):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self._kept / str(number), folder)

    def delete(self) -> None:
        shutil.rmtree(self._kept)


def _damage_training(place: Workplace, tally: Tally, rng: random.Random, *, every: bool) -> None:
    """Kill a training in its midst, damage what it left in one way after the other, and resume it each time."""
    job = place.submit("train")
    folder = place.folder("train")
    while len(checkpoints(folder)) < 2 and job.status().active:
        time.sleep(LOOK_EVERY_S)
    kill_session(job)
    newest, before = (path.name for path in checkpoints(folder))
    backup = Backup(folder, job.folder)
    for damages in _of_training(newest, before, rng, every=every):
        backup.restore()
        told = ", ".join(f"{name} {how}" for name, how, _ in damages)
        with tally.fault("damage", "train", f"unfinished, {told}") as fault:
            for name, _, way in damages:
                way(folder / name, rng)
            pages.check(fault, ("overview",) if every else ())
            place.check_resumed(fault, job)
    for file in ("status.json", "job.json") if every else ("job.json",):
        backup.restore()
        with tally.fault("damage", "train", f"unfinished, its job's {file} zeroed") as fault:
            zero(job.folder / file, rng)
            fault.require(Job.open(job.id).status().state == "damaged", "the job is not said to be damaged")
            pages.check(fault, ("jobs",), said=["damaged"], where="jobs")
            again = place.submit("train")
            place.check_done(fault, again)
            again.delete()
    backup.restore()
    backup.delete()
    place.reset("train")


def _of_training(newest: str, before: str, rng: random.Random, *, every: bool) -> list[list[tuple[str, str, Damage]]]:
    """What of an unfinished run is damaged at the same time, and how."""
    if not every:
        how, way = rng.choice(list(DAMAGES.items()))
        files = [(newest, how, way), (LOSSES_FILE, "with garbage in it", garble), (RUN_FILE, "zeroed", zero)]
        return [files]
    alone = [[(newest, how, way)] for how, way in DAMAGES.items()]
    both = [[(newest, how, way), (before, how, way)] for how, way in DAMAGES.items()]
    rows = [(LOSSES_FILE, "with garbage in it", garble), (LOSSES_FILE, "cut short", cut), (LOSSES_FILE, "zeroed", zero)]
    torn: list[list[tuple[str, str, Damage]]] = [[row] for row in rows]
    record: list[list[tuple[str, str, Damage]]] = [[(RUN_FILE, "cut short", cut)], [(RUN_FILE, "zeroed", zero)]]
    return [*alone, *both, *torn, *record]


def _damage_study(place: Workplace, tally: Tally, rng: random.Random, *, every: bool) -> None:
    """Kill a study in its midst, damage what it had kept in one way after the other, and resume it each time."""
    job = place.submit("study")
    folder = place.folder("study")
    while len(read_jsonl(folder / ROWS)) < 2 and job.status().active:
        time.sleep(LOOK_EVERY_S)
    kill_session(job)
    backup = Backup(folder, job.folder)
    for file, how, way in _of_study(rng, every=every):
        backup.restore()
        with tally.fault("damage", "study", f"unfinished, {file} {how}") as fault:
            way(folder / file, rng)
            pages.check(fault, (place.works["study"].page,))
            place.check_resumed(fault, job)
    backup.restore()
    backup.delete()
    place.reset("study")


def _of_study(rng: random.Random, *, every: bool) -> list[tuple[str, str, Damage]]:
    """What of an unfinished study is damaged, and how."""
    files = (f"{PER_IMAGE}/{file_of(0, 0)}", f"{PREDICTIONS}/{file_of(0, 1)}", ROWS, CONFIG)
    ways = [(file, how, way) for file in files for how, way in DAMAGES.items()]
    return [*ways, (ROWS, "with garbage in it", garble)] if every else [rng.choice(ways)]


def _damage_finished(place: Workplace, tally: Tally, rng: random.Random, kind: str, *, every: bool) -> None:
    """Damage the files of a finished result, one at a time: it is named, and made again to the same bits."""
    with tally.fault("damage", kind, "let through, to be damaged", injected=False) as fault:
        place.check_done(fault, place.submit(kind))
    folder = place.folder(kind)
    backup = Backup(folder)
    files = sorted(name for name in place.works[kind].whole if name not in {MANIFEST, "job.json"})
    chosen = files if every else [rng.choice(files)]
    for file in (MANIFEST, *chosen):
        how, way = rng.choice(list(DAMAGES.items()))
        with tally.fault("damage", kind, f"finished, {file} {how}") as fault:
            way(folder / file, rng)
            _is_named(fault, folder)
            pages.check(fault, (place.works[kind].page,))
            _is_made_again(fault, place, kind)
        backup.restore()
    backup.delete()
    place.reset(kind)


def _is_named(fault: Fault, folder: Path) -> None:
    """A check of everything names it, and nothing else; where a glance can tell, so does the Overview."""
    wrong = [found.id for found in verify(Silent()) if found.state == "damaged"]
    fault.require(wrong == [folder.name], f"a check names {wrong}")
    if any(found.state == "damaged" for found in look()):
        st.cache_resource.clear()  # the Overview looks anew after a minute
        pages.check(fault, ("overview",), said=[plain(folder.name)])


def _is_made_again(fault: Fault, place: Workplace, kind: str) -> None:
    """Repair makes it again, or it stays marked as damaged: a picture of a step long past, for one."""
    (found,) = (found for found in verify(Silent()) if found.state == "damaged")
    with redirect_stderr(io.StringIO()):  # its progress
        whole = remade(found)
    if whole:
        place.check_made(fault, kind)
        return
    still = [one.id for one in verify(Silent()) if one.state == "damaged"]
    fault.require(kind == "train" and still == [found.id], f"not made again, and a check names {still}")


def _damage_shelf(place: Workplace, tally: Tally, rng: random.Random, *, every: bool) -> None:
    """Damage one thing of every kind at the same time: every page still draws, the Overview names them all."""
    folders = [place.home / folder for folder in place.shelf]
    backup = Backup(*folders)
    for what in ("manifests", "largest files"):
        with tally.fault("damage", "all kinds", f"finished, {what} cut short") as fault:
            for folder in folders:
                cut(folder / MANIFEST if what == "manifests" else _largest(folder), rng)
            shown = pages.ALL if every or what == "manifests" else ("overview",)
            pages.check(fault, shown, said=[plain(folder.name) for folder in folders])
            _command_line_names(fault, folders)
            if every:
                pages.check_server(fault)
        backup.restore()
    backup.delete()


def _largest(folder: Path) -> Path:
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def _command_line_names(fault: Fault, folders: list[Path]) -> None:
    command = [sys.executable, "-m", "medgan", "check", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    fault.require(done.returncode == 1, f"`check` ended with {done.returncode}: {done.stderr[-200:]}")
    named = {one["id"] for one in json.loads(done.stdout)["damaged"]}
    fault.require(named == {folder.name for folder in folders}, f"`check` names {sorted(named)}")
