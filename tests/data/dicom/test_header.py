"""What a header tells of geometry and windows, and that nothing of a person stays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    BasicTextSRStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    generate_uid,
)

from medgan.data.dicom import read_header
from medgan.data.problems import Unusable
from medgan.data.windows import LookUpTable, Window

Write = Callable[..., Path]
PIXELS = np.zeros((4, 6), np.int16)


def inside(sequence: str, **elements: object) -> Dataset:
    """A data set with a sequence of one item with those elements."""
    outer, inner = Dataset(), Dataset()
    for keyword, value in elements.items():
        setattr(inner, keyword, value)
    setattr(outer, sequence, [inner])
    return outer


def test_where_a_slice_lies(write_dicom: Write) -> None:
    header = read_header(
        write_dicom(
            "x.dcm",
            PIXELS,
            "CT",
            ImagePositionPatient=[-100.5, 20, 33],
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            PixelSpacing=[0.5, 0.75],
            SliceThickness=5,
            SpacingBetweenSlices=2.5,
            InstanceNumber=7,
            BurnedInAnnotation="NO",
            RescaleSlope=1,
            RescaleIntercept=-1024,
        )
    )
    frame = header.frames[0]
    assert frame.position_mm == (-100.5, 20, 33)
    assert frame.orientation == (1, 0, 0, 0, 0, -1)
    assert (frame.spacing_mm, frame.thickness_mm, header.slices_apart_mm) == ((0.5, 0.75), 5, 2.5)
    assert (header.rows, header.columns, len(header.frames)) == (4, 6, 1)
    assert (header.instance_number, header.burned_in, header.is_hounsfield) == (7, False, True)


def test_frames_of_an_enhanced_file_have_their_own_place_scale_and_window(write_dicom: Write) -> None:
    shared = inside("PixelMeasuresSequence", PixelSpacing=[2, 3], SliceThickness=4)
    shared.update(inside("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0]))
    own = []
    for number in range(3):
        frame = inside("PlanePositionSequence", ImagePositionPatient=[0, 0, 10 * number])
        frame.update(inside("PixelValueTransformationSequence", RescaleSlope=number + 1, RescaleIntercept=0))
        frame.update(inside("FrameVOILUTSequence", WindowCenter=100 * number, WindowWidth=50))
        frame.update(inside("FrameContentSequence", DimensionIndexValues=[1, number + 1]))
        own.append(frame)
    path = write_dicom(
        "x.dcm",
        np.zeros((3, 4, 6), np.uint16),
        "MR",
        NumberOfFrames=3,
        SOPClassUID=EnhancedMRImageStorage,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=own,
    )
    frames = read_header(path).frames
    assert [frame.position_mm for frame in frames] == [(0, 0, 0), (0, 0, 10), (0, 0, 20)]
    assert [frame.slope for frame in frames] == [1, 2, 3]
    assert [frame.dimension_index for frame in frames] == [(1, 1), (1, 2), (1, 3)]
    assert {(frame.spacing_mm, frame.thickness_mm, frame.orientation) for frame in frames} == {
        ((2, 3), 4, (1, 0, 0, 0, 1, 0))
    }
    assert frames[2].windows == (Window.around(200, 50),)


def test_frames_beyond_those_that_are_described_cost_nothing(write_dicom: Write) -> None:
    own = [inside("PlanePositionSequence", ImagePositionPatient=[0, 0, 10 * number]) for number in range(3)]
    stored = np.zeros((3, 4, 6), np.uint16)
    frames = read_header(
        write_dicom("x.dcm", stored, "MR", NumberOfFrames=60, PerFrameFunctionalGroupsSequence=own)
    ).frames
    assert len(frames) == 60
    assert [frame.position_mm for frame in frames[:4]] == [(0, 0, 0), (0, 0, 10), (0, 0, 20), None]
    assert len({id(frame) for frame in frames}) == 4


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"WindowCenter": 40, "WindowWidth": 400}, (Window(-160, 239),)),
        ({"WindowCenter": [40, -600], "WindowWidth": [400, 1500]}, (Window(-160, 239), Window(-1350, 149))),
        ({"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "LINEAR_EXACT"}, (Window(-160, 240),)),
        ({"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"}, (Window(-160, 240, True),)),
        ({"WindowCenter": 40, "WindowWidth": 0}, ()),
        ({"WindowCenter": 40}, ()),
    ],
)
def test_windows(write_dicom: Write, elements: dict[str, object], expected: tuple[Window, ...]) -> None:
    assert read_header(write_dicom("x.dcm", PIXELS, "MR", **elements)).frames[0].windows == expected


def test_tables_stand_behind_windows(write_dicom: Write) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 100, 12])
    table.add_new("LUTData", "US", [0, 1365, 2730, 4095])
    path = write_dicom("x.dcm", PIXELS, "DX", WindowCenter=5, WindowWidth=10, VOILUTSequence=[table])
    window, shown = read_header(path).frames[0].windows
    assert isinstance(window, Window)
    assert isinstance(shown, LookUpTable)
    levels = shown.to_bytes(np.array([0, 100, 101, 103, 999], np.uint16))
    assert levels.tolist() == [0, 0, 85, 255, 255]


def test_numbers_that_are_none_count_as_absent(write_dicom: Write) -> None:
    path = write_dicom("x.dcm", PIXELS, "CT", PixelSpacing=[0.5, 0.5], InstanceNumber=12)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0.5\\0.5", b"zero\\fi").replace(b"IS\x02\x0012", b"IS\x02\x00no"))
    header = read_header(path)
    assert header.frames[0].spacing_mm is None
    assert header.instance_number is None


def test_nothing_that_a_header_prints_tells_the_person(write_dicom: Write) -> None:
    header = read_header(write_dicom("x.dcm", PIXELS, "CT"))
    assert header.patient == "4711-0815"
    for secret in (header.patient, header.instance_uid, header.series_uid, "Doe", "1950", "Hospital"):
        assert secret not in repr(header)


def test_documents_without_a_picture_are_no_images(tmp_path: Path) -> None:
    for sop_class, reason in (
        (BasicTextSRStorage, r"is DICOM without a picture \(Basic Text SR Storage\)"),
        (MediaStorageDirectoryStorage, "is the index of a DICOM disc"),
    ):
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
        dataset.PatientName = "Doe^Jane"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
        with pytest.raises(Unusable, match=reason) as caught:
            read_header(tmp_path / "x.dcm")
        assert caught.value.kind == "not_an_image"


@pytest.mark.parametrize("content", [b"", b"hello, I am a text", b"\0" * 128 + b"DICM", b"\x89PNG\r\n\x1a\n" * 40])
def test_rubbish_is_no_dicom(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.dcm").write_bytes(content)
    with pytest.raises(Unusable, match="is not DICOM, or its header is damaged") as caught:
        read_header(tmp_path / "x.dcm")
    assert caught.value.kind == "unreadable"
