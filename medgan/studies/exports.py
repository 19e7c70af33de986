"""A synthetic set as files for other programs: pictures and masks, a table, a data card."""

import io
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import IO, Literal

import numpy as np
import pandas as pd

from medgan.common.artefact import atomic_file
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.progress import Progress, Silent
from medgan.models import GANS
from medgan.studies.data_card import card_json, card_markdown, data_card
from medgan.studies.export_contents import About, Contents, Entry, Int64
from medgan.studies.export_formats import FORMATS
from medgan.studies.export_notice import SYNTHETIC
from medgan.studies.marks import accepted, marks_of
from medgan.studies.stacks import Stack, stacks_of, whole
from medgan.studies.synthesis import IMAGES, MASKS, SyntheticSet
from medgan.studies.training_distances import ALIGNED, TrainingDistances, training_distances
from medgan.training.drawn import Drawn

README = f"""{SYNTHETIC}

{{files}}

items.csv has one row an image: file, class, seed, index within the seed, run that drew it, what it was drawn from (the
number of the real item, or the file of the synthetic one, whose mask or image was given; else empty). Of a kept set
also: the distance from the nearest training image, in the feature space that the column names, and whether screening
flags the image as too close (both empty where this is not known); the mark that a person gave it.
A kept set comes with data_card.md and, for programs, data_card.json: what made it, from what, how it scores, whether it
was screened for copies of training images, what it is for, and its limits. Without a card nothing was checked.
"""
Names = Sequence[str]


class ExportOptions(Config):
    """Which images of a set leave, and how."""

    only: Literal["all", "accepted", "not-rejected"] = "all"
    """Images to export, by the mark that a person gave them: all (the table tells the mark), those that were accepted,
    or all but those that were rejected."""
    bits: Literal[8, 16] = 8
    """Bits of a grey level or colour channel. Images have 256 levels; with 16 bits each is multiplied by 257, so
    nothing is lost and nothing gained. Masks always have 8, and so have colours in DICOM and NIfTI."""
    format: Literal["png", "dicom", "nifti"] = "png"
    """What the pictures are written as: PNG; DICOM Secondary Captures that are marked as synthetic, with their masks
    as Segmentations; or NIfTI, all images as the slices of one volume, masks as a label volume."""
    distances: bool = True
    """Compute the distances from the nearest training images where no quality report holds them; takes some 10 ms an
    image the first time."""


@dataclass(frozen=True)
class Export(Contents):
    """What leaves: chosen pictures, and documents that tell of them."""

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
            with open(unfinished / name, "wb") as stream:
                stream.writelines(content)
        unfinished.replace(folder)
    except OSError as error:
        raise _not_written(folder, error) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return export


def zip_bytes(drawn: Drawn, items: pd.DataFrame, structures: Names = ()) -> bytes:
    """Pictures that are in no set as a ZIP in memory: with their table and a notice, without a card."""
    nothing = About("drawn", "", None, "")  # PNG files do not tell it
    documents = {"README.txt": readme(ExportOptions())}
    export = Export(drawn, np.arange(len(drawn)), table_of(items), structures, nothing, (whole(len(drawn)),), documents)
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
    stacks = stacks_of(synthetic, chosen)
    asked = options.model_dump(include={"bits", "only", "format"})
    card = data_card(synthetic, chosen, marks.tolist(), distances, stacks=stacks, **asked)
    documents = {
        "README.txt": readme(options, stacks),
        "data_card.md": card_markdown(card),
        "data_card.json": card_json(card),
    }
    table = table_of(synthetic.items, distances).assign(mark=marks).iloc[chosen]
    about = about_set(synthetic)
    return Export(synthetic.drawn, chosen, table, synthetic.structures, about, stacks, documents, distances)


def readme(options: ExportOptions, stacks: Sequence[Stack] = ()) -> str:
    """What the files of an export are."""
    kind = FORMATS[options.format]
    files = f"Images are here as {kind.title}: {kind.pictures}. Masks, where there are any: {kind.masks}."
    return README.format(files=fill(" ".join([files, *kind.limits_of(stacks)]), 120))


def about_set(synthetic: SyntheticSet) -> About:
    """What the files of an export tell of their set."""
    manifest = synthetic.manifest
    pixels = [f"{name} {manifest.files[name].sha256}" for name in (IMAGES, MASKS) if name in manifest.files]
    gan = str(manifest.summary["gan"])
    model = GANS[gan].title if gan in GANS else gan
    return About(synthetic.name, model, manifest.created, "/".join([synthetic.id, *pixels]))


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
    kind = zipfile.ZIP_STORED if FORMATS[options.format].is_packed else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, content in _entries(export, options, progress):
            with archive.open(_entry(name, kind), "w", force_zip64=True) as entry:
                for piece in content:
                    entry.write(piece)


def _entry(name: str, kind: int) -> zipfile.ZipInfo:
    """A file of a ZIP that everybody may read once it is unpacked."""
    entry = zipfile.ZipInfo(name, time.localtime()[:6])
    entry.compress_type, entry.external_attr = kind, 0o644 << 16
    return entry


def _entries(export: Export, options: ExportOptions, progress: Progress) -> Iterator[Entry]:
    """File names and contents of an export, one after the other; the documents first."""
    kind = FORMATS[options.format]
    yield from ((name, (text.encode(),)) for name, text in export.documents.items())
    yield "items.csv", (kind.table(export).to_csv(index=False, float_format="%.6g").encode(),)
    channels = 1 if export.drawn.images is None else export.drawn.images.shape[3]
    yield from kind.files(export, kind.bits(options.bits, channels), progress)
