"""DICOM files of one picture."""

from pathlib import Path

from medgan.data.dicom import DicomHeader, read_header
from medgan.data.dicom.pixels import Frames, read_frames
from medgan.data.formats.source_image import Display, Note, ReadOptions, SourceImage, check_declared_size
from medgan.data.patients import patient_code
from medgan.data.problems import Unusable
from medgan.data.windows import Showing, Window


def read_dicom(path: Path, options: ReadOptions) -> SourceImage:
    """Read a DICOM file of one frame, in units of its modality; raises Unusable for several, which are a volume."""
    header = read_header(path)
    check_declared_size(header.columns, header.rows, options.pixel_limit)
    if len(header.frames) > 1:
        raise Unusable("not_supported", f"holds {len(header.frames)} frames, not one picture")
    return frame_image(header, read_frames(path, header))


def frame_image(header: DicomHeader, frames: Frames, index: int = 0) -> SourceImage:
    """The frame at that place of `frames`, which is the frame of that number of the file where those are all."""
    values = frames.values[index]
    display = Display(
        hounsfield=header.is_hounsfield,
        windows=_windows(header, index) if header.channels == 1 and values.shape[-1] == 1 else (),
        inverted=header.photometric == "MONOCHROME1",
        padding=None if frames.padding is None else frames.padding[index],
    )
    return SourceImage(
        pixels=values,
        width=header.columns,
        height=header.rows,
        display=display,
        patient=patient_code(header.patient),
        notes=_notes(header),
    )


def _windows(header: DicomHeader, index: int) -> tuple[Showing, ...]:
    windows = header.frames[min(index, len(header.frames) - 1)].windows
    if not windows and header.bits_stored < 8 and not header.is_signed:
        return (Window(0, 2**header.bits_stored - 1),)  # a single bit is black or white, not two shades of black
    return windows


def _notes(header: DicomHeader) -> tuple[Note, ...]:
    if header.burned_in:
        return (("burned_in", "has text burnt into its pixels, as its header says; it may name the patient"),)
    return ()
