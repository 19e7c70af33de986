"""Which synthetic images lie suspiciously close to training images: the search, its table, and the closest pairs.

A screening, never a proof of privacy: see `medgan.metrics.screening`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.artefact import atomic_file
from medgan.common.stored import open_bytes, read_table, write_array
from medgan.data.dataset import PreparedDataset
from medgan.metrics.nearest import aligned_nearest, nearest_rows, thumbnails
from medgan.metrics.screening import Distances, Screening, leave_one_out_share, screen
from medgan.metrics.seen import Seen

TABLE, HELD_OUT = "screening.parquet", "held_out.parquet"
PAIRS_SYNTHETIC, PAIRS_REAL = "closest_synthetic.npy", "closest_real.npy"
CLOSEST = 24
"""Pairs that are kept as pictures."""
AT_A_TIME = 256
FEATURES, PIXELS = "features", "pixels"
KINDS = {FEATURES: "features", PIXELS: "aligned pixels"}


@dataclass(frozen=True)
class Copies:
    """The outcome of a search for copies, with what it takes to look at it."""

    screening: Screening
    table: pd.DataFrame
    """One row a synthetic image, in the set's order: file, flagged, and for each kind the nearest training image's id,
    distance and p-value; how far and whether mirrored it was laid over it."""
    closest: NDArray[np.int64]
    """Rows of the table, the most suspicious first."""
    synthetic: NDArray[np.uint8]
    real: NDArray[np.uint8]
    """Pictures of the closest: (k, h, w, c) each."""
    notes: tuple[str, ...] = ()
    """What to know of the images that were compared."""

    def write(self, folder: Path) -> None:
        """Write tables and pictures into a report's folder."""
        held_out = pd.DataFrame({kind: found.held_out for kind, found in self.screening.distances.items()})
        for name, table in ((TABLE, self.table), (HELD_OUT, held_out)):
            with atomic_file(folder / name) as stream:
                table.to_parquet(stream)
        for name, pictures in ((PAIRS_SYNTHETIC, self.synthetic), (PAIRS_REAL, self.real)):
            write_array(folder / name, pictures)

    @property
    def held_out_share(self) -> float | None:
        """Share of the held-out images flagged when each is screened against the others; None where there is one."""
        held_out = {kind: found.held_out for kind, found in self.screening.distances.items()}
        return leave_one_out_share(held_out) if self.screening.held_out_count > 1 else None

    def summary(self) -> dict[str, Any]:
        """The outcome in a few numbers."""
        low, high = self.screening.interval
        return {
            "share": self.screening.share,
            "low": low,
            "high": high,
            "flagged": self.screening.flagged_count,
            "count": self.screening.count,
            "held_out": self.screening.held_out_count,
            "rate": self.screening.rate,
            "held_out_share": self.held_out_share,
            "note": "; ".join(filter(None, [self.screening.note, *self.notes])),
            "closest": self.closest.tolist(),
        }


def find_copies(
    train: Seen,
    synthetic: Seen,
    held_out: Seen,
    files: NDArray[np.str_],
    dataset: PreparedDataset,
    rows: NDArray[np.int64],
    notes: tuple[str, ...] = (),
) -> Copies:
    """Search for copies of training images; `rows` are the places of the training images in the data set.

    The three sets are in one feature space, held-out images being real ones that the GAN did not see.
    """
    reference = np.ascontiguousarray(train.features.pool)
    near = nearest_rows(np.ascontiguousarray(synthetic.features.pool), reference)
    near_real = nearest_rows(np.ascontiguousarray(held_out.features.pool), reference)
    known, drawn, unseen = (_small(seen) for seen in (train, synthetic, held_out))
    over, over_real = aligned_nearest(drawn, known), aligned_nearest(unseen, known)
    screening = screen(
        {
            FEATURES: Distances(near.indices[:, 0], near.distances[:, 0], near_real.distances[:, 0]),
            PIXELS: Distances(over.indices, over.distances, over_real.distances),
        }
    )
    ids = dataset.items["id"].to_numpy(dtype=str)[rows][train.rows]
    table = pd.DataFrame({"file": files[synthetic.rows], "flagged": screening.flagged})
    for kind, found in screening.distances.items():
        table[f"{kind}_nearest"] = ids[found.nearest]
        table[f"{kind}_distance"] = found.synthetic
        table[f"{kind}_p"] = screening.p_values[kind]
    table["mirrored"] = over.mirrored
    table["shift_down"], table["shift_right"] = over.shifts.T
    closest = screening.closest(min(CLOSEST, len(table)))
    pair = _nearer(screening)[closest]
    pictures = (_images(synthetic, closest), _images(train, pair))
    back = np.argsort(synthetic.rows)  # the table in the set's own order
    return Copies(screening, table.iloc[back].reset_index(drop=True), synthetic.rows[closest], *pictures, notes)


def _small(seen: Seen) -> NDArray[np.uint8]:
    """Thumbnails of all its pictures, without holding more than a few of them whole."""
    starts = range(0, len(seen), AT_A_TIME)
    small = [thumbnails(_images(seen, np.arange(start, min(start + AT_A_TIME, len(seen))))) for start in starts]
    return np.concatenate(small)[..., None]


def _images(seen: Seen, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    images = seen.pictures[seen.rows[rows]].images
    assert images is not None
    return images


def _nearer(screening: Screening) -> NDArray[np.int64]:
    """Row of the training image that each synthetic one is shown beside: that of the kind with the smaller p-value."""
    features, pixels = (screening.p_values[kind] for kind in (FEATURES, PIXELS))
    nearest = {kind: found.nearest for kind, found in screening.distances.items()}
    return np.where(pixels <= features, nearest[PIXELS], nearest[FEATURES])


def read_copies(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.uint8], NDArray[np.uint8]]:
    """The kept table, the held-out images' distances, and the pictures of the closest pairs (synthetic, real)."""
    tables = (read_table(folder / name) for name in (TABLE, HELD_OUT))
    pictures = (open_bytes(folder / name) for name in (PAIRS_SYNTHETIC, PAIRS_REAL))
    return (*tables, *pictures)  # type: ignore[return-value]
