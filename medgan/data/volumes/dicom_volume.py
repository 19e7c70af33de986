"""Voxels of a DICOM series, and of one file of several frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from medgan.data.dicom import DicomHeader, FrameHeader, read_header
from medgan.data.dicom.pixels import Frames, read_frames
from medgan.data.formats.dicom import frame_image
from medgan.data.formats.source_image import Display, Note
from medgan.data.parallel import in_order
from medgan.data.patients import patient_code
from medgan.data.problems import Problem, Unusable, why_unreadable
from medgan.data.volumes.series import SAME_PLACE_MM, normal_of
from medgan.data.volumes.volume import Volume, Voxels, affine_of

# Distances between slices may differ by so much of the usual one before that is worth a word.
UNEVEN = 0.1
# Where slices are missing, so many are filled in for each that is there; a stray slice far away is not waited for.
MOST_FILLED = 1.0


@dataclass(frozen=True)
class DicomVolume:
    """volume: as stored, empty where slices are missing. files: of each slice along the volume's first axis; of an
    empty one, that of its neighbour. display: how it is to be shown. patient: a code for whose it is. problems: files
    that could not be read. spacing_mm: what the headers say of it where they do not place the slices; NaN for the rest.
    """

    volume: Volume
    files: tuple[PurePosixPath, ...]
    display: Display
    patient: str
    notes: tuple[Note, ...]
    problems: tuple[Problem, ...] = ()
    spacing_mm: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class _Slice:
    """Where the slice of a file lies, and what its header says."""

    file: PurePosixPath
    header: DicomHeader
    frame: FrameHeader


def read_series(
    root: Path, files: Sequence[PurePosixPath], megavoxel_limit: int, alive: Callable[[], None]
) -> DicomVolume:
    """Read a series whose files are sorted along the patient; raises Unusable where fewer than two can be read."""

    def read(file: PurePosixPath) -> tuple[_Slice, Voxels] | Problem:
        alive()
        try:
            header = read_header(root / file)
            _check_size(header, len(files), megavoxel_limit)
            frames = read_frames(root / file, header)
            return _Slice(file, header, header.frames[0]), _without_padding(frames, header)[0]
        except Unusable as error:
            return error.at(str(file))
        except Exception as error:  # decoders raise what they like
            return Problem(str(file), "unreadable", why_unreadable(error))

    slices: list[_Slice] = []
    problems: list[Problem] = []
    voxels: Voxels = np.zeros((len(files), 0))
    for found in in_order(read, files):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            voxels = _with(voxels, len(slices), found[1])
            slices.append(found[0])
    if len(slices) < 2:
        raise Unusable(problems[0].kind, f"no two slices of it can be read; {problems[0].file}: {problems[0].reason}")
    return _volume(voxels[: len(slices)], slices, tuple(problems))


def read_multiframe(root: Path, file: PurePosixPath, megavoxel_limit: int) -> DicomVolume:
    """Read a file of several frames, sorted along the patient where it says how they lie; raises Unusable."""
    try:
        header = read_header(root / file)
        _check_size(header, len(header.frames), megavoxel_limit)
        order, notes = _order_of(header)
        voxels = _without_padding(read_frames(root / file, header), header)
    except Unusable:
        raise
    except Exception as error:  # decoders raise what they like
        raise Unusable("unreadable", why_unreadable(error)) from None
    if order != list(range(len(voxels))):
        voxels = voxels[order]
    slices = [_Slice(file, header, header.frames[index]) for index in order]
    read = _volume(voxels, slices, ())
    return replace(read, notes=(*notes, *read.notes))


def _check_size(header: DicomHeader, slices: int, megavoxel_limit: int) -> None:
    if header.rows * header.columns * slices > megavoxel_limit * 1_000_000:
        shape = f"{header.columns} x {header.rows} x {slices}"
        raise Unusable("too_large", f"declares {shape} voxels; the megavoxel limit is {megavoxel_limit}")


def _without_padding(frames: Frames, header: DicomHeader) -> Voxels:
    """Voxels (n, h, w[, 3]), black where there is no picture, so that padding weighs nowhere."""
    values = frames.values[..., 0] if frames.values.shape[-1] == 1 else frames.values
    if frames.padding is None or frames.padding.all():
        return values
    values = values.copy()
    inside = values[~frames.padding]
    values[frames.padding] = inside.max() if header.photometric == "MONOCHROME1" else inside.min()
    return values


def _with(voxels: Voxels, number: int, values: Voxels) -> Voxels:
    """The stack with one more slice; in a type that holds the numbers of all slices."""
    if number == 0:
        voxels = np.zeros((len(voxels), *values.shape), values.dtype)
    elif voxels.dtype != values.dtype:
        wider = np.promote_types(voxels.dtype, values.dtype)
        voxels = voxels.astype(wider if wider in (np.int16, np.uint16) else np.float32)
    voxels[number] = values
    return voxels


def _order_of(header: DicomHeader) -> tuple[list[int], tuple[Note, ...]]:
    """The frames to take, sorted along the patient; as stored where the header does not say how they lie."""
    frames = header.frames
    first = frames[0].orientation
    if first is None or any(frame.position_mm is None or frame.orientation != first for frame in frames):
        return list(range(len(frames))), ()
    along = [float(np.dot(frame.position_mm or (0, 0, 0), normal_of(first))) for frame in frames]
    if not np.isfinite(along).all():
        return list(range(len(frames))), ()
    order: list[int] = []
    for index in sorted(range(len(frames)), key=lambda index: (along[index], index)):
        if not order or along[index] - along[order[-1]] > SAME_PLACE_MM:
            order.append(index)
    if len(order) == 1:  # a film of one place
        return list(range(len(frames))), ()
    dropped = len(frames) - len(order)
    note: Note = ("first_of_several", f"holds {len(frames)} frames at {len(order)} places; the first of each was taken")
    return order, (note,) if dropped else ()


def _volume(voxels: Voxels, slices: Sequence[_Slice], problems: tuple[Problem, ...]) -> DicomVolume:
    files = [one.file for one in slices]
    gaps, notes = _gaps([_along(one) for one in slices])
    if gaps.any():
        voxels, files = _filled(voxels, files, gaps)
    middle = slices[len(slices) // 2]
    shown = frame_image(middle.header, Frames(voxels[:1].reshape(1, *voxels.shape[1:3], -1)))
    display = shown.display or Display()
    windows = middle.frame.windows or display.windows
    affine, placed = _place(slices, len(files))
    return DicomVolume(
        Volume(voxels, affine, placed),
        tuple(files),
        replace(display, windows=windows if middle.header.channels == 1 else ()),
        patient_code(middle.header.patient),
        (*shown.notes, *notes),
        problems,
        None if placed else _spacing(middle),
    )


def _spacing(one: _Slice) -> tuple[float, float, float]:
    """From slice to slice, from row to row, from column to column, in mm, NaN where the header does not say."""
    down, right = one.frame.spacing_mm or (float("nan"), float("nan"))
    return one.header.slices_apart_mm or float("nan"), down, right


def _along(one: _Slice) -> float | None:
    if one.frame.position_mm is None or one.frame.orientation is None:
        return None
    return float(np.dot(one.frame.position_mm, normal_of(one.frame.orientation)))


def _gaps(along: Sequence[float | None]) -> tuple[NDArray[np.int64], tuple[Note, ...]]:
    """How many slices are missing behind each but the last, and what there is to say about the distances (mm)."""
    none = np.zeros(max(0, len(along) - 1), np.int64)
    known = [place for place in along if place is not None]
    distances = np.diff(known)
    if len(known) < len(along) or (distances < SAME_PLACE_MM).any():  # a film, or no place at all
        return none, ()
    usual = float(np.median(distances))
    gaps = np.rint(distances / usual).astype(np.int64) - 1
    if np.abs(distances - (gaps + 1) * usual).max() > UNEVEN * usual or gaps.sum() > MOST_FILLED * len(along):
        shown = f"{distances.min():g} to {distances.max():g} mm"
        return none, (("slices_missing", f"its slices lie {shown} apart; they were taken as if evenly spaced"),)
    if not gaps.any():
        return none, ()
    where = int(np.flatnonzero(gaps)[0]) + 1
    counted = f"{gaps.sum()} slice{'s are' if gaps.sum() > 1 else ' is'} missing"
    return gaps, (("slices_missing", f"{counted}, the first behind slice {where} ({usual:g} mm apart elsewhere)"),)


def _filled(
    voxels: Voxels, files: Sequence[PurePosixPath], gaps: NDArray[np.int64]
) -> tuple[Voxels, list[PurePosixPath]]:
    """Empty slices where some are missing, so that all that follows stays in its place; they become no images."""
    places = np.concatenate([[0], np.cumsum(gaps + 1)])
    filled = np.full((int(places[-1]) + 1, *voxels.shape[1:]), voxels.min(), voxels.dtype)
    filled[places] = voxels
    return filled, [files[int(np.searchsorted(places, place, "right")) - 1] for place in range(len(filled))]


def _place(slices: Sequence[_Slice], count: int) -> tuple[NDArray[np.float64], bool]:
    """The affine of (k, j, i), and whether the headers tell it; where they do not, slices lie as stored."""
    first, last = slices[0].frame, slices[-1].frame
    down, right = first.spacing_mm or (1.0, 1.0)
    apart = slices[0].header.slices_apart_mm or first.thickness_mm or 1.0
    is_told = first.position_mm is not None and first.orientation is not None and last.position_mm is not None
    if not is_told or first.position_mm == last.position_mm:
        return affine_of(np.zeros(3), np.diag([right, down, apart])[:, ::-1]), False
    start = np.array(first.position_mm)
    step = (np.array(last.position_mm) - start) / (count - 1)
    rows, columns = np.array(first.orientation[:3]), np.array(first.orientation[3:])  # type: ignore[index]
    return affine_of(start, np.stack([step, columns * down, rows * right], axis=1)), first.spacing_mm is not None
