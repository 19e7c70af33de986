"""What one volume is made of, before any voxel is read."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

VolumeForm = Literal["file", "series", "frames"]


@dataclass(frozen=True)
class LabelFile:
    """A label volume of an image volume; structure: what its name or its folder says that it outlines, or ""; parts:
    as of a volume."""

    file: PurePosixPath
    structure: str = ""
    parts: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True)
class VolumeSource:
    """One image volume; paths are relative to the source folder.

    form: one volume file; the slices of a DICOM series, from the feet up; or one DICOM file of several frames.
    name: what stands for it in reports: the file, or the folder of the series. parts: files of voxels that a header
    (`.mhd`, `.nhdr`) refers to. patient: whose it is as far as names and headers tell, without any identity in it.
    """

    form: VolumeForm
    files: tuple[PurePosixPath, ...]
    name: str
    labels: tuple[LabelFile, ...] = ()
    parts: tuple[PurePosixPath, ...] = ()
    patient: str = ""

    @property
    def all_files(self) -> tuple[PurePosixPath, ...]:
        """Each file that decides what comes out."""
        of_labels = (file for label in self.labels for file in (label.file, *label.parts))
        return (*self.files, *self.parts, *of_labels)
