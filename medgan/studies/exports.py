"""A synthetic set as files for other programs: pictures and masks, a table, a data card."""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.artefact import atomic_file, name_from
from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled
from medgan.common.png import Pixels
from medgan.common.progress import Progress, Silent
from medgan.studies.data_card import card_json, card_markdown, data_card
from medgan.studies.export_formats import FORMATS, SYNTHETIC, Notice
from medgan.studies.marks import accepted, marks_of
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.training_distances import ALIGNED, Int64, TrainingDistances, training_distances
from medgan.training.drawn import Drawn

README = f"""{SYNTHETIC}

items.csv has one row an image: file, class, seed, index within the seed, run that drew it, what it was drawn from (the
number of the real item, or the file of the synthetic one, whose mask or image was given; else empty). Of a kept set
also: the distance from the nearest training image, in the feature space that the column names, and whether screening
flags the image as too close (both empty where this is not known); the mark that a person gave it.
Masks, where there are any, are the files *_mask_<structure>: white inside.
A kept set comes with data_card.md and, for programs, data_card.json: what made it, from what, how it scores, whether it
was screened for copies of training images, what it is for, and its limits. Without a card nothing was checked.
"""
DEEPER = 257
"""What brings 0 to 255 to 0 to 65,535: black stays black, white white, and each level a whole number."""
SAID_EVERY = 50
"""Images between two words of progress."""
Names = Sequence[str]


class ExportOptions(Config):
    """Which images of a set leave, and how."""

    only: Literal["all", "accepted", "not-rejected"] = "all"
    """Images to export, by the mark that a person gave them: all (the table tells the mark), those that were accepted,
    or all but those that were rejected."""
    bits: Literal[8, 16] = 8
    """Bits of a grey level or colour channel. Images have 256 levels; with 16 bits each is multiplied by 257, so
    nothing is lost and nothing gained. Masks always have 8."""
    format: Literal["png"] = "png"
    """File format of the pictures."""
    distances: bool = True
    """Compute the distances from the nearest training images where no quality report holds them; takes some 10 ms an
    image the first time."""


@dataclass(frozen=True)
class Export:
    """What leaves: chosen pictures, and documents that tell of them."""

    drawn: Drawn
    chosen: Int64
    """Numbers of the images that leave."""
    table: pd.DataFrame
    """Their rows of items.csv."""
    structures: Names
    documents: dict[str, str]
    """Text files by their names."""
    distances: Sequence[TrainingDistances] = ()
    """What the table says of the nearest training images."""


def export_zip(
    synthetic: SyntheticSet, path: Path, options: ExportOptions | None = None, progress: Progress | None = None
) -> Export:
    """Write a set as a ZIP file; it appears whole or not at all, and no more than one picture is in memory.

    Raises BadInput where its marks are damaged, nothing is left to export, or the file cannot be written; Cancelled
    when asked to stop.
    """
    options, progress = options or ExportOptions(), progress or Silent()
    export = export_of(synthetic, options, progress)
    try:
        with atomic_file(path) as stream:
            _write_zip(stream, export, options, progress)
    except OSError as error:
        raise _not_written(path, error) from None
    return export


def export_folder(
    synthetic: SyntheticSet, folder: Path, options: ExportOptions | None = None, progress: Progress | None = None
) -> Export:
    """Write a set into a folder that does not exist yet or is empty; otherwise as `export_zip`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder}: is there already and not an empty folder; choose another")
    options, progress = options or ExportOptions(), progress or Silent()
    export = export_of(synthetic, options, progress)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name, content in _entries(export, options, progress):
            (unfinished / name).write_bytes(content)
        unfinished.replace(folder)
    except OSError as error:
        raise _not_written(folder, error) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return export


def zip_bytes(drawn: Drawn, items: pd.DataFrame, structures: Names = ()) -> bytes:
    """Pictures that are in no set as a ZIP in memory: with their table and a notice, without a card."""
    export = Export(drawn, np.arange(len(drawn)), table_of(items), structures, {"README.txt": README})
    buffer = io.BytesIO()
    _write_zip(buffer, export, ExportOptions(), Silent())
    return buffer.getvalue()


def _not_written(path: Path, error: OSError) -> BadInput:
    return BadInput(f"{path}: cannot be written ({error.strerror or error}); make room or choose another place")


def export_of(synthetic: SyntheticSet, options: ExportOptions, progress: Progress | None = None) -> Export:
    """What would leave of a set: pictures that are not read yet, their table, the documents.

    Raises BadInput where marks or items are damaged, or nothing is left; Cancelled when asked to stop.
    """
    chosen, marks = _chosen(synthetic, options), marks_of(synthetic)
    distances = training_distances(synthetic, compute=options.distances, progress=progress)
    card = data_card(synthetic, chosen, marks.tolist(), distances, bits=options.bits, only=options.only)
    documents = {"README.txt": README, "data_card.md": card_markdown(card), "data_card.json": card_json(card)}
    table = table_of(synthetic.items, distances).assign(mark=marks).iloc[chosen]
    return Export(synthetic.drawn, chosen, table, synthetic.structures, documents, distances)


def _chosen(synthetic: SyntheticSet, options: ExportOptions) -> Int64:
    if options.only == "all":
        return np.arange(len(synthetic))
    chosen = accepted(synthetic, marked_only=options.only == "accepted")
    if not len(chosen):
        lack = "no image is marked as accepted" if options.only == "accepted" else "every image is marked as rejected"
        raise BadInput(f"set {synthetic.name}: {lack}; mark images first, or export all of them")
    return chosen


def table_of(items: pd.DataFrame, distances: Sequence[TrainingDistances] = ()) -> pd.DataFrame:
    """The table of an export, from that of a set: `label` is called class, and distances are named by their space."""
    table = items.rename(columns={"label": "class"})
    for found in distances:
        table[found.column] = np.nan if found.distances is None else found.distances
        if found.space != ALIGNED:
            table[f"flagged_{found.space}"] = "" if found.flagged is None else np.where(found.flagged, "yes", "no")
    return table


def _write_zip(stream: IO[bytes], export: Export, options: ExportOptions, progress: Progress) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed already
        for name, content in _entries(export, options, progress):
            archive.writestr(name, content)


def _entries(export: Export, options: ExportOptions, progress: Progress) -> Iterator[tuple[str, bytes]]:
    """File names and contents of an export, one after the other; the documents first."""
    kind, total = FORMATS[options.format], len(export.chosen)
    table = export.table.assign(file=[picture_file(name, kind.suffix) for name in export.table["file"]])
    yield from ((name, text.encode()) for name, text in export.documents.items())
    yield "items.csv", table.to_csv(index=False, float_format="%.6g").encode()
    rows = table[["file", "run", "seed", "index"]].itertuples(index=False, name=None)
    for done, (number, (file, *drawn_by)) in enumerate(zip(export.chosen, rows, strict=True), start=1):
        if progress.stop_requested():
            raise Cancelled(f"stopped after {done - 1} of {total} images; nothing was written")
        for what, pixels in _pictures(export, number, options.bits):
            yield f"{file.removesuffix(kind.suffix)}{what}{kind.suffix}", kind.encode(pixels, Notice(*drawn_by))
        if done % SAID_EVERY == 0 or done == total:
            progress.update(done, total, "writing images")


def _pictures(export: Export, number: np.int64, bits: int) -> Iterator[tuple[str, Pixels]]:
    """The image of an item and its masks, each with what follows the item's name."""
    if export.drawn.images is not None:
        image = export.drawn.images[number]
        yield "", image if bits == 8 else deepened(image)
    if export.drawn.masks is not None:
        for place, structure in enumerate(export.structures):
            yield f"_mask_{name_from(structure)}", export.drawn.masks[number, ..., place, None] * np.uint8(255)


def deepened(image_uint8: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Bytes as 16-bit levels, 0 to 65,535, exactly in proportion."""
    return image_uint8.astype(np.uint16) * np.uint16(DEEPER)


def picture_file(name: str, suffix: str) -> str:
    """The file of an item's picture; raises BadInput where its set names something that is no file of a set.

    A set may come from another machine: its table must not write outside the export, nor hide what it is.
    """
    if not re.fullmatch(r"synthetic[\w.-]*\.png", name):
        raise BadInput(f"items.parquet of the set names a file {name!r}, not synthetic-….png: draw the set anew")
    return name.removesuffix(".png") + suffix
