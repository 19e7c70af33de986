"""Which real images a set's GAN learned from, as far as that is known: what copies could be of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Learned:
    """Rows of a data set to search for copies of, rows that the GAN did not see, and what is to be said of both."""

    train: Int64
    held_out: Int64
    notes: tuple[str, ...] = ()


def learned_images(synthetic: SyntheticSet | None, dataset: PreparedDataset, train: Int64) -> Learned:
    """Of a data set whose training images (of one class, say) are `train`; a GAN may have learned from others."""
    if synthetic is None:
        return _as_told(dataset, train, "these images are a data set's: no GAN learned from the others")
    try:
        run = Run.open(str(synthetic.manifest.summary["run"]))
    except BadInput:
        return _as_told(dataset, train, "the run that drew them is gone, so it is not known what it learned from")
    seen = run.seen_files
    if not seen:
        return _as_told(dataset, train, f"{run.name} does not tell which images it learned from")
    was_seen = dataset.items["sha256"].isin(seen).to_numpy(bool)
    learned = np.flatnonzero(was_seen).astype(np.int64)
    if not len(learned):
        return _as_told(dataset, train, "its GAN learned from none of these images, so it could not have copied any")
    held_out, notes = _held_out(dataset, learned), []
    if was_seen[held_out].any():
        notes.append(f"{int(was_seen[held_out].sum())} held-out images that its GAN learned from were left out")
    if len(learned) < len(seen):
        notes.append(f"its GAN also learned from {len(seen) - len(learned):,} images that are not in this data set")
    return Learned(learned, held_out[~was_seen[held_out]], tuple(notes))


def _as_told(dataset: PreparedDataset, train: Int64, note: str) -> Learned:
    return Learned(train, _held_out(dataset, train), (note,))


def _held_out(dataset: PreparedDataset, train: Int64) -> Int64:
    """Validation and test images of the classes that the training images are of."""
    rows = np.concatenate([dataset.indices(part) for part in ("validation", "test")])
    labels = dataset.items["label"].fillna("").to_numpy(dtype=str)
    return rows[np.isin(labels[rows], labels[train])]
