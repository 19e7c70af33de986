"""What leaves in an export, whatever its format: chosen pictures with masks, their rows, and what they are of."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.artefact import name_from
from medgan.common.errors import BadInput, Cancelled
from medgan.common.png import Pixels
from medgan.common.progress import Progress
from medgan.studies.export_notice import Notice
from medgan.studies.stacks import Stack
from medgan.training.drawn import Drawn

Int64 = NDArray[np.int64]
Entry = tuple[str, Iterable[bytes]]
"""A file of an export: its name, its content piece by piece."""
DEEPER = 257
"""What brings 0 to 255 to 0 to 65,535: black stays black, white white, and each level a whole number."""
SAID_EVERY = 50
"""Images between two words of progress."""


@dataclass(frozen=True)
class About:
    """What the files tell of the set that they are of."""

    name: str
    model: str
    """The GAN that drew it."""
    made: datetime | None
    """When it was drawn, where known; files carry this date, so that the same export is the same to the byte."""
    identity: str
    """What no other set has: its id and the hashes of its pixels."""


@dataclass(frozen=True)
class Item:
    """One of the items that leave."""

    row: int
    """Where it stands among those that leave."""
    number: int
    """Its number within the set."""
    stem: str
    """Its file name without the end that the format gives it."""
    label: str
    """Its class; empty where it has none."""
    notice: Notice


@dataclass(frozen=True)
class Contents:
    """The pictures that leave, not read yet, and what is known of them."""

    drawn: Drawn
    chosen: Int64
    """Numbers of the images that leave."""
    table: pd.DataFrame
    """Their rows of items.csv."""
    structures: Sequence[str]
    """What each mask channel outlines; empty where there are no masks."""
    about: About
    stacks: tuple[Stack, ...]
    """The same images as slices of volumes; together they hold each once."""

    @property
    def order(self) -> Int64:
        """The rows of the stacks, one stack after the other."""
        return np.concatenate([stack.rows for stack in self.stacks])

    def items(self, progress: Progress, what: str = "images", order: Int64 | None = None) -> Iterator[Item]:
        """One after the other, telling how far it is; raises Cancelled when asked to stop."""
        table = self.table[["file", "class", "run", "seed", "index"]].fillna("")
        rows = list(table.itertuples(index=False, name=None))
        total = len(rows)
        for done, row in enumerate(range(total) if order is None else order.tolist(), start=1):
            if progress.stop_requested():
                raise Cancelled(f"stopped after {done - 1} of {total} images; nothing was written")
            if done % SAID_EVERY == 0 or done == total:
                progress.update(done, total, f"writing {what}")
            file, label, *drawn_by = rows[row]
            yield Item(row, int(self.chosen[row]), picture_stem(file), str(label), Notice.of(*drawn_by))

    def image(self, number: int, bits: int) -> Pixels:
        """The image of an item, (h, w, c), in 8 or 16 bits."""
        assert self.drawn.images is not None
        image = self.drawn.images[number]
        return image if bits == 8 else deepened(image)

    def masks(self, number: int) -> NDArray[np.uint8]:
        """The masks of an item, (h, w, structures), 0 or 1."""
        assert self.drawn.masks is not None
        masks: NDArray[np.uint8] = self.drawn.masks[number]
        return masks

    def mask_pictures(self, number: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """The masks of an item, each (h, w, 1), white inside, with what follows the item's name; or no masks at all."""
        if self.drawn.masks is not None:
            masks = self.masks(number) * np.uint8(255)
            for place, name in enumerate(file_names(self.structures)):
                yield f"_mask_{name}", masks[..., place, None]


def file_names(structures: Sequence[str]) -> list[str]:
    """What stands for each structure in names of files.

    They begin with the structures' numbers where any two would be alike, as of names in letters that files here do
    not have.
    """
    names = [name_from(structure) for structure in structures]
    if len({name.lower() for name in names}) == len(names):  # some disks take A and a for the same
        return names
    return [f"{number}-{name}" for number, name in enumerate(names, start=1)]


def deepened(image_uint8: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Bytes as 16-bit levels, 0 to 65,535, exactly in proportion."""
    return image_uint8.astype(np.uint16) * np.uint16(DEEPER)


def picture_stem(name: str) -> str:
    """The name of an item's picture without its end; raises BadInput where its set names what is no file of a set.

    A set may come from another machine: its table must not write outside the export, nor hide what it is.
    """
    if not re.fullmatch(r"synthetic[\w.-]*\.png", name):
        raise BadInput(f"items.parquet of the set names a file {name!r}, not synthetic-….png: draw the set anew")
    return name.removesuffix(".png")
