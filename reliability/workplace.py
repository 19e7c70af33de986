"""A workspace with finished things in it, five kinds of work to disturb, and what each comes to undisturbed."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medgan.common.config import Config
from medgan.common.home import home
from medgan.common.pictures import to_pil
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs import Job, list_jobs, submit
from medgan.jobs.records import PROGRESS
from medgan.studies.evaluation import evaluate
from medgan.studies.quality import quality_config
from medgan.studies.reader import prepare_session, reader_config
from medgan.studies.running import run_study
from medgan.studies.study import study_config
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from reliability.content import Content, content, differences, exact
from reliability.tally import Fault

KINDS = ("prepare", "train", "generate", "evaluate", "study")
TINY = {"size": 64, "width": 8, "batch_size": 4, "samples": 4, "threads": 1, "sample_every": 20}
QUICK = {"backbone": "small", "epochs": 2}
PATIENCE_S = 600.0
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Work:
    """A job of some kind, and what it comes to where nothing disturbs it."""

    kind: str
    config: Config
    folder: str
    """Of what it makes, below the home folder."""
    page: str
    """The page that shows such work."""
    whole: Content
    begins_s: float
    """Seconds from its start to its first report."""
    takes_s: float
    """Seconds from its start to its end."""


@dataclass
class Workplace:
    """A home folder in which work is disturbed."""

    home: Path
    works: dict[str, Work] = field(default_factory=dict)
    shelf: dict[str, Content] = field(default_factory=dict)
    """What was finished before, by its folder: no fault may change it."""

    def submit(self, kind: str) -> Job:
        work = self.works[kind]
        return submit(work.kind, work.config)

    def folder(self, kind: str) -> Path:
        return self.home / self.works[kind].folder

    def reset(self, kind: str) -> None:
        """Forget what a kind of work made, and its jobs."""
        for job in list_jobs():
            if job.status().active:
                job.cancel(force=True)
                job.wait(PATIENCE_S)
            job.delete()
        shutil.rmtree(self.folder(kind), ignore_errors=True)
        shutil.rmtree(self.home / "workspace" / "features", ignore_errors=True)

    def check_shelf(self, fault: Fault) -> None:
        """Nothing that was finished before is lost or changed."""
        for folder, expected in self.shelf.items():
            changed = differences(exact(self.home / folder), expected)
            fault.require(not changed, f"{folder} was changed: {', '.join(changed[:3])}")

    def check_stopped(self, fault: Fault, job: Job, states: Sequence[str] = ("interrupted",), words: str = "") -> None:
        """The job says that it stopped, and why; nothing half-finished looks like finished work."""
        status = job.status()
        fault.require(status.state in states, f"its job says {status.state}: {status.reason}")
        fault.require(status.resumable, "its job cannot be resumed")
        told = bool(status.reason) and words in status.reason
        fault.require(told, f"its job gives no such reason: {status.reason!r}")
        self.check_shelf(fault)
        folder, kind = self.folder(job.kind), job.kind
        if (folder / "manifest.json").exists():  # finished, and stopped just before its job could say so
            changed = differences(content(folder), self.works[kind].whole)
            fault.require(not changed, f"half-finished work is listed as finished: {', '.join(changed[:3])}")

    def check_resumed(self, fault: Fault, job: Job) -> None:
        """Resumed, the job comes to what it comes to undisturbed, bit by bit."""
        if not job.status().active:
            job.resume()
        self.check_done(fault, job)

    def check_done(self, fault: Fault, job: Job) -> None:
        """The job ends well, with what it comes to undisturbed, bit by bit, and leaves nothing behind."""
        status = job.wait(PATIENCE_S, LOOK_EVERY_S)
        fault.require(status.state == "done", f"then {status.state}: {status.reason}")
        took_s = status.took_s
        fault.require(took_s is not None and took_s >= 0, f"it took {took_s} s")
        self.check_made(fault, job.kind)
        self.check_shelf(fault)

    def check_made(self, fault: Fault, kind: str) -> None:
        changed = differences(content(self.folder(kind)), self.works[kind].whole)
        fault.require(not changed, f"the result differs in {len(changed)} files: {', '.join(changed[:3])}")
        rests = [path.name for path in self.folder(kind).rglob(".*.tmp")]
        fault.require(not rests, f"left behind: {', '.join(rests[:3])}")


@contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """Everything in the block, and what it starts, lives in this home folder, on one thread of torch."""
    with environment(MEDGAN_HOME=str(folder), OMP_NUM_THREADS="1", MEDGAN_SLOTS="1"):
        yield


@contextmanager
def environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def built(root: Path, kinds: Sequence[str] = KINDS) -> Workplace:
    """A workplace below a folder; every kind of work is done once, undisturbed, in a home of its own.

    The other home is a copy of what there was before that.
    """
    undisturbed = root / "undisturbed"
    with at_home(undisturbed):
        shelf = _fill_shelf()
        _write_pictures(root / "pictures", PreparedDataset.open("films"))
        configs = {kind: config for kind, config in _configs(root / "pictures").items() if kind in kinds}
        shutil.copytree(undisturbed, root / "home")
        works = {kind: _undisturbed(kind, config) for kind, config in configs.items()}
    place = Workplace(root / "home", works)
    place.shelf = {folder: exact(place.home / folder) for folder in shelf}
    return place


def _fill_shelf() -> list[str]:
    """One finished artefact of every kind; returns their folders, below the home folder."""
    films = prepare_phantoms(PhantomConfig(family="chest_xray", count=90, size=64, name="films"))
    short = TINY | {"steps": 2, "checkpoint_every": 2}
    run = train(train_config("dcgan", films.id, label="normal", name="shelved", options=short))
    drawn = generate(generate_config(run.id, count=40, seed=1, name="shelved-set"))
    report = evaluate(quality_config(drawn.id, films.id, resamples=0, name="shelved-report"))
    session = prepare_session(reader_config(films.id, (drawn.id,), name="shelved-readers", images=8, part="all"))
    study = run_study(study_config(films.id, name="shelved-study", **_asked(drawn.id, 1)))
    made = (films, run, drawn, report, session, study)
    shutil.rmtree(home() / "workspace" / "features")
    return [str(one.folder.relative_to(home())) for one in made]


def _asked(set_id: str, seeds: int) -> dict[str, object]:
    classifier = {"backbone": "small", "epochs": 2}
    return {"sets": (set_id,), "seeds": seeds, "resamples": 99, "classifier": classifier, "positive": "tuberculosis"}


def _write_pictures(folder: Path, films: PreparedDataset) -> None:
    """A folder of pictures to prepare, one folder a class: phantoms four times as large."""
    for number, (pixels, label) in enumerate(zip(films.images, films.items["label"], strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for turn in range(8):
            picture = np.rot90(pixels, turn % 4)[:, :: 1 if turn < 4 else -1].repeat(8, 0).repeat(8, 1)
            to_pil(np.ascontiguousarray(picture)).save(folder / label / f"{number:03d}-{turn}.png")


def _configs(pictures: Path) -> dict[str, Config]:
    """Work of every kind, with ids of its own that are the same in every home."""
    films, drawn, run = "films", "shelved-set", "shelved"
    long = {"steps": 48, "log_every": 2, "checkpoint_every": 3}
    training = train_config("dcgan", PreparedDataset.open(films).id, name="disturbed", options=TINY | long)
    study = study_config(films, name="disturbed", **_asked(drawn, 3))
    return {
        "prepare": PrepareConfig(source=pictures, name="disturbed", size=64),
        "train": training,
        "generate": generate_config(run, count=4000, seed=2, name="disturbed"),
        "evaluate": quality_config(drawn, films, resamples=60, name="disturbed"),
        "study": study,
    }


PAGES = {"prepare": "data", "train": "train", "generate": "generate", "evaluate": "quality", "study": "downstream"}


def _undisturbed(kind: str, config: Config) -> Work:
    """Do the work once, and see how long it takes."""
    began = time.monotonic()
    job = submit(kind, config)
    while job.status().active and not (job.folder / PROGRESS).exists():
        time.sleep(LOOK_EVERY_S)
    begins_s = time.monotonic() - began
    status = job.wait(PATIENCE_S, LOOK_EVERY_S)
    if status.result is None:
        raise RuntimeError(f"{kind}: undisturbed it is {status.state}: {status.reason}")
    folder = status.result.folder
    return Work(
        kind,
        config,
        str(folder.relative_to(home())),
        PAGES[kind],
        content(folder),
        begins_s,
        time.monotonic() - began,
    )
