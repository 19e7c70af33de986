"""From a run to a synthetic set: images on disk that say what made them."""

from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from medgan.common.artefact import (
    MANIFEST,
    FinishedArtefact,
    atomic_file,
    checked_name,
    commit,
    is_whole,
    name_from,
    new_id,
    read_manifest,
    remove_artefact,
)
from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import sets_folder
from medgan.common.progress import Progress, Silent
from medgan.common.repro import environment
from medgan.common.rows import RowWriter
from medgan.common.stored import open_bytes, read_table
from medgan.common.turns import in_turn
from medgan.studies.origins import Origin, SourcePart, deformed, label_of, origin_of
from medgan.training.drawn import Drawn
from medgan.training.run import Run
from medgan.training.sampler import Sampler

IMAGES, MASKS = "images.npy", "masks.npy"
ITEMS = "items.parquet"


class GenerateConfig(Config):
    """What to draw, from which run."""

    set: str
    """Id of the synthetic set, and the name of its folder."""
    name: str
    """Name of the set, for people."""
    run: str
    """Name or id of the run whose generator draws."""
    count: int = Field(64, ge=1, le=1_000_000)
    """Number of images."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the random numbers behind the images; the same seed gives the same images."""
    source: str = ""
    """Data set, or synthetic set of masks, to draw from (name or id); the run's own data set where not given."""
    part: SourcePart = "train"
    """Part of the data set to draw from; sets for training a classifier or segmenter must not come from test."""
    label: str = ""
    """Class to draw, or to translate from; all in turn, or the first domain, where it is not given."""
    deform: float = Field(0.0, ge=0.0, le=0.1)
    """Deform the masks that are drawn from elastically: how far outlines move, in share of the side; 0 for not at all.
    0.02 is a little, 0.05 makes other lesions of them. The set keeps the deformed masks."""
    best: bool = False
    """Draw with the generator that scored best during training, not with the last; the run must have been scored."""
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    """Where to compute: auto takes the first GPU where there is one, else the processor."""


def generate_config(
    run: str, *, count: int = 64, seed: int = 0, name: str | None = None, **options: Any
) -> GenerateConfig:
    """A new set's config; raises BadInput for values out of bounds."""
    name = checked_name(name or name_from(run[:60], f"seed{seed}"))
    return GenerateConfig.parse(
        {"set": new_id(name), "name": name, "run": run, "count": count, "seed": seed, **options}
    )


class SyntheticSet(FinishedArtefact):
    """A finished set of synthetic images, masks, or both."""

    kind = "set"
    root = staticmethod(sets_folder)

    @property
    def structures(self) -> tuple[str, ...]:
        """What each mask channel outlines; empty where there are no masks."""
        return tuple(self.manifest.summary.get("structures", ()))

    @cached_property
    def drawn(self) -> Drawn:
        """Images (count, h, w, channels) and masks (count, h, w, structures), memory-mapped."""
        images, masks = (
            open_bytes(self.folder / name) if (self.folder / name).exists() else None for name in (IMAGES, MASKS)
        )
        if images is None and masks is None:
            raise BadInput(f"{self.folder}: holds neither {IMAGES} nor {MASKS}")
        return Drawn(images, masks)

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row an item: file name in an export, class, seed, index within the seed, run, what it was drawn from."""
        return read_table(self.folder / ITEMS)

    @cached_property
    def labels(self) -> frozenset[str]:
        """The classes that its images were drawn as; empty words for images without one."""
        return frozenset(read_table(self.folder / ITEMS, columns=["label"])["label"].fillna("").unique())

    def __len__(self) -> int:
        return int(self.manifest.summary["count"])


def list_sets() -> list[SyntheticSet]:
    """All finished sets, newest first."""
    return SyntheticSet.all()


def generate(config: GenerateConfig, progress: Progress | None = None) -> SyntheticSet:
    """Draw a set; one that is finished already is returned as it is, an unfinished or damaged one is drawn anew.

    Where another process draws the same set, this one waits for it. Raises BadInput where the run is unknown, has no
    generator yet, has nothing to draw from, or is not known to be where it was when a damaged set was drawn; Cancelled
    when asked to stop.
    """
    progress = progress or Silent()
    folder = sets_folder() / checked_name(config.set)
    with in_turn(folder.with_name(f".{folder.name}.lock"), progress, "drawing images"):
        if is_whole(folder):
            return SyntheticSet.read(folder)
        return _generated(folder, config, progress)


def _generated(folder: Path, config: GenerateConfig, progress: Progress) -> SyntheticSet:
    run = Run.open(config.run)
    sampler = Sampler.load(run, config.device, best=config.best)
    origin = deformed(origin_of(run, config.source, config.part, config.label), run, config.deform, config.seed)
    _check_same_generator(folder, sampler)
    remove_artefact(folder)
    folder.mkdir(parents=True)
    structures = _write(sampler, origin, config, folder, progress)
    rows = item_rows(run, config.count, config.seed, origin=origin)
    rows.attrs["step"] = sampler.step  # there, too, for when the manifest is damaged
    with atomic_file(folder / ITEMS) as stream:
        rows.to_parquet(stream)
    manifest = commit(
        folder,
        kind="set",
        id=config.set,
        name=config.name,
        config=config.model_dump(mode="json"),
        parents=[run.id, *origin.parents],
        environment=environment(),
        summary={
            "count": config.count,
            "size": run.config.model.size,
            "channels": run.record.data.channels if "images" in run.config.model.parts.drawn else 0,
            "structures": list(structures),
            "gan": run.config.gan,
            "run": run.id,
            "step": sampler.step,
            "dataset": run.config.dataset,
            "label": origin.drawn_label,
            "source": origin.name,
            "part": origin.part,
            "seed": config.seed,
        },
    )
    return SyntheticSet(folder, manifest)


def _check_same_generator(folder: Path, sampler: Sampler) -> None:
    """Raise BadInput where a damaged set was not drawn at this step of its run: other images must not take its name."""
    if not (folder / MANIFEST).exists():
        return  # it was never finished
    step = _step_of(folder)
    if step != sampler.step:
        drawn = "nothing tells at which step" if step is None else f"it was drawn at step {step}"
        raise BadInput(
            f"set {folder.name} is damaged, and {drawn} of its run, which is at {sampler.step}: "
            "it cannot be drawn again; delete it, or draw a new set"
        )


def _step_of(folder: Path) -> int | None:
    """The step of its run that a set was drawn at, by its manifest or, where that is damaged, its table of items."""
    for told in (lambda: read_manifest(folder).summary, lambda: read_table(folder / ITEMS).attrs):
        with suppress(BadInput, KeyError):
            return int(told()["step"])
    return None


def _write(
    sampler: Sampler, origin: Origin, config: GenerateConfig, folder: Path, progress: Progress
) -> tuple[str, ...]:
    """Draw into the folder's arrays; returns the structures of the masks, none where no masks were drawn."""
    written = 0
    with ExitStack() as stack:
        writers: dict[str, RowWriter] = {}
        for drawn in sampler.batches(config.count, config.seed, conditions=origin.conditions):
            if progress.stop_requested():
                raise Cancelled(f"stopped after {written} of {config.count} images; resume draws the set anew")
            for name, rows in ((IMAGES, drawn.images), (MASKS, drawn.masks)):
                if rows is None:
                    continue
                if name not in writers:
                    writers[name] = stack.enter_context(RowWriter(folder / name, rows.shape[1:]))
                for row in rows:
                    writers[name].append(row)
            written += len(drawn)
            progress.update(written, config.count, "drawing images")
    return sampler.task.data.structures if MASKS in writers else ()


def item_rows(run: Run, count: int, seed: int, first: int = 0, origin: Origin | None = None) -> pd.DataFrame:
    """The table that goes with images number `first` to `first + count - 1` of a seed."""
    origin = origin or Origin(drawn_label=label_of(run))
    indices = range(first, first + count)
    return pd.DataFrame(
        {
            "file": [f"synthetic-{seed}-{index:06d}.png" for index in indices],
            "label": [origin.label(index) for index in indices],
            "seed": seed,
            "index": list(indices),
            "run": run.id,
            "drawn_from": [origin.item(index) for index in indices],
        }
    )
