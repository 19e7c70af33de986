"""DICOM files that belong together: the slices of one series, in their order along the patient."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from medgan.data.dicom import DicomHeader, read_header
from medgan.data.dicom.elements import value_of
from medgan.data.dicom.parsing import opened, parse
from medgan.data.problems import Unusable
from medgan.data.volumes.sources import VolumeSource

# Segmentation Storage, and Label Map Segmentation Storage.
SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
SAME_PLACE_MM = 0.01


@dataclass(frozen=True)
class Segmentation:
    """A DICOM SEG, and the names of the volumes that it refers to; none where those are not here."""

    file: PurePosixPath
    volumes: tuple[str, ...]


@dataclass(frozen=True)
class DicomFiles:
    """volumes: series of two slices or more, and files of several frames. pictures: the rest, also what cannot be read:
    whoever prepares it says why. localizers: the overviews that a scan is planned on, where there are scans."""

    volumes: tuple[VolumeSource, ...]
    segmentations: tuple[Segmentation, ...]
    pictures: tuple[PurePosixPath, ...]
    localizers: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True)
class _Slice:
    """A file of one frame; along: its distance along the normal of its plane, in mm, towards head, back or left."""

    file: PurePosixPath
    along: float
    order: tuple[int, int, int]


def normal_of(orientation: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The direction across a plane, towards the head, the back or the left of the patient, whichever is nearest."""
    normal = np.cross(orientation[:3], orientation[3:])
    return normal if normal[np.abs(normal).argmax()] > 0 else -normal


def find_series(root: Path, files: Iterable[PurePosixPath]) -> DicomFiles:
    """Sort DICOM files by what their headers say. Slices of one series of another size, plane or number of channels
    make a volume of their own; slices that share all places (phases, echoes) make as many volumes."""
    groups: dict[tuple[object, ...], list[_Slice]] = defaultdict(list)
    volumes, segmentations, pictures, localizers = [], [], [], []
    series_of: dict[str, str] = {}  # of each volume, by name; for the memory only, as are all numbers of an examination
    for file in files:
        try:
            header = read_header(root / file)
        except (Unusable, OSError):
            pictures.append(file)
            continue
        if "LOCALIZER" in header.image_type:
            localizers.append(file)
        elif header.sop_class in SEGMENTATIONS:
            segmentations.append(file)
        elif len(header.frames) > 1:
            volumes.append(VolumeSource("frames", (file,), str(file)))
            series_of[str(file)] = header.series_uid
        elif slice_ := _slice_of(file, header):
            groups[_group_of(header)].append(slice_)
        else:
            pictures.append(file)
    for group, slices in groups.items():
        series, alone = _volumes_of(slices)
        volumes += series
        series_of.update({volume.name: str(group[0]) for volume in series})
        pictures += alone
    referring = tuple(Segmentation(file, _referred(root / file, series_of)) for file in segmentations)
    if not volumes:
        pictures, localizers = [*pictures, *localizers], []
    return DicomFiles(tuple(volumes), referring, tuple(sorted(pictures)), tuple(localizers))


def _referred(path: Path, series_of: Mapping[str, str]) -> tuple[str, ...]:
    """The volumes whose series a segmentation names as the one that it was drawn on."""
    try:
        with opened(path, only_header=True) as stream:
            sequence = value_of(parse(stream, ["ReferencedSeriesSequence"]), "ReferencedSeriesSequence") or ()
        named = {value_of(item, "SeriesInstanceUID") for item in sequence}
    except (Unusable, OSError, TypeError):
        return ()  # it is told by its name, or when it is read
    return tuple(name for name, series in series_of.items() if series in named)


def _slice_of(file: PurePosixPath, header: DicomHeader) -> _Slice | None:
    frame = header.frames[0]
    if not header.series_uid or frame.position_mm is None or frame.orientation is None:
        return None
    along = float(np.dot(frame.position_mm, normal_of(frame.orientation)))
    if not np.isfinite(along):
        return None
    order = (header.acquisition_number or 0, header.temporal_position or 0, header.instance_number or 0)
    return _Slice(file, along, order)


def _group_of(header: DicomHeader) -> tuple[object, ...]:
    plane = tuple(round(cosine, 2) + 0.0 for cosine in header.frames[0].orientation or ())
    return header.series_uid, header.rows, header.columns, header.channels, plane


def _volumes_of(slices: Sequence[_Slice]) -> tuple[list[VolumeSource], list[PurePosixPath]]:
    """One volume from the slices of a group, or several; and files that are none of any."""
    ordered = sorted(slices, key=lambda one: (one.along, one.order, one.file))
    places: list[list[_Slice]] = []
    for one in ordered:
        if places and one.along - places[-1][0].along < SAME_PLACE_MM:
            places[-1].append(one)
        else:
            places.append([one])
    if len(places) < 2:
        return [], [one.file for one in ordered]
    # By far the most places decide: one that a file was copied to does not make a second volume.
    depth = Counter(len(place) for place in places).most_common(1)[0][0]
    volumes = [
        _volume([place[number].file for place in places if number < len(place)], number, depth)
        for number in range(depth)
    ]
    return volumes, [one.file for place in places for one in place[depth:]]


def _volume(files: Sequence[PurePosixPath], number: int, depth: int) -> VolumeSource:
    which = f", volume {number + 1} of {depth}" if depth > 1 else ""
    name = f"{files[0]} and {len(files) - 1} more slices{which}"
    return VolumeSource("series", tuple(files), name, patient=str(files[0].parent / files[0].stem))
