"""A set of pictures as one feature space sees it: extracted once, in an order of its own, kept by content."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import features_folder
from medgan.common.progress import Progress, Silent
from medgan.common.rows import RowWriter
from medgan.common.turns import in_turn
from medgan.metrics.features import Extractor, Features, Float32
from medgan.metrics.frechet import Moments, moments
from medgan.metrics.manifold import DENSITY_NEIGHBOURS, PRECISION_NEIGHBOURS, radii
from medgan.metrics.pictures import Part, Pictures, resized
from medgan.metrics.spaces import SPACES, space
from medgan.weights import path_of, status_of

POOL, LOGITS = "pool.npy", "logits.npy"
HASHED_AT_A_TIME = 256


@dataclass(frozen=True)
class Seen:
    """Pictures with their features, row by row.

    Rows are ordered by the pictures' content, so that nothing that follows depends on the order in which they came.
    """

    space: str
    part: Part
    pictures: Pictures
    """As they were given."""
    rows: NDArray[np.int64]
    """Which of the pictures each row is."""
    features: Features
    size: int
    """Side, in pixels, that the pictures were brought to before they were looked at."""
    labels: NDArray[np.str_] | None = None
    """Class of each row."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: NDArray[np.int64]) -> "Seen":
        """Some of its rows; features are not extracted anew."""
        logits = None if self.features.logits is None else self.features.logits[chosen]
        features = Features(np.asarray(self.features.pool[chosen]), logits)
        labels = None if self.labels is None else self.labels[chosen]
        return replace(self, rows=self.rows[chosen], features=features, labels=labels)

    @cached_property
    def moments(self) -> Moments:
        return moments(self.features.pool)

    @cached_property
    def radii(self) -> NDArray[np.float32]:
        return radii(self.features.pool, (PRECISION_NEIGHBOURS, DENSITY_NEIGHBOURS))

    def picture(self, rows: NDArray[np.int64]) -> Pictures:
        """Pictures of some rows, at the size they were looked at."""
        return resized(self.pictures[self.rows[rows]], self.size)

    def scaled(self, mean: Float32, spread: Float32) -> "Seen":
        """The same with each feature shifted and scaled."""
        pool = ((self.features.pool - mean) / spread).astype(np.float32)
        return replace(self, features=Features(pool, self.features.logits))


def look(
    pictures: Pictures,
    part: Part,
    space_name: str,
    *,
    size: int | None = None,
    labels: NDArray[np.str_] | None = None,
    progress: Progress | None = None,
    what: str = "images",
    keep: bool = True,
) -> Seen:
    """Features of pictures, extracted once: kept by the content of the pictures, and read where they are kept.

    `size` brings larger pictures down first. Without `keep` nothing is kept on disk. Raises BadInput where the space's
    weights or the part are missing, and Cancelled when asked to stop.
    """
    space(space_name)
    chosen = pictures.only(part)
    size = min(size or chosen.size, chosen.size)
    digests = picture_digests(chosen)
    order = np.argsort(digests, kind="stable")
    folder = features_folder() / _key(digests[order], part, space_name, size)
    progress = progress or Silent()

    def extracted() -> Iterator[Features]:
        return _extracted(_extractor(space_name), chosen, order, size, progress, what)

    found = _kept(folder) if keep else Features.joined(list(extracted()))
    if found is None:
        with in_turn(folder.with_name(f".{folder.name}.lock"), progress, f"looking at {what}"):
            found = _kept(folder) or _keep(folder, extracted())
    ordered_labels = None if labels is None else labels[order]
    return Seen(space_name, part, chosen, order, found, size, ordered_labels)


def is_kept(pictures: Pictures, part: Part, space_name: str, *, size: int | None = None) -> bool:
    """Whether `look` would find the features of these pictures on disk."""
    chosen = pictures.only(part)
    digests = np.sort(picture_digests(chosen))
    return _kept(features_folder() / _key(digests, part, space_name, min(size or chosen.size, chosen.size))) is not None


def _extractor(space_name: str) -> Extractor:
    """The space's extractor; the last one stays, since its weights take a moment to read."""
    weights = SPACES[space_name].weights
    return _built(space_name, path_of(weights).stat().st_mtime_ns if weights else 0)


@lru_cache(maxsize=1)
def _built(space_name: str, changed: int) -> Extractor:  # noqa: ARG001 - other weights make another extractor
    return SPACES[space_name].build()


def _extracted(
    extractor: Extractor, pictures: Pictures, order: NDArray[np.int64], size: int, progress: Progress, what: str
) -> Iterator[Features]:
    """Features batch by batch; the last one is filled up with its first picture, since kernels may round by batch."""
    for start in range(0, len(order), extractor.batch):
        if progress.stop_requested():
            raise Cancelled(f"stopped after {start} of {len(order)} {what}")
        rows = order[start : start + extractor.batch]
        filled = np.concatenate([rows, np.repeat(rows[:1], extractor.batch - len(rows))])
        features = extractor(resized(pictures[filled], size))
        logits = None if features.logits is None else features.logits[: len(rows)]
        yield Features(features.pool[: len(rows)], logits)
        progress.update(start + len(rows), len(order), f"looking at {what}")


def picture_digests(pictures: Pictures) -> NDArray[np.str_]:
    """A hash of each picture's bytes, images and masks alike; (n,) hex digits."""
    found = []
    for start in range(0, len(pictures), HASHED_AT_A_TIME):
        some = pictures[slice(start, start + HASHED_AT_A_TIME)]
        for place in range(len(some)):
            hashed = hashlib.blake2b(digest_size=16)
            for rows in (some.images, some.masks):
                if rows is not None:
                    hashed.update(repr(rows.shape[1:]).encode())
                    hashed.update(np.ascontiguousarray(rows[place]).data)
            found.append(hashed.hexdigest())
    return np.array(found, dtype="U32")


def _key(digests: NDArray[np.str_], part: Part, space_name: str, size: int) -> str:
    """Name of the folder that keeps features: of the pictures, of the space, of the weights behind it."""
    row = SPACES[space_name]
    weights = status_of(row.weights) if row.weights else None
    words = [space_name, row.version, part, size, weights and (weights.sha256, weights.input), *digests]
    return f"{space_name}-{part}-{hashlib.sha256(repr(words).encode()).hexdigest()[:32]}"


def _kept(folder: Path) -> Features | None:
    """Features as read-only memory maps; None where none are kept, or damaged ones."""
    try:
        pool = np.load(folder / POOL, mmap_mode="r", allow_pickle=False)
        logits = np.load(folder / LOGITS, mmap_mode="r", allow_pickle=False) if (folder / LOGITS).exists() else None
    except (OSError, ValueError, EOFError):
        return None
    return Features(pool, logits)


def _keep(folder: Path, pieces: Iterator[Features]) -> Features:
    """Write features as they come, no more than a batch in memory; the folder appears whole or not at all."""
    for rest in folder.parent.glob(f".{folder.name}.*-*"):  # of a process that was killed: this one holds the lock
        shutil.rmtree(rest, ignore_errors=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        with ExitStack() as stack:
            writers: dict[str, RowWriter] = {}
            for piece in pieces:
                for name, rows in ((POOL, piece.pool), (LOGITS, piece.logits)):
                    if rows is None:
                        continue
                    if name not in writers:
                        writers[name] = stack.enter_context(RowWriter(temporary / name, rows.shape[1:], np.float32))
                    for row in rows:
                        writers[name].append(row)
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    found = _kept(folder)
    if found is None:
        raise BadInput(f"{folder}: cannot be read although it was just written; check the disk")
    return found


def common_size(*sets: Pictures) -> int:
    """The side of the smallest pictures: larger ones are brought down to it, so that all show as much detail."""
    sizes = {pictures.size for pictures in sets}
    if not sizes:
        raise BadInput("there are no pictures to compare")
    return min(sizes)
