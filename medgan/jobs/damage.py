"""What of the workspace is damaged or unfinished, and how it is made again.

A damaged artefact cannot be listed among the others, since what says what it is cannot be read, or is no longer true.
Not imported by `medgan.jobs` itself, which is light: this knows every kind of artefact.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from medgan.common.artefact import MANIFEST, MENDING, FinishedArtefact, Kind, Manifest, damaged_files, read_manifest
from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import runs_folder, studies_folder
from medgan.common.progress import Progress
from medgan.data.dataset import PreparedDataset
from medgan.jobs.job import Job, list_jobs
from medgan.jobs.work import work
from medgan.studies.kept_exports import KeptExport
from medgan.studies.quality import QualityReport
from medgan.studies.reader import ReaderSession
from medgan.studies.study import CONFIG, Study
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import RUN_FILE, Run

State = Literal["whole", "damaged", "unfinished"]


@dataclass(frozen=True)
class Place:
    """Where artefacts of a kind lie, and what makes them."""

    kind: Kind
    words: str
    root: Callable[[], Path]
    read: Callable[[Path], Any]
    """Raises BadInput where one cannot be read."""
    makers: tuple[str, ...] = ()
    """Kinds of work that make it."""
    id_in: str = ""
    """The option of that work which holds its id; of data sets, the job's result alone tells it."""
    begins: str = MANIFEST
    """The file from which on it is one, finished or not."""


def _finished(kind: type[FinishedArtefact], words: str, *makers: str, id_in: str = "") -> Place:
    return Place(kind.kind, words, kind.root, kind.read, makers, id_in)


PLACES = (
    _finished(PreparedDataset, "data set", "prepare", "phantom"),
    Place("run", "run", runs_folder, Run.read, ("train",), "run", RUN_FILE),
    _finished(SyntheticSet, "synthetic set", "generate", id_in="set"),
    _finished(QualityReport, "quality report", "evaluate", id_in="report"),
    Place("study", "study", studies_folder, Study.read, ("study",), "study", CONFIG),
    _finished(ReaderSession, "reader study"),
    _finished(KeptExport, "export", "export", id_in="export"),
)


@dataclass(frozen=True)
class Found:
    """An artefact's folder and how it is."""

    place: Place
    folder: Path
    state: State
    problem: str = ""
    """What is wrong with it, in a few words."""

    @property
    def id(self) -> str:
        return self.folder.name

    @cached_property
    def maker(self) -> Job | None:
        """The newest job that makes it; None where none is known, as after it was forgotten."""
        return next((job for job in list_jobs() if self._is_made_by(job)), None)

    def _is_made_by(self, job: Job) -> bool:
        if job.kind not in self.place.makers:
            return False
        if self.place.id_in:
            return str(job.config.get(self.place.id_in)) == self.id
        result = job.status().result
        return result is not None and result.id == self.id

    def recipe(self) -> tuple[str, Config] | None:
        """Kind of work and config that make it again; None where nothing tells them any more."""
        job = self.maker
        if job:
            return _parsed((job.kind,), job.config)
        try:
            return _parsed(self.place.makers, read_manifest(self.folder).config)
        except BadInput:
            return None

    def advice(self) -> str:
        """What to do about it."""
        if self.state == "whole":
            return ""
        job = self.maker
        if self.state == "unfinished":
            if job is None:
                return "nothing finishes it: delete the folder, or make it anew"
            state = job.status().state
            return f"its job {job.id} is {state}" + (": resume it" if job.status().resumable else "")
        if self.recipe():
            return "`python -m medgan check --repair` makes it again"
        return "nothing here tells how it was made: bring it back from a copy, or delete the folder"


def _parsed(kinds: Sequence[str], values: dict[str, Any]) -> tuple[str, Config] | None:
    """The first of the kinds of work that these values are a config of."""
    for kind in kinds:
        try:
            return kind, work(kind).config(values)
        except BadInput:
            continue
    return None


def look() -> list[Found]:
    """Every artefact's folder of the workspace; of files, only that they are there and how long they are.

    Quick enough for a page: nothing large is read.
    """
    return [_looked_at(place, folder, _shortened) for place, folder in _folders()]


def verify(progress: Progress) -> list[Found]:
    """The same, with every file of every finished artefact read and held against its recorded hash.

    Raises Cancelled when asked to stop.
    """
    found, folders = [], list(_folders())
    for number, (place, folder) in enumerate(folders):
        if progress.stop_requested():
            raise Cancelled("stopped before everything was read")
        progress.update(number, len(folders), f"reading {place.words} {folder.name}")
        found.append(_looked_at(place, folder, damaged_files))
    return found


def _folders() -> Iterator[tuple[Place, Path]]:
    for place in PLACES:
        root = place.root()
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith("."):
                yield place, folder


def _looked_at(place: Place, folder: Path, wrong_files: Callable[[Path], list[str]]) -> Found:
    found = partial(Found, place, folder)
    try:
        if (folder / place.begins).exists():
            place.read(folder)
        if not (folder / MANIFEST).exists():
            return found("unfinished")
        wrong = wrong_files(folder)
        problem = f"{_listed(wrong)}: not as it was written" if wrong else ""
    except BadInput as error:
        problem = str(error).removeprefix(f"{folder}/").removesuffix(MENDING)
    except OSError as error:
        problem = f"cannot all be read ({error.strerror})"
    if not problem:
        return found("whole")
    return found("damaged", problem) if folder.is_dir() else found("unfinished")  # deleted meanwhile


def _shortened(folder: Path) -> list[str]:
    """Names of files that are missing or of another length."""
    manifest: Manifest = read_manifest(folder)
    return [name for name, record in manifest.files.items() if _length(folder / name) != record.bytes]


def _length(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _listed(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
