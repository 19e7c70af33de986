"""A reader study's session: blinded images, half of them synthetic, and what each of them is.

A session is an artefact that holds its own copy of the images, in an order that tells nothing, so that it outlives
data set and synthetic sets. What readers answer is added beside it: see `medgan.studies.reading`.
"""

import hashlib
import hmac
import secrets
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator

from medgan.common.artefact import (
    FinishedArtefact,
    Manifest,
    atomic_file,
    checked_name,
    commit,
    name_from,
    new_id,
)
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.home import readers_folder
from medgan.common.repro import environment
from medgan.common.stored import open_bytes, read_table, write_array
from medgan.data.dataset import PreparedDataset
from medgan.studies.origins import SourcePart
from medgan.studies.reader_images import ReaderImages, Source
from medgan.studies.synthesis import SyntheticSet

IMAGES, ITEMS = "images.npy", "items.parquet"
FEWEST, MOST = 8, 1000


class ReaderConfig(Config):
    """What a session shows."""

    session: str
    """Id of the session, and the name of its folder."""
    name: str
    """Name of the session, for people; readers see it."""
    dataset: str
    """Id of the data set that real images are from."""
    part: SourcePart = "test"
    """Part of the data set that real images are from; no GAN that learned from the data set saw its test images."""
    sets: tuple[str, ...] = Field(min_length=1)
    """Ids of the synthetic sets."""
    images: int = Field(60, ge=FEWEST, le=MOST)
    """Number of images, real and synthetic together; even."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the choice of images, and of each reader's order."""
    seal: str = ""
    """Salted hash of the organiser's code; empty where there is none."""

    @field_validator("images")
    @classmethod
    def _even(cls, images: int) -> int:
        if images % 2:
            raise ValueError(f"{images} images cannot be half real and half synthetic: give an even number")
        return images


def reader_config(
    dataset: str, sets: tuple[str, ...], *, name: str = "", code: str = "", **options: Any
) -> ReaderConfig:
    """A new session's config; raises BadInput for values out of bounds, or data set and sets that are not here.

    code: what the organiser types to see results at any time. With one, a reader who is done sees their own figure
    alone; without, a reader sees all results at the end.
    """
    found = PreparedDataset.open(dataset)
    ids = list(dict.fromkeys(SyntheticSet.open(id).id for id in sets))
    name = checked_name(name or name_from("readers", found.name[:60]))
    seal = _sealed(code, secrets.token_hex(8)) if code else ""
    return ReaderConfig.parse(
        {"session": new_id(name), "name": name, "dataset": found.id, "sets": ids, "seal": seal, **options}
    )


def _sealed(code: str, salt: str) -> str:
    """Salt and scrypt hash (RFC 7914) of a code."""
    key = hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1)
    return f"{salt}:{key.hex()}"


class ReaderSession(FinishedArtefact):
    """A finished session: its images never change, answers are added."""

    kind = "reader"
    root = staticmethod(readers_folder)

    @cached_property
    def config(self) -> ReaderConfig:
        return ReaderConfig.parse(self.manifest.config)

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """(images, size, size, channels), memory-mapped; what is real does not show in their order."""
        return open_bytes(self.folder / IMAGES)

    @cached_property
    def items(self) -> pd.DataFrame:
        """What each image is: see `ReaderImages`. Never to be shown to somebody who still reads."""
        return read_table(self.folder / ITEMS)

    @property
    def notes(self) -> tuple[str, ...]:
        """What may give images away besides themselves."""
        return tuple(self.manifest.summary["notes"])

    def __len__(self) -> int:
        return int(self.manifest.summary["images"])

    def opened_by(self, code: str) -> bool:
        """Whether this is the organiser's code; where there is none, no code is."""
        salt, _, _ = self.config.seal.partition(":")
        return bool(salt) and hmac.compare_digest(_sealed(code, salt), self.config.seal)


def list_sessions() -> list[ReaderSession]:
    """All sessions, newest first."""
    return ReaderSession.all()


def source_of(config: ReaderConfig) -> Source:
    """Where a session's images are from; raises BadInput where something of it is gone."""
    sets = tuple(SyntheticSet.open(id) for id in config.sets)
    return Source(PreparedDataset.open(config.dataset), config.part, sets, config.seed)


def prepare_session(config: ReaderConfig) -> ReaderSession:
    """Draw a session's images and keep them. Raises BadInput where sets and data set do not fit or hold too few."""
    source = source_of(config)
    drawn = source.draw(config.images)
    folder = readers_folder() / checked_name(config.session)
    if folder.exists():
        raise BadInput(f"{folder}: is there already; make a new session")
    folder.mkdir(parents=True)
    try:
        return ReaderSession(folder, _written(folder, config, source, drawn))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _written(folder: Path, config: ReaderConfig, source: Source, drawn: ReaderImages) -> Manifest:
    write_array(folder / IMAGES, drawn.images)
    with atomic_file(folder / ITEMS) as stream:
        drawn.items.to_parquet(stream)
    return commit(
        folder,
        kind="reader",
        id=config.session,
        name=config.name,
        config=config.model_dump(mode="json"),
        parents=[config.dataset, *config.sets],
        environment=environment(),
        summary={
            "images": len(drawn.images),
            "size": source.dataset.size,
            "channels": source.dataset.channels,
            "dataset": source.dataset.name,
            "sets": [one.name for one in source.sets],
            "classes": sorted({str(label) for label in drawn.items["label"]} - {""}),
            "notes": list(source.notes),
        },
    )
