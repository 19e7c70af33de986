"""The training images that one synthetic image is most like, beside how alike real images are to one another."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.metrics.comparison import standardised
from medgan.metrics.nearest import aligned_nearest, nearest_rows, thumbnails
from medgan.metrics.pictures import Part, Pictures
from medgan.metrics.screening import Distances, screen
from medgan.metrics.seen import Seen, is_kept, look
from medgan.studies.copies import FEATURES, PIXELS
from medgan.studies.leaks import learned_by
from medgan.studies.learned import learned_images
from medgan.training.drawn import Drawn
from medgan.training.run import Run

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

SPACE = "radiomic"
"""The feature space that is always here."""
MOST = 3
"""Training images that are shown as most alike in their features."""
RULER = 100
"""Held-out real images, at most, whose distances tell what is usual."""
AT_ONCE = 600
"""Training images whose features are computed while somebody waits (30 ms each); more must have been kept before."""
AT_A_TIME = 256


@dataclass(frozen=True)
class Lookalike:
    """A training image that an image is like."""

    row: int
    """Its place in the data set."""
    distance: float
    """Lower is more alike; 0 for the very same picture."""
    mirrored: bool = False
    """Whether it had to be mirrored, left to right, to be so like it."""


@dataclass(frozen=True)
class Lookalikes:
    """What an image is like, by kind of seeing: aligned pixels, and features where those are at hand."""

    found: Mapping[str, tuple[Lookalike, ...]]
    """The nearest first."""
    flagged: bool
    """Whether it is closer to a training image than chance allows, as in a screening of a set for copies."""
    rate: float
    """Probability, at most, that a real image that the GAN did not see is flagged."""


@dataclass(frozen=True)
class LearnedImages:
    """The real images that a GAN learned from, ready to be searched."""

    dataset: PreparedDataset
    part: Part
    rows: Int64
    """Their places in the data set."""
    thumbnails: NDArray[np.uint8]
    """(n, 72, 72, 1), in the order of `rows`."""
    seen: Seen | None
    """Their features as they are; None where they are too many to be looked at while somebody waits."""
    size: int
    """Side, in pixels, that pictures are brought to before features are taken."""
    usual: Mapping[str, Float64]
    """Distance of held-out real images from the training image nearest to them, by kind."""

    @classmethod
    def of(cls, run: Run) -> "LearnedImages":
        """Of a run; features of a few images are computed where they were not kept, which takes seconds.

        Raises BadInput where the data set is gone, it is not known what the run learned from, or nothing was held out.
        """
        dataset, rows, held_out = _learned(run)
        part: Part = "images" if "images" in run.config.model.parts.drawn else "masks"
        pictures = Pictures(dataset.images, dataset.masks).only(part)
        size = min(run.config.model.size, dataset.size)
        known, few = pictures.at(rows), pictures.at(held_out)
        small = _small(known)
        usual = {PIXELS: aligned_nearest(_small(few), small).distances}
        seen = None
        if len(rows) <= AT_ONCE or is_kept(known, part, SPACE, size=size):
            seen = look(known, part, SPACE, size=size)
            usual[FEATURES] = _feature_distances(seen, look(few, part, SPACE, size=size))
        return cls(dataset, part, rows, small, seen, size, usual)

    def nearest_to(self, drawn: Drawn) -> Lookalikes:
        """The training images nearest to one drawn item."""
        pictures = Pictures(drawn.images, drawn.masks).only(self.part)
        over = aligned_nearest(_small(pictures), self.thumbnails)
        pixels = Lookalike(int(self.rows[over.indices[0]]), float(over.distances[0]), bool(over.mirrored[0]))
        found: dict[str, tuple[Lookalike, ...]] = {PIXELS: (pixels,)}
        measured = {PIXELS: over.distances}
        if self.seen is not None:
            query = look(pictures, self.part, SPACE, size=self.size, keep=False)
            found[FEATURES] = self._nearest_features(self.seen, query)
            measured[FEATURES] = np.array([found[FEATURES][0].distance])
        nobody = np.zeros(1, np.int64)
        screening = screen({kind: Distances(nobody, measured[kind], self.usual[kind]) for kind in found})
        return Lookalikes(found, bool(screening.flagged[0]), screening.rate)

    def _nearest_features(self, known: Seen, query: Seen) -> tuple[Lookalike, ...]:
        known, query = standardised(known, query)
        near = nearest_rows(_pool(query), _pool(known), min(MOST, len(known)))
        places = known.rows[near.indices[0]]
        return tuple(
            Lookalike(int(self.rows[place]), float(distance))
            for place, distance in zip(places, near.distances[0], strict=True)
        )


def _learned(run: Run) -> tuple[PreparedDataset, Int64, Int64]:
    """A run's data set, the rows that it learned from, and rows of the same classes that it did not see."""
    try:
        dataset = PreparedDataset.open(run.record.dataset_id)
    except BadInput:
        raise BadInput(
            f"the images that {run.name} learned from are not here, so nothing can be compared with them"
        ) from None
    files = learned_by(run, dataset).sha256 or frozenset()
    seen = dataset.items["sha256"].isin(files).to_numpy(bool)
    rows = np.flatnonzero(seen).astype(np.int64)
    if not len(rows):
        raise BadInput(f"{run.name} learned from none of the images of data set {dataset.name}")
    held_out = learned_images(None, dataset, rows).held_out
    held_out = held_out[~seen[held_out]]
    if not len(held_out):
        raise BadInput(f"data set {dataset.name} has no held-out images that tell how close is too close")
    return dataset, rows, held_out[np.linspace(0, len(held_out) - 1, min(RULER, len(held_out))).astype(int)]


def _feature_distances(known: Seen, unseen: Seen) -> Float64:
    known, unseen = standardised(known, unseen)
    return nearest_rows(_pool(unseen), _pool(known)).distances[:, 0]


def _pool(seen: Seen) -> NDArray[np.float32]:
    return np.ascontiguousarray(seen.features.pool)


def _small(pictures: Pictures) -> NDArray[np.uint8]:
    """Thumbnails of pictures, or of painted masks, without holding more than a few of them whole."""
    pieces = []
    for start in range(0, len(pictures), AT_A_TIME):
        some = pictures[np.arange(start, min(start + AT_A_TIME, len(pictures)))]
        shown = Drawn(some.images, some.masks).pictures
        pieces.append(thumbnails(shown))
    return np.concatenate(pieces)[..., None]
