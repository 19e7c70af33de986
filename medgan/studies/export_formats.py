"""The file formats that synthetic sets leave in; adding one is one file and one row of FORMATS.

Libraries that only one format needs are imported when that format is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from medgan.common.png import png_with_text
from medgan.common.progress import Progress
from medgan.studies.export_contents import Contents, Entry, picture_stem
from medgan.studies.stacks import Stack


@dataclass(frozen=True)
class SetFormat:
    """A row of the table of formats."""

    title: str
    files: Callable[[Contents, int, Progress], Iterator[Entry]]
    """The pictures of an export as files, of 8 or 16 bits a grey level; raises Cancelled when asked to stop."""
    table: Callable[[Contents], pd.DataFrame]
    """items.csv, with the file of each item."""
    pictures: str
    """What its files are, in words."""
    masks: str
    """How masks are written, in words."""
    limits: tuple[str, ...] = ()
    """What to keep in mind of it, where the size of a pixel is not known."""
    sized_limits: tuple[str, ...] = ()
    """The same where it is."""
    deep_channels: tuple[int, ...] = (1,)
    """Channels of images that it can write in 16 bits."""
    is_packed: bool = True
    """Whether its files are compressed in themselves."""

    def limits_of(self, stacks: Sequence[Stack]) -> tuple[str, ...]:
        """What to keep in mind of images in such stacks."""
        return self.sized_limits if any(stack.spacing_mm for stack in stacks) else self.limits

    def bits(self, asked: int, channels: int) -> int:
        """Bits of a level, of those asked for; 8 where the format has no more for such images."""
        return asked if channels in self.deep_channels else 8


def _png(contents: Contents, bits: int, progress: Progress) -> Iterator[Entry]:
    for item in contents.items(progress):
        if contents.drawn.images is not None:
            yield f"{item.stem}.png", (png_with_text(contents.image(item.number, bits), item.notice.texts),)
        for what, mask in contents.mask_pictures(item.number):
            yield f"{item.stem}{what}.png", (png_with_text(mask, item.notice.texts),)


def _dicom(contents: Contents, bits: int, progress: Progress) -> Iterator[Entry]:
    from medgan.studies.export_dicom import dicom_files

    return dicom_files(contents, bits, progress)


def _nifti(contents: Contents, bits: int, progress: Progress) -> Iterator[Entry]:
    from medgan.studies.export_nifti import nifti_files

    return nifti_files(contents, bits, progress)


def _nifti_table(contents: Contents) -> pd.DataFrame:
    from medgan.studies.export_nifti import nifti_table

    return nifti_table(contents)


def _a_file_each(suffix: str) -> Callable[[Contents], pd.DataFrame]:
    def table(contents: Contents) -> pd.DataFrame:
        return contents.table.assign(file=[picture_stem(name) + suffix for name in contents.table["file"]])

    return table


DICOM_LIMITS = "DICOM: patient and study are made up, one for the whole set; no patient stands behind them."
DICOM_LEVELS = "DICOM: grey levels are as drawn, no measured quantity such as Hounsfield units; pixels {size}."

FORMATS: dict[str, SetFormat] = {
    "png": SetFormat(
        title="PNG",
        files=_png,
        table=_a_file_each(".png"),
        pictures="a picture an image",
        masks="pictures *_mask_<structure>.png beside their image, 255 inside, 0 outside",
        deep_channels=(1, 3),
    ),
    "dicom": SetFormat(
        title="DICOM",
        files=_dicom,
        table=_a_file_each(".dcm"),
        pictures="a Secondary Capture image each, marked as Synthetic Data (0008,001C)",
        masks="a Segmentation object an image (*_seg.dcm) that refers to it; without images, captures of 255 inside",
        limits=(DICOM_LIMITS, DICOM_LEVELS.format(size="are of no known size")),
        sized_limits=(DICOM_LIMITS, DICOM_LEVELS.format(size="have the size of those that they were drawn from")),
        is_packed=False,
    ),
    "nifti": SetFormat(
        title="NIfTI",
        files=_nifti,
        table=_nifti_table,
        pictures="the images as the slices of a volume, items.csv tells which is which",
        masks="a label volume *_seg.nii.gz, 1 for the first structure and so on, 0 outside; where structures overlap, "
        "a volume of 0 and 1 for each",
        limits=(
            "NIfTI: the images are slices of a file, not of a body: neighbours do not belong together, and the size of "
            "a voxel is not known (1 by 1 by 1, without a unit).",
        ),
        sized_limits=(
            "NIfTI: a volume has the voxel size of the one whose slices it was drawn from, but its slices were drawn "
            "one by one: neighbours may not fit together. Black slices stand for those that were left out.",
        ),
    ),
}
