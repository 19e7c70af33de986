"""Which volumes lie in a source folder, and which of its files are pictures by themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from medgan.data.formats import READERS, VOLUMES, suffix_of
from medgan.data.formats.dicom import read_dicom
from medgan.data.pairing import shared_folder
from medgan.data.problems import Problem, Unusable
from medgan.data.volumes.detached import data_files
from medgan.data.volumes.matching import is_label_name, match_labels, stem_of
from medgan.data.volumes.series import find_series
from medgan.data.volumes.sources import LabelFile, VolumeSource


@dataclass(frozen=True)
class FoundVolumes:
    """volumes: with their labels. pictures: the files that are none of a volume."""

    volumes: tuple[VolumeSource, ...]
    pictures: tuple[PurePosixPath, ...]
    problems: tuple[Problem, ...]


def is_volume_file(file: PurePosixPath) -> bool:
    return suffix_of(file) in VOLUMES


def find_volumes(
    root: Path,
    files: Sequence[PurePosixPath],
    renamed: Mapping[str, str] | None = None,
    apart: Collection[PurePosixPath] = (),
) -> FoundVolumes:
    """Tell volumes from pictures and labels from images, by names and by DICOM headers.

    renamed: see `match_labels`. apart: DICOM files that are pictures by themselves, whatever their headers say.
    """
    volume_files = [file for file in files if is_volume_file(file)]
    dicom_files = [file for file in files if _may_be_dicom(file) and file not in apart]
    if not volume_files and not dicom_files:
        return FoundVolumes((), tuple(files), ())
    dicom = find_series(root, dicom_files)
    shared = shared_folder(files)
    labels = [file for file in volume_files if is_label_name(file.relative_to(shared))]
    if (
        len(labels) == len(volume_files) and not dicom.volumes
    ):  # nothing that they could be the labels of: they are seen
        labels = []
    images, problems = list(dicom.volumes), []
    for file in volume_files:
        if file not in labels:
            try:
                images.append(_of_file(root, file))
            except Unusable as error:
                problems.append(error.at(str(file)))
    labels += [seg.file for seg in dicom.segmentations if not seg.volumes]
    overview = "is an overview that a scan was planned on, none of its slices"
    problems += [Problem(str(file), "not_an_image", overview) for file in dicom.localizers]
    matching = match_labels(images, labels, renamed)
    referred = {
        name: [LabelFile(seg.file) for seg in dicom.segmentations if name in seg.volumes]
        for name in (image.name for image in images)
    }
    volumes = [
        replace(volume, labels=tuple(_with_parts(root, label) for label in (*volume.labels, *referred[volume.name])))
        for volume in matching.volumes
    ]
    pictures = ({*files} - {*volume_files, *dicom_files}) | {*dicom.pictures}
    pictures -= {file for volume in volumes for file in volume.all_files}
    return FoundVolumes(_with_patients(volumes), tuple(sorted(pictures)), (*problems, *matching.problems))


def _may_be_dicom(file: PurePosixPath) -> bool:
    """Whether a file that was found to be an image is one of DICOM, which has any suffix or none."""
    return not is_volume_file(file) and READERS.get(suffix_of(file), read_dicom) is read_dicom


def _of_file(root: Path, file: PurePosixPath) -> VolumeSource:
    """Raises Unusable where it is a header that refers to voxels out of its folder, or cannot be opened."""
    return VolumeSource("file", (file,), str(file), parts=_parts_of(root, file))


def _parts_of(root: Path, file: PurePosixPath) -> tuple[PurePosixPath, ...]:
    if not is_volume_file(file) or suffix_of(file) in {".nii", ".nii.gz"}:
        return ()
    try:
        return tuple(file.parent / name for name in data_files(root / file))
    except OSError as error:
        raise Unusable("unreadable", error.strerror or "cannot be opened") from None


def _with_parts(root: Path, label: LabelFile) -> LabelFile:
    try:
        return replace(label, parts=_parts_of(root, label.file))
    except Unusable:
        return label  # told when it is read


def _with_patients(volumes: Sequence[VolumeSource]) -> tuple[VolumeSource, ...]:
    """Whose each volume is, where neither pattern nor header tells: volumes of one patient must not be split.

    Those that share their labels are one patient's (`case1_t1`, `case1_t2`, `case1_seg`), as are those named like
    the folder that they lie in; else each is a patient by itself.
    """
    of_labels: dict[PurePosixPath, str] = {}
    known = []
    for volume in volumes:
        file = volume.files[0]
        own = volume.name if volume.form != "file" else str(file.parent / stem_of(file))
        if volume.form == "file" and file.parent.name and stem_of(file).startswith(file.parent.name):
            own = str(file.parent)
        patient = next((of_labels[label.file] for label in volume.labels if label.file in of_labels), own)
        of_labels.update({label.file: patient for label in volume.labels})
        known.append(replace(volume, patient=volume.patient or patient))
    return tuple(known)
