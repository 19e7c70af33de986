"""A synthetic set as NIfTI: its images as the slices of a volume, its masks as a label volume.

What was drawn from the slices of volumes becomes as many volumes, of their voxel size; anything else becomes one.

NIfTI-1 (Cox et al. 2004); few programs read NIfTI-2, so that more than 32,767 images become several files. Columns
run to the patient's left and rows to the back, as an axial slice is looked at: every viewer shows the images upright.
"""

import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from nibabel.nifti1 import Nifti1Extension, Nifti1Header
from numpy.typing import NDArray

import medgan
from medgan.common.progress import Progress
from medgan.studies.export_contents import Contents, Entry, Item, file_names, picture_stem
from medgan.studies.export_notice import SYNTHETIC
from medgan.studies.stacks import Stack

Uint8 = NDArray[np.uint8]
BYTE = np.dtype("u1")
COLOUR = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
UPRIGHT = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Columns to the left, rows to the back, slices upwards; NIfTI counts to the right, the front, and upwards."""
ALIGNED = 2
"""What the standard calls coordinates that are no scanner's."""
LABELS, COMMENT = 1002, 6
"""Codes of the standard: values are labels; an extension is a comment."""
GZIP = 31
"""What zlib calls the gzip format; its header then holds no time, so that the same set is the same file."""


@dataclass(frozen=True)
class Part:
    """What one file of a stack holds of each item."""

    what: str
    """images or masks."""
    suffix: str
    """Of the file's name."""
    voxel: np.dtype[Any]
    white: int
    """The highest value, which viewers show as white."""
    pixels: Callable[[int], NDArray[Any]]
    """Of an item, by its number in the set: (h, w) or (h, w, c)."""


def nifti_table(contents: Contents) -> pd.DataFrame:
    """items.csv, with the slice of each item, counted from 0, in the volume of its file."""
    for name in contents.table["file"]:
        picture_stem(name)
    files, slices = np.empty(len(contents.table), object), np.empty(len(contents.table), int)
    for stack in contents.stacks:
        files[stack.rows] = _file(contents, stack, "" if contents.drawn.images is not None else "_seg")
        slices[stack.rows] = stack.positions
    table = contents.table.assign(file=files)
    table.insert(1, "slice", slices)
    return table


def nifti_files(contents: Contents, bits: int, progress: Progress) -> Iterator[Entry]:
    """The images of each stack as a volume, then the masks: as labels, or each structure alone where some overlap."""
    for part in _parts(contents, bits):
        items = contents.items(progress, part.what, contents.order)  # of all stacks, one after the other
        for stack in contents.stacks:
            yield (
                _file(contents, stack, part.suffix),
                _packed(_header(contents, stack, part), _slices(stack, part, items)),
            )


def _file(contents: Contents, stack: Stack, suffix: str) -> str:
    name = "-".join(filter(None, ["synthetic", contents.about.name, stack.name]))
    return f"{name}{suffix}.nii.gz"


def _parts(contents: Contents, bits: int) -> Iterator[Part]:
    if contents.drawn.images is not None:
        voxel = COLOUR if contents.drawn.images.shape[3] == 3 else np.dtype(f"<u{bits // 8}")
        yield Part("images", "", voxel, 2**bits - 1, partial(contents.image, bits=bits))
    if contents.drawn.masks is None:
        return
    if not _overlapping(contents):
        yield Part("masks", "_seg", BYTE, len(contents.structures), lambda number: _labels(contents.masks(number)))
        return
    for place, name in enumerate(file_names(contents.structures)):
        pixels = partial(_one_structure, contents, place)
        yield Part("masks", f"_seg_{name}", BYTE, 1, pixels)


def _one_structure(contents: Contents, place: int, number: int) -> Uint8:
    return contents.masks(number)[..., place]


def _overlapping(contents: Contents) -> bool:
    """Whether any point belongs to several structures."""
    return len(contents.structures) > 1 and any(
        (contents.masks(int(number)).sum(axis=2) > 1).any() for number in contents.chosen
    )


def _labels(masks: Uint8) -> Uint8:
    """Masks (h, w, structures) as labels: 1 for the first structure and so on, 0 outside."""
    labels: Uint8 = (masks * np.arange(1, masks.shape[2] + 1, dtype=np.uint8)).max(axis=2)
    return labels


def _slices(stack: Stack, part: Part, items: Iterator[Item]) -> Iterator[NDArray[Any]]:
    """The slices of a stack from the feet up, of the next items; black ones for those that are left out."""
    next_free = 0
    for position in stack.positions.tolist():
        pixels = part.pixels(next(items).number)
        yield from (np.zeros_like(pixels) for _ in range(next_free, position))
        yield pixels
        next_free = position + 1


def _header(contents: Contents, stack: Stack, part: Part) -> Any:
    """Of a volume that says that it is synthetic; voxels are 1 by 1 by 1, without a unit, where no size is known."""
    shown = contents.drawn.images if contents.drawn.images is not None else contents.drawn.masks
    assert shown is not None
    height, width = shown.shape[1:3]
    count = int(stack.positions[-1]) + 1
    up, down, right = stack.spacing_mm or (1.0, 1.0, 1.0)
    place = UPRIGHT @ np.diag([right, down, up, 1.0])
    make: Any = Nifti1Header  # which carries no types
    header = make()
    header.set_data_dtype(part.voxel)
    header.set_data_shape((width, height, count))
    header.set_qform(place, ALIGNED)
    header.set_sform(place, ALIGNED)
    header.set_xyzt_units("mm" if stack.spacing_mm else "unknown")
    header["scl_slope"], header["scl_inter"] = 1, 0  # values as they are; nibabel leaves NaN, which some cannot read
    header["cal_max"] = part.white
    if part.what == "masks":
        header.set_intent(LABELS, name="SYNTHETIC masks")
    header["descrip"] = f"SYNTHETIC {part.what}; {contents.about.model}; not for diagnosis"[:79]
    header.extensions.append(Nifti1Extension(COMMENT, _comment(contents, part).encode()))
    return header


def _comment(contents: Contents, part: Part) -> str:
    runs, seeds = (", ".join(map(str, contents.table[name].unique())) for name in ("run", "seed"))
    software = f"medgan {medgan.__version__}"
    return f"{SYNTHETIC} Set {contents.about.name}, {part.what} drawn by run {runs}, seed {seeds}, {software}."


def _packed(header: Any, slices: Iterable[NDArray[Any]]) -> Iterator[bytes]:
    """The file piece by piece. A slice (h, w, c) lies in memory as NIfTI wants it: columns first, then rows, slices."""
    packer = zlib.compressobj(wbits=GZIP)
    start = io.BytesIO()
    header.write_to(start)
    yield packer.compress(start.getvalue())
    for pixels in slices:
        yield packer.compress(np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes())
    yield packer.flush()
