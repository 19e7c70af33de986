"""Damaged, lying and malicious files: one reason each, and no harm."""

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import encapsulate
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit

from medgan.data.dicom import parsing, read_header
from medgan.data.formats import ReadOptions, read_image
from medgan.data.intensity import Intensity
from medgan.data.problems import Unusable

Write = Callable[..., Path]
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom, about what was damaged
STORED = np.arange(70 * 66).reshape(70, 66).astype(np.uint16)


def refusal(path: Path, limit: int = 80_000_000) -> Unusable:
    with pytest.raises(Unusable) as caught:
        read_image(path, ReadOptions(pixel_limit=limit))
    assert "\n" not in caught.value.reason
    return caught.value


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian], ids=lambda uid: uid.keyword
)
def test_files_cut_anywhere_are_refused(write_dicom: Write, syntax: UID) -> None:
    path = write_dicom("x.dcm", STORED, syntax=syntax)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 173):
        path.write_bytes(whole[:length])
        assert refusal(path).kind in {"unreadable", "not_an_image"}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEG2000Lossless], ids=lambda uid: uid.keyword)
def test_changed_bytes_give_a_picture_or_a_reason(write_dicom: Write, syntax: UID, seed: int) -> None:
    path = write_dicom("x.dcm", STORED, "CT", syntax=syntax, compress=syntax == JPEG2000Lossless, RescaleSlope=1)
    whole = path.read_bytes()
    rng = np.random.default_rng(seed)
    for _ in range(25):
        damaged = bytearray(whole)
        for place in rng.integers(132, 132 + 900, 3):
            damaged[min(place, len(damaged) - 1)] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with suppress(Unusable):
            assert read_image(path, ReadOptions(pixel_limit=1_000_000)).pixels.ndim == 3


def shown_or_reason(path: Path) -> np.ndarray | str:
    try:
        return Intensity().show(read_image(path, ReadOptions(pixel_limit=4_000_000)))
    except Unusable as refused:
        return refused.reason


Edits = list[tuple[int, bytes]]
EDITS = st.lists(st.tuples(st.integers(132, 4000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8)
REAL = ["CT_small", "MR_small_RLE", "emri_small", "SC_rgb_jpeg_dcmtk", "bad_sequence", "693_J2KI"]


@pytest.mark.parametrize("name", REAL)
def test_changed_headers_of_real_files(shared_data: Path, tmp_path: Path, name: str) -> None:
    whole = (shared_data / "originals" / "dicom" / f"{name}.dcm").read_bytes()

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(edits=EDITS, cut=st.none() | st.integers(0, len(whole)))
    def check(edits: Edits, cut: int | None) -> None:
        damaged = bytearray(whole)
        for place, content in edits:
            damaged[place : place + len(content)] = content
        (tmp_path / "x.dcm").write_bytes(damaged[:cut])
        outcome = shown_or_reason(tmp_path / "x.dcm")
        assert outcome.ndim == 3 if isinstance(outcome, np.ndarray) else "\n" not in outcome and len(outcome) < 250

    check()


def test_a_size_that_a_header_only_claims(write_dicom: Write) -> None:
    found = refusal(write_dicom("x.dcm", STORED, Rows=60000, Columns=60000))
    assert (found.kind, found.reason) == ("too_large", "declares 60000 x 60000 pixels; the megapixel limit is 80")
    assert refusal(write_dicom("y.dcm", STORED, Rows=5000, Columns=5000)).kind == "unreadable"


def test_a_jpeg_that_is_larger_than_its_header_says(write_dicom: Write) -> None:
    size_of_frame = struct.pack(">BHHB", 8, 65500, 65500, 1)
    jpeg = (
        b"\xff\xd8\xff\xc0\x00\x0b"
        + size_of_frame
        + b"\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
        + bytes(600)
    )
    content = encapsulate([jpeg + b"\xff\xd9"])
    found = refusal(write_dicom("x.dcm", STORED.astype(np.uint8), syntax=JPEGBaseline8Bit, PixelData=content))
    assert found.kind in {"unreadable", "too_large"}


def test_a_deflated_bomb(write_dicom: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dicom("x.dcm", STORED, syntax=DeflatedExplicitVRLittleEndian)
    monkeypatch.setattr(parsing, "MOST_INFLATED", 2**20)
    monkeypatch.setattr(parsing, "MOST_INFLATED_HEADER", 2**19)
    with parsing.opened(path) as stream:
        assert stream.seek(0, 2) > STORED.nbytes
    whole = path.read_bytes()
    start = parsing.META_BEGINS + int.from_bytes(whole[140:144], "little")
    inflated = zlib.decompress(whole[start:], -zlib.MAX_WBITS)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(whole[:start] + deflater.compress(inflated + bytes(2**24)) + deflater.flush())
    with pytest.raises(Unusable) as caught, parsing.opened(path):
        pass
    assert (caught.value.kind, caught.value.reason) == ("too_large", "inflates to more than 1 MiB")
    assert read_header(path).rows == 70  # which stands at the beginning
    with parsing.opened(path, only_header=True) as stream:
        assert stream.seek(0, 2) < 2**20


def test_sequences_within_sequences_without_end(tmp_path: Path) -> None:
    nested = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 20_000
    (tmp_path / "x.dcm").write_bytes(b"\0" * 128 + b"DICM" + nested)
    with pytest.raises(Unusable):
        read_header(tmp_path / "x.dcm")


def test_a_million_empty_elements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MOST_READS", 1000)
    empty = b"".join(struct.pack("<HH2sH", 0x0009, number, b"LO", 0) for number in range(1, 5000))
    (tmp_path / "x.dcm").write_bytes(b"\0" * 128 + b"DICM" + empty)
    with pytest.raises(Unusable, match="its header is damaged"):
        read_header(tmp_path / "x.dcm")


def test_a_picture_of_another_format(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    assert refusal(tmp_path / "x.dcm").reason == "is not DICOM, or its header is damaged"
    assert "broken link" in refusal(tmp_path / "nowhere.dcm").reason
