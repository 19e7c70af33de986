"""From the files of a volume to its voxels, and from label files to labels."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from medgan.data.dicom import read_header
from medgan.data.formats import VOLUMES, Display, suffix_of
from medgan.data.formats.source_image import Note
from medgan.data.problems import Problem, Unusable
from medgan.data.volumes.dicom_seg import read_seg
from medgan.data.volumes.dicom_volume import DicomVolume, read_multiframe, read_series
from medgan.data.volumes.labels import LabelVolume, label_volume
from medgan.data.volumes.sources import LabelFile, VolumeSource
from medgan.data.volumes.volume import Volume, plane_of
from medgan.data.volumes.volume_file import components_of, read_volume_file

Alive = Callable[[], None]


@dataclass(frozen=True)
class OpenedVolume:
    """A volume as stored. slice_files: the file of each axial slice from the feet up, or the one of all slices.
    notes: what was forgiven. display: how a DICOM header has its numbers shown. patient: a code for whose it is, by the
    header. problems: slices that could not be read. spacing_mm: where it is not the volume's, since that is a guess.
    """

    volume: Volume
    slice_files: tuple[PurePosixPath, ...]
    notes: tuple[Note, ...] = ()
    display: Display | None = None
    patient: str = ""
    problems: tuple[Problem, ...] = ()
    spacing_mm: tuple[float, float, float] | None = None

    def file_of(self, number: int) -> PurePosixPath:
        return self.slice_files[number if len(self.slice_files) > 1 else 0]


def open_volume(root: Path, source: VolumeSource, megavoxel_limit: int, alive: Alive) -> OpenedVolume:
    """Read a volume whole. alive: called between its files; may raise to end it. Raises Unusable."""
    alive()
    if source.form == "series":
        return _opened(read_series(root, source.files, megavoxel_limit, alive))
    if source.form == "frames":
        return _opened(read_multiframe(root, source.files[0], megavoxel_limit))
    file = read_volume_file(root / source.files[0], megavoxel_limit)
    voxels, one_file = file.volume.voxels, source.files[:1]
    if voxels.ndim == 4:
        if voxels.shape[3] not in {3, 4} or voxels.dtype != np.uint8:
            what = f"{voxels.shape[3]} numbers of {voxels.dtype} a voxel"
            raise Unusable("not_supported", f"holds {what}; one (grey), or 3 or 4 of 8 bits (colour), are supported")
        voxels = voxels[..., :3]  # a fourth is transparency
    return OpenedVolume(replace(file.volume, voxels=voxels), one_file, file.notes)


def _opened(read: DicomVolume) -> OpenedVolume:
    files = read.files if plane_of(read.volume) == "axial" else read.files[:1]
    return OpenedVolume(read.volume, files, read.notes, read.display, read.patient, read.problems, read.spacing_mm)


def shows_colour(root: Path, source: VolumeSource) -> bool:
    """Whether a volume holds colours, by its header alone; a volume that cannot be read does not."""
    try:
        if source.form != "file":
            return read_header(root / source.files[0]).channels > 1
        return components_of(root / source.files[0]) in {3, 4}
    except Unusable:
        return False  # reported when its turn comes


def open_labels(root: Path, label: LabelFile, megavoxel_limit: int) -> LabelVolume:
    """Read a label volume whole; raises Unusable, also where it holds no labels."""
    if suffix_of(label.file) in VOLUMES:
        file = read_volume_file(root / label.file, megavoxel_limit)
        return label_volume(file.volume, file.labels)
    return label_volume(*read_seg(root / label.file, megavoxel_limit))
