"""From a run to a synthetic set: images on disk that say what made them."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from medgan.common.artefact import (
    MANIFEST,
    Manifest,
    atomic_file,
    checked_name,
    commit,
    find_artefact,
    list_artefacts,
    name_from,
    new_id,
    read_manifest,
    remove_artefact,
)
from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import sets_folder
from medgan.common.pictures import encode_png
from medgan.common.progress import Progress, Silent
from medgan.common.repro import environment
from medgan.common.stored import open_bytes, read_table
from medgan.data.rows import RowWriter
from medgan.training.run import Run
from medgan.training.sampler import Sampler

IMAGES = "images.npy"
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


@dataclass(frozen=True)
class SyntheticSet:
    """A finished set of synthetic images."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, name_or_id: str) -> "SyntheticSet":
        """Raises BadInput that lists what there is."""
        return cls(*find_artefact(sets_folder(), "set", name_or_id))

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def name(self) -> str:
        return self.manifest.name

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """(count, h, w, channels) bytes, memory-mapped."""
        return open_bytes(self.folder / IMAGES)

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row an image: file name in an export, class, seed, index within the seed, run."""
        return read_table(self.folder / ITEMS)

    def describe(self) -> dict[str, Any]:
        created = self.manifest.created.isoformat()
        return {
            "id": self.id,
            "name": self.name,
            "folder": str(self.folder),
            "created": created,
            **self.manifest.summary,
        }


def list_sets() -> list[SyntheticSet]:
    """All finished sets, newest first."""
    return [SyntheticSet(*found) for found in list_artefacts(sets_folder(), "set")]


def generate(config: GenerateConfig, progress: Progress | None = None) -> SyntheticSet:
    """Draw a set; one that is finished already is returned as it is, an unfinished one is drawn anew.

    Raises BadInput where the run is unknown or has no generator yet, Cancelled when asked to stop.
    """
    progress = progress or Silent()
    folder = sets_folder() / checked_name(config.set)
    if (folder / MANIFEST).exists():
        return SyntheticSet(folder, read_manifest(folder))
    run = Run.open(config.run)
    sampler = Sampler.load(run, config.device)
    remove_artefact(folder)
    folder.mkdir(parents=True)
    model, channels = run.config.model, run.record.data.channels
    with RowWriter(folder / IMAGES, (model.size, model.size, channels)) as images:
        for batch in sampler.batches(config.count, config.seed):
            if progress.stop_requested():
                raise Cancelled(f"stopped after {images.rows} of {config.count} images; resume draws the set anew")
            for image in batch:
                images.append(image)
            progress.update(images.rows, config.count, "drawing images")
    rows = item_rows(run, config.count, config.seed)
    with atomic_file(folder / ITEMS) as stream:
        rows.to_parquet(stream)
    manifest = commit(
        folder,
        kind="set",
        id=config.set,
        name=config.name,
        config=config.model_dump(mode="json"),
        parents=[run.id],
        environment=environment(),
        summary={
            "count": config.count,
            "size": model.size,
            "channels": channels,
            "gan": run.config.gan,
            "run": run.id,
            "step": sampler.step,
            "dataset": run.config.dataset,
            "label": label_of(run),
            "seed": config.seed,
        },
    )
    return SyntheticSet(folder, manifest)


def label_of(run: Run) -> str:
    """The class of a run's images: its only one, or empty where it was trained on several or on none."""
    classes = run.record.data.classes
    return run.config.label or (classes[0] if len(classes) == 1 else "")


def item_rows(run: Run, count: int, seed: int, first: int = 0) -> pd.DataFrame:
    """The table that goes with images number `first` to `first + count - 1` of a seed."""
    indices = np.arange(first, first + count)
    return pd.DataFrame(
        {
            "file": [f"synthetic-{seed}-{index:06d}.png" for index in indices],
            "label": label_of(run),
            "seed": seed,
            "index": indices,
            "run": run.id,
        }
    )


NOTICE = """These images are synthetic: a generative network drew them. They were not checked for
copies of the real images that it learned from.
For research; not for diagnosis. Columns of items.csv: file, class label, seed, index within the seed, run.
"""


def zip_bytes(images_uint8: NDArray[np.uint8], items: pd.DataFrame) -> bytes:
    """Images as PNG files with their table and a notice that they are synthetic, as a ZIP in memory."""
    buffer = io.BytesIO()
    write_zip(buffer, images_uint8, items)
    return buffer.getvalue()


def export_zip(synthetic: SyntheticSet, path: Path) -> None:
    """Write a set as a ZIP file; it appears whole or not at all."""
    with atomic_file(path) as stream:
        write_zip(stream, synthetic.images, synthetic.items)


def export_folder(synthetic: SyntheticSet, folder: Path) -> None:
    """Write a set as PNG files, table and notice into a folder that does not exist yet or is empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder}: is there already and not an empty folder; choose another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name, content in _entries(synthetic.images, synthetic.items):
        (unfinished / name).write_bytes(content)
    unfinished.replace(folder)


def write_zip(stream: Any, images_uint8: NDArray[np.uint8], items: pd.DataFrame) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        for name, content in _entries(images_uint8, items):
            archive.writestr(name, content)


def _entries(images_uint8: NDArray[np.uint8], items: pd.DataFrame) -> Iterator[tuple[str, bytes]]:
    """File names and contents of an export."""
    for image, name in zip(images_uint8, items["file"], strict=True):
        yield name, encode_png(image)
    yield "items.csv", items.to_csv(index=False).encode()
    yield "README.txt", NOTICE.encode()
