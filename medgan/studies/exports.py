"""A synthetic set as files for other programs: PNG pictures and masks, a table, a notice."""

import io
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from medgan.common.artefact import atomic_file
from medgan.common.errors import BadInput
from medgan.common.pictures import encode_png
from medgan.studies.marks import marks_of
from medgan.studies.synthesis import SyntheticSet
from medgan.training.drawn import Drawn

NOTICE = """These images are synthetic: a generative network drew them. They were not checked for
copies of the real images that it learned from.
For research; not for diagnosis. Columns of items.csv: file, class label, seed, index within the seed, run,
what it was drawn from (the real item whose mask or image was given, where there was one); of a saved set also
the mark that a person gave the image (accepted, rejected, or none).
Masks, where there are any, are the files *_mask_<structure>.png: white inside.
"""


def zip_bytes(drawn: Drawn, items: pd.DataFrame, structures: Sequence[str] = ()) -> bytes:
    """Pictures as PNG files with their table and a notice that they are synthetic, as a ZIP in memory."""
    buffer = io.BytesIO()
    write_zip(buffer, drawn, items, structures)
    return buffer.getvalue()


def export_zip(synthetic: SyntheticSet, path: Path) -> None:
    """Write a set as a ZIP file; it appears whole or not at all. Raises BadInput where its marks are damaged."""
    with atomic_file(path) as stream:
        write_zip(stream, synthetic.drawn, marked_items(synthetic), synthetic.structures)


def export_folder(synthetic: SyntheticSet, folder: Path) -> None:
    """Write a set as PNG files, table and notice into a folder that does not exist yet or is empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder}: is there already and not an empty folder; choose another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name, content in _entries(synthetic.drawn, marked_items(synthetic), synthetic.structures):
        (unfinished / name).write_bytes(content)
    unfinished.replace(folder)


def marked_items(synthetic: SyntheticSet) -> pd.DataFrame:
    """The table of a set's items with the column `mark`."""
    return synthetic.items.assign(mark=marks_of(synthetic))


def write_zip(stream: Any, drawn: Drawn, items: pd.DataFrame, structures: Sequence[str]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        for name, content in _entries(drawn, items, structures):
            archive.writestr(name, content)


def _entries(drawn: Drawn, items: pd.DataFrame, structures: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """File names and contents of an export."""
    for number, name in enumerate(items["file"]):
        if drawn.images is not None:
            yield name, encode_png(drawn.images[number])
        if drawn.masks is not None:
            for place, structure in enumerate(structures):
                yield mask_file(name, structure), encode_png(drawn.masks[number, ..., place] * 255)
    yield "items.csv", items.to_csv(index=False).encode()
    yield "README.txt", NOTICE.encode()


def mask_file(name: str, structure: str) -> str:
    """The file of an item's mask beside the file of its image."""
    return f"{name.removesuffix('.png')}_mask_{structure}.png"
