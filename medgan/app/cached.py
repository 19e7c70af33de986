"""What pages read again and again, kept between reruns and thrown away when the files change.

Every key holds folder and time of change. Caches are bounded; what is shared between sessions is read only,
but for the generators, which are locked.
"""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from medgan.app.looks import Stamps, once_a_page, stamp, stamps
from medgan.app.sources import Source, only
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.common.home import (
    datasets_folder,
    exports_folder,
    marks_folder,
    runs_folder,
    sets_folder,
    shipped_runs_folder,
)
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.data.layout import LabelSource, Layout, LayoutKind, detect
from medgan.jobs import Job, list_jobs
from medgan.models.task import Latent
from medgan.studies.kept_exports import KeptExport, list_exports
from medgan.studies.origins import Origin, deformed, origin_of
from medgan.studies.synthesis import SyntheticSet, list_sets
from medgan.training.conditions import Conditions
from medgan.training.drawn import Drawn
from medgan.training.run import GENERATOR_FILE, LOSSES_FILE, RUN_FILE, SCORES_FILE, Run, list_runs
from medgan.training.sampler import Sampler

Uint8 = NDArray[np.uint8]
GAP = 2  # pixels between the images of a sample grid


@once_a_page
def datasets() -> Sequence[PreparedDataset]:
    """All data sets, newest first."""
    return _datasets(stamps(datasets_folder(), MANIFEST))


@st.cache_resource(max_entries=2, show_spinner=False)
def _datasets(found: Stamps) -> Sequence[PreparedDataset]:
    return list_datasets()


@once_a_page
def runs() -> Sequence[Run]:
    """All runs, newest first, those that came with the program last."""
    return _runs(*_run_stamps())


@once_a_page
def runs_by_id() -> Mapping[str, Run]:
    """All runs by their ids."""
    return {run.id: run for run in runs()}


def _run_stamps() -> tuple[Stamps, Stamps]:
    own, shipped = (stamps(root, RUN_FILE, MANIFEST) for root in (runs_folder(), shipped_runs_folder()))
    return own, shipped


@st.cache_resource(max_entries=2, show_spinner=False)
def _runs(found: Stamps, shipped: Stamps) -> Sequence[Run]:
    return list_runs()


@once_a_page
def sets() -> Sequence[SyntheticSet]:
    """All synthetic sets, newest first."""
    return _sets(stamps(sets_folder(), MANIFEST))


@st.cache_resource(max_entries=2, show_spinner=False)
def _sets(found: Stamps) -> Sequence[SyntheticSet]:
    return list_sets()


@once_a_page
def exports() -> Sequence[KeptExport]:
    """All exports that are ready to be downloaded, newest first."""
    return _exports(stamps(exports_folder(), MANIFEST))


@st.cache_resource(max_entries=2, show_spinner=False)
def _exports(found: Stamps) -> Sequence[KeptExport]:
    return list_exports()


@once_a_page
def jobs() -> Sequence[Job]:
    """All jobs, newest first; what a job's status says is read when it is asked for."""
    return list_jobs()


@dataclass
class LockedSampler:
    """A generator that one session uses at a time."""

    sampler: Sampler
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, count: int, seed: int, conditions: Conditions | None) -> Drawn:
        with self.lock:
            return self.sampler.draw(count, seed, conditions=conditions)

    def decode(self, latents: Latent, conditions: Conditions | None) -> Drawn:
        with self.lock:
            return self.sampler.decode(latents, conditions)


def origin(run: Run, source: Source) -> Origin:
    """What a run draws from; raises BadInput where it cannot."""
    return _origin(str(run.folder), stamp(run.folder / RUN_FILE), astuple(source), source_stamps(run, source), run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _origin(folder: str, changed: int, source: tuple[str, ...], found: tuple[int, ...], _run: Run) -> Origin:
    return origin_of(_run, **asdict(Source(*source)))  # type: ignore[arg-type]


def source_stamps(run: Run, source: Source) -> tuple[int, ...]:
    """When the data set, or set, that is drawn from was made, and when its images were last marked."""
    id = source.source or run.record.dataset_id
    made = (stamp(folder / id / MANIFEST) for folder in (datasets_folder(), sets_folder()))
    return *made, stamp(marks_folder() / f"{id}.json")


NOISE = Source()


def draw(
    run: Run,
    count: int,
    seed: int,
    source: Source = NOISE,
    place: int | None = None,
    *,
    best: bool = False,
    deform: float = 0.0,
) -> Drawn:
    """Images 0 to count - 1 of a seed, drawn by a run's generator as it is now; raises BadInput where it has none.

    place: draw all of them from this one of the source's items, instead of from one after the other. best: with the
    generator that scored best during training. deform: how far masks are deformed first, in share of the side.
    """
    found, options = source_stamps(run, source), (place, best, deform)
    return _drawn(str(run.folder), generator_stamp(run, best=best), count, seed, astuple(source), found, options, run)


def generator_stamp(run: Run, *, best: bool = False) -> int:
    """When the weights that a sampler would load were written."""
    if best and run.bests():
        return stamp(run.bests()[-1][1])
    newest = max(run.folder.glob("checkpoint-*.safetensors"), default=run.folder)
    return stamp(run.folder / GENERATOR_FILE) or stamp(newest)


@st.cache_data(max_entries=12, show_spinner=False)
def _drawn(
    folder: str,
    changed: int,
    count: int,
    seed: int,
    source: tuple[str, ...],
    found: tuple[int, ...],
    options: tuple[int | None, bool, float],
    _run: Run,
) -> Drawn:
    place, best, deform = options
    drawn_from = origin(_run, Source(*source))  # type: ignore[arg-type]
    conditions = deformed(drawn_from, _run, deform, seed).conditions
    if conditions is not None and place is not None:
        conditions = only(conditions, place)
    return _sampler(folder, changed, best, _run).draw(count, seed, conditions)


def draws_variants(run: Run) -> bool:
    """Whether a run draws several images from the same thing: it has noise of its own."""
    return bool(sampler(run).sampler.task.latent_shapes)


def sampler(run: Run, *, best: bool = False) -> LockedSampler:
    """A run's generator as it is now, the last or the best; raises BadInput where it has none."""
    return _sampler(str(run.folder), generator_stamp(run, best=best), best, run)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sampler(folder: str, changed: int, best: bool, _run: Run) -> LockedSampler:
    return LockedSampler(Sampler.load(_run, best=best))


def losses(run: Run) -> pd.DataFrame:
    """The loss curves as they are now."""
    return _losses(str(run.folder), stamp(run.folder / LOSSES_FILE), run)


def scores(run: Run) -> pd.DataFrame:
    """The scores during training as they are now; empty where the run is not scored."""
    return _scores(str(run.folder), stamp(run.folder / SCORES_FILE), run)


@st.cache_data(max_entries=8, show_spinner=False)
def _scores(folder: str, changed: int, _run: Run) -> pd.DataFrame:
    return _run.scores()


@st.cache_data(max_entries=8, show_spinner=False)
def _losses(folder: str, changed: int, _run: Run) -> pd.DataFrame:
    return _run.losses()


def first_of_grid(path: Path, size: int, rows: int, columns: int) -> Uint8:
    """The upper left images (count, size, size, channels) of a sample grid's picture, at most rows times columns."""
    return _first_of_grid(str(path), stamp(path), size, rows, columns)


@st.cache_data(max_entries=64, show_spinner=False)
def _first_of_grid(path: str, changed: int, size: int, rows: int, columns: int) -> Uint8:
    try:
        with Image.open(path) as picture:
            sheet = np.asarray(picture)
    except OSError as error:
        raise BadInput(f"{path}: cannot be shown ({error})") from None
    sheet = sheet.reshape(*sheet.shape[:2], -1)
    tops = range(0, sheet.shape[0], size + GAP)[:rows]
    lefts = range(0, sheet.shape[1], size + GAP)[:columns]
    return np.stack([sheet[top : top + size, left : left + size] for top in tops for left in lefts])


def step(run: Run) -> int:
    """The last step that a run has taken and logged; 0 before the first."""
    if run.manifest:
        return int(run.manifest.summary["steps"])
    table = losses(run)
    return 0 if table.empty else int(table["step"].iloc[-1])


@st.cache_data(max_entries=8, ttl=60, show_spinner="Looking at the folder …")
def layout(folder: str, kind: LayoutKind, family: str, labels_from: LabelSource) -> Layout:
    """What a source folder holds; looked at anew after a minute. Raises BadInput."""
    return detect(Path(folder), kind, family, labels_from)
