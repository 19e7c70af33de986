"""What a DICOM header says about its pictures: how they are stored, where they lie, and how to show them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from medgan.data.dicom.elements import listed, positive, text, value_of, whole
from medgan.data.dicom.frames import FrameHeader, frames_of, table_of
from medgan.data.dicom.parsing import opened, parse
from medgan.data.problems import Unusable
from medgan.data.windows import LookUpTable

# Everything that is read: a name, a date or a comment never gets into memory.
PIXEL_TAGS = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleIntercept", "RescaleSlope", "RescaleType", "ModalityLUTSequence"),
    *("RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor"),
    *("BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData"),
    *("BluePaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData"),
    *("SegmentedGreenPaletteColorLookupTableData", "SegmentedBluePaletteColorLookupTableData"),
)
HEADER_TAGS = (
    *PIXEL_TAGS,
    *("SOPClassUID", "SOPInstanceUID", "Modality", "ImageType", "PatientID", "BurnedInAnnotation"),
    *("SeriesInstanceUID", "FrameOfReferenceUID", "InstanceNumber", "AcquisitionNumber", "TemporalPositionIdentifier"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing"),
    *("NominalScannedPixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
)
NATIVE_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
# A compressed frame takes eight bytes of its file at the least, even where it holds nothing.
LEAST_FRAME_BYTES = 8


@dataclass(frozen=True)
class DicomHeader:
    """The header of one file. What would tell a person or an examination (patient, instance_uid, series_uid,
    frame_of_reference) is for the memory only, is in no text that this prints, and must be written nowhere.

    padding: the lowest and the highest stored number that mean "no picture here". slices_apart_mm: from centre to
    centre of neighbouring slices, where the header says so. burned_in: whether text is written into the pixels, None
    where it does not say.
    """

    sop_class: str
    transfer_syntax: str
    modality: str
    image_type: tuple[str, ...]
    rows: int
    columns: int
    channels: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    padding: tuple[int, int] | None
    burned_in: bool | None
    instance_number: int | None
    acquisition_number: int | None
    temporal_position: int | None
    slices_apart_mm: float | None
    frames: tuple[FrameHeader, ...]
    modality_table: LookUpTable | None = field(repr=False)
    patient: str = field(repr=False)
    instance_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    frame_of_reference: str = field(repr=False)

    @property
    def is_compressed(self) -> bool:
        return self.transfer_syntax not in NATIVE_SYNTAXES

    @property
    def class_name(self) -> str:
        """The kind of document in the standard's words, such as `CT Image Storage`."""
        name = UID(self.sop_class).name
        return name if name != self.sop_class else "an unknown kind"

    @property
    def is_hounsfield(self) -> bool:
        """Whether its numbers are Hounsfield units: a CT's, rescaled to nothing else."""
        first = self.frames[0]
        is_rescaled = first.is_rescaled and first.rescale_type in {"", "HU"}
        return self.modality == "CT" and self.channels == 1 and is_rescaled


def read_header(path: Path) -> DicomHeader:
    """The header of a file that holds one or more frames.

    Raises Unusable: no DICOM, damaged, or DICOM without pictures (not_an_image).
    """
    with opened(path, only_header=True) as stream:
        return header_of(parse(stream, HEADER_TAGS), _length(stream))


def header_of(dataset: Dataset, file_bytes: int) -> DicomHeader:
    """The header from the elements that were read; raises Unusable as `read_header` does."""
    sop_class = text(dataset, "SOPClassUID")
    rows, columns = whole(dataset, "Rows"), whole(dataset, "Columns")
    if not rows or not columns:
        raise _without_picture(dataset, sop_class)
    count = max(1, whole(dataset, "NumberOfFrames") or 1)
    if count > max(1, file_bytes // LEAST_FRAME_BYTES):
        raise Unusable("unreadable", f"declares {count} frames, more than its {file_bytes} bytes can hold")
    bits = whole(dataset, "BitsAllocated") or 0
    return DicomHeader(
        sop_class=sop_class,
        transfer_syntax=_transfer_syntax(dataset),
        modality=text(dataset, "Modality"),
        image_type=tuple(str(word).strip() for word in listed(value_of(dataset, "ImageType"))),
        rows=rows,
        columns=columns,
        channels=whole(dataset, "SamplesPerPixel") or 1,
        photometric=text(dataset, "PhotometricInterpretation"),
        bits_allocated=bits,
        bits_stored=whole(dataset, "BitsStored") or bits,
        is_signed=whole(dataset, "PixelRepresentation") == 1,
        padding=_padding(dataset),
        burned_in={"YES": True, "NO": False}.get(text(dataset, "BurnedInAnnotation")),
        instance_number=whole(dataset, "InstanceNumber"),
        acquisition_number=whole(dataset, "AcquisitionNumber"),
        temporal_position=whole(dataset, "TemporalPositionIdentifier"),
        slices_apart_mm=positive(value_of(dataset, "SpacingBetweenSlices")),
        frames=frames_of(dataset, count),
        modality_table=_modality_table(dataset),
        patient=text(dataset, "PatientID"),
        instance_uid=text(dataset, "SOPInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        frame_of_reference=text(dataset, "FrameOfReferenceUID"),
    )


def _without_picture(dataset: Dataset, sop_class: str) -> Unusable:
    if UID(sop_class) == MediaStorageDirectoryStorage or value_of(dataset.file_meta, "MediaStorageSOPClassUID") == (
        MediaStorageDirectoryStorage
    ):
        return Unusable("not_an_image", "is the index of a DICOM disc, not a picture")
    if not sop_class:
        return Unusable("unreadable", "is not DICOM, or its header is damaged")
    name = UID(sop_class).name
    if "Image Storage" in name:
        return Unusable(
            "unreadable", f"is cut short or damaged: a {name.removesuffix(' Storage')} without rows or columns"
        )
    return Unusable(
        "not_an_image", f"is DICOM without a picture ({name if name != sop_class else 'of an unknown kind'})"
    )


def _transfer_syntax(dataset: Dataset) -> str:
    """How the pixels are coded; where no meta header says so, uncompressed, as the elements themselves are coded."""
    named = value_of(dataset.file_meta, "TransferSyntaxUID")
    if named:
        return str(named)
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _modality_table(dataset: Dataset) -> LookUpTable | None:
    items = listed(value_of(dataset, "ModalityLUTSequence"))
    return table_of(items[0], as_share=False) if items else None


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    elements = (whole(dataset, keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"))
    value, limit = (None if number is None else _as_stored(dataset, number) for number in elements)
    if value is None:
        return None
    return min(value, limit if limit is not None else value), max(value, limit if limit is not None else value)


def _as_stored(dataset: Dataset, number: int) -> int:
    """A number with the sign that stored ones have: some scanners write -2000 as 63536 beside signed pixels."""
    levels = 2 ** (whole(dataset, "BitsAllocated") or 16)
    if whole(dataset, "PixelRepresentation") == 1:
        return number - levels if levels // 2 <= number < levels else number
    return number + levels if -levels // 2 <= number < 0 else number


def _length(stream: IO[bytes]) -> int:
    return stream.seek(0, 2)
