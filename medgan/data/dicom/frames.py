"""What a DICOM header says of each frame: where it lies, what its numbers mean, and how to show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from medgan.data.dicom.elements import floats, listed, positive, value_of
from medgan.data.windows import LookUpTable, Showing, Window


@dataclass(frozen=True)
class FrameHeader:
    """Where one frame lies and what its numbers mean.

    position_mm: centre of its first pixel, as (towards the left hand, towards the back, towards the head) of the
    patient. orientation: direction cosines of its rows, from first to last column, then of its columns, from first to
    last row. spacing_mm: between rows, between columns. slope, intercept: from stored numbers to units of the modality.
    windows: how to show it, the first one first.
    """

    position_mm: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None
    spacing_mm: tuple[float, float] | None = None
    thickness_mm: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    rescale_type: str = ""
    is_rescaled: bool = False
    windows: tuple[Showing, ...] = ()
    dimension_index: tuple[int, ...] = ()


def frames_of(dataset: Dataset, count: int) -> tuple[FrameHeader, ...]:
    """One header a frame: from its own functional groups, else those that all frames share, else the file's."""
    shared = listed(value_of(dataset, "SharedFunctionalGroupsSequence"))[:1]
    own = listed(value_of(dataset, "PerFrameFunctionalGroupsSequence"))[:count]
    alike = (_frame([*shared, dataset]),) * (count - len(own))
    return (*(_frame([group, *shared, dataset]) for group in own), *alike)


# The functional group that an element of an enhanced (multi-frame) file stands in; PS3.3 C.7.6.16.2.
GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "VOILUTFunction": "FrameVOILUTSequence",
    "DimensionIndexValues": "FrameContentSequence",
}


def _frame(places: Sequence[Dataset]) -> FrameHeader:
    """The header of a frame from the data sets that may describe it, the closest first."""
    found = {keyword: _first(places, keyword, group) for keyword, group in GROUPS.items()}
    spacing = floats(found["PixelSpacing"])
    for keyword in ("ImagerPixelSpacing", "NominalScannedPixelSpacing"):  # on the detector, on film
        spacing = spacing or floats(value_of(places[-1], keyword))
    position, orientation = floats(found["ImagePositionPatient"]), floats(found["ImageOrientationPatient"])
    slope, intercept = floats(found["RescaleSlope"]), floats(found["RescaleIntercept"])
    is_rescaled = bool(slope and slope[0]) and intercept is not None
    return FrameHeader(
        position_mm=(position[0], position[1], position[2]) if position and len(position) == 3 else None,
        orientation=orientation if orientation and len(orientation) == 6 else None,
        spacing_mm=(spacing[0], spacing[1]) if spacing and len(spacing) == 2 and min(spacing) > 0 else None,
        thickness_mm=positive(found["SliceThickness"]),
        slope=slope[0] if is_rescaled and slope else 1.0,
        intercept=intercept[0] if is_rescaled and intercept else 0.0,
        rescale_type=str(found["RescaleType"] or "").strip().upper(),
        is_rescaled=is_rescaled,
        windows=(*_windows(found), *_voi_tables(places[-1])),
        dimension_index=tuple(int(number) for number in floats(found["DimensionIndexValues"]) or ()),
    )


def _first(places: Sequence[Dataset], keyword: str, group: str) -> Any:
    """The value of an element from the first of the data sets that has it, in that group or outside of groups."""
    for place in places:
        for inner in (*listed(value_of(place, group))[:1], place):
            value = value_of(inner, keyword) if isinstance(inner, Dataset) else None
            if value is not None:
                return value
    return None


def _windows(found: dict[str, Any]) -> list[Window]:
    centres, widths = floats(found["WindowCenter"]) or (), floats(found["WindowWidth"]) or ()
    function = str(found["VOILUTFunction"] or "LINEAR").strip().upper()
    pairs = zip(centres, widths, strict=False)
    return [window for pair in pairs if (window := Window.around(*pair, function))]


def _voi_tables(dataset: Dataset) -> list[LookUpTable]:
    tables = (table_of(item, as_share=True) for item in listed(value_of(dataset, "VOILUTSequence")))
    return [table for table in tables if table]


def table_of(item: Any, as_share: bool) -> LookUpTable | None:
    """A look-up table of the header: entries, first number that it maps, bits of an entry; PS3.3 C.11.1.1."""
    if not isinstance(item, Dataset):
        return None
    descriptor, content = floats(value_of(item, "LUTDescriptor")), value_of(item, "LUTData")
    if not descriptor or len(descriptor) != 3 or content is None:
        return None
    entries, first, bits = (int(number) for number in descriptor)
    if isinstance(content, bytes):
        levels = np.frombuffer(content, "u1" if bits <= 8 and len(content) <= entries + 1 else "<u2")
    else:
        levels = np.asarray(floats(content) or ())
    levels = levels[: entries or 2**16].astype(np.float32)
    if not levels.size or not 1 <= bits <= 16:
        return None
    return LookUpTable(first, levels / (2**bits - 1) if as_share else levels)
