"""Frames in the units of their modality: Hounsfield units for CT, stored numbers where the header names no others."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgan.data.dicom.decoding import Stored, stored_frames
from medgan.data.dicom.header import DicomHeader, read_header
from medgan.data.problems import Unusable
from medgan.data.windows import Numbers


@dataclass(frozen=True)
class Frames:
    """values: (n, h, w, 1) grey or (n, h, w, 3) RGB; uint8, uint16, int16 or float32, in units of the modality.
    Neither inverted nor windowed. padding: (n, h, w), where there is no picture; None where there is everywhere."""

    values: Numbers
    padding: NDArray[np.bool_] | None = None


def read_frames(path: Path, header: DicomHeader | None = None) -> Frames:
    """All frames of a file, as stored.

    header: its header, where that was read already. The caller checks the declared size before. Raises Unusable.
    """
    header = header or read_header(path)
    stored = stored_frames(path, header)
    if stored.shape[-1] not in {1, 3}:
        raise Unusable("not_supported", f"has {stored.shape[-1]} channels; grey or RGB is supported")
    if stored.shape[-1] == 3:
        return Frames(_colour_bytes(stored, header.bits_stored))
    return Frames(_in_units(stored, header), _padding(stored, header.padding))


def _colour_bytes(stored: Stored, bits: int) -> NDArray[np.uint8]:
    """RGB of more than 8 bits by its highest 8; of fewer as it is."""
    return stored.astype(np.uint8) if stored.dtype == np.uint8 else (stored >> max(0, bits - 8)).astype(np.uint8)


def _padding(stored: Stored, limits: tuple[int, int] | None) -> NDArray[np.bool_] | None:
    if limits is None:
        return None
    padding = (stored[..., 0] >= limits[0]) & (stored[..., 0] <= limits[1])
    return padding if padding.any() else None


def _in_units(stored: Stored, header: DicomHeader) -> Numbers:
    if header.modality_table:
        return _compact(header.modality_table.values_of(stored))
    scales = {(frame.slope, frame.intercept) for frame in header.frames}
    if len(scales) == 1:
        return _rescaled(stored, *scales.pop())
    parts = zip(stored, header.frames, strict=True)
    return np.stack([_rescaled(part.astype(np.float32), frame.slope, frame.intercept) for part, frame in parts])


def _rescaled(stored: Stored, slope: float, intercept: float) -> Numbers:
    """Stored numbers times the slope plus the intercept; whole numbers stay whole where they can."""
    if (slope, intercept) == (1.0, 0.0):
        return _compact(stored)
    if slope == 1 and intercept.is_integer() and abs(intercept) < 2**30 and stored.dtype.itemsize <= 2:
        return _compact(stored.astype(np.int32) + np.int32(intercept))
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _compact(values: Stored) -> Numbers:
    """The same numbers as one of the types that images have: the smallest of 16 bits that holds them, else float32."""
    if values.dtype in (np.uint8, np.uint16, np.int16, np.float32):
        return values
    if values.dtype.kind in "iu":
        lowest, highest = int(values.min()), int(values.max())
        for dtype in (np.int16, np.uint16):
            limits = np.iinfo(dtype)
            if limits.min <= lowest and highest <= limits.max:
                return values.astype(dtype)
    return values.astype(np.float32)
