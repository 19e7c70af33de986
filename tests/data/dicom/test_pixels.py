"""Every way of storing pixels gives the same numbers, or is refused with a reason."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from medgan.data.dicom.pixels import read_frames
from medgan.data.problems import Unusable

Write = Callable[..., Path]
RNG = np.random.default_rng(0)
SMOOTH = np.add.outer(np.arange(48), 2 * np.arange(40)).astype(np.uint8)
NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
LOSSLESS = [RLELossless, JPEGLSLossless, JPEG2000Lossless]


def name_of(value: Any) -> str | None:
    return value.keyword if isinstance(value, UID) else None


def stored_as(bits: int, is_signed: bool) -> np.ndarray:
    """Numbers that reach both ends of what so many bits hold."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if is_signed else (0, 2**bits)
    kind = f"{'i' if is_signed else 'u'}{1 if bits <= 8 else 2}"
    stored = RNG.integers(low, high, (70, 66)).astype(kind)
    stored[0, :2] = low, high - 1
    return stored


@pytest.mark.parametrize("syntax", NATIVE, ids=name_of)
@pytest.mark.parametrize(("bits", "is_signed"), [(8, False), (12, False), (12, True), (16, False), (16, True)])
def test_uncompressed(write_dicom: Write, syntax: UID, bits: int, is_signed: bool) -> None:
    stored = stored_as(bits, is_signed)
    ordered = stored.astype(stored.dtype.newbyteorder(">")) if syntax == ExplicitVRBigEndian else stored
    frames = read_frames(write_dicom("x.dcm", ordered, syntax=syntax, BitsStored=bits))
    assert frames.values.dtype == stored.dtype
    np.testing.assert_array_equal(frames.values[0, ..., 0], stored)


@pytest.mark.parametrize("is_signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("syntax", LOSSLESS, ids=name_of)
def test_losslessly_compressed(write_dicom: Write, syntax: UID, bits: int, is_signed: bool) -> None:
    stored = stored_as(bits, is_signed)
    frames = read_frames(write_dicom("x.dcm", stored, syntax=syntax, compress=True, BitsStored=bits))
    np.testing.assert_array_equal(frames.values[0, ..., 0], stored)


@pytest.mark.parametrize("syntax", LOSSLESS, ids=name_of)
def test_losslessly_compressed_colour(write_dicom: Write, syntax: UID) -> None:
    colours = RNG.integers(0, 256, (70, 66, 3)).astype(np.uint8)
    frames = read_frames(write_dicom("x.dcm", colours, syntax=syntax, compress=True))
    np.testing.assert_array_equal(frames.values[0], colours)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_lossless(write_dicom: Write, tmp_path: Path, bits: int) -> None:
    stored = stored_as(bits, False)
    source = write_dicom("plain.dcm", stored, BitsStored=bits)
    reader, writer, change = gdcm.ImageReader(), gdcm.ImageWriter(), gdcm.ImageChangeTransferSyntax()
    reader.SetFileName(str(source))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(tmp_path / "x.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    np.testing.assert_array_equal(read_frames(tmp_path / "x.dcm").values[0, ..., 0], stored)


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr"])
def test_jpeg_baseline(write_dicom: Write, mode: str) -> None:
    picture = Image.merge("RGB", [Image.fromarray(SMOOTH), Image.fromarray(255 - SMOOTH), Image.fromarray(SMOOTH)])
    picture = picture.convert("L") if mode == "L" else picture
    stream = io.BytesIO()
    picture.save(stream, "jpeg", quality=95, subsampling=0, keep_rgb=mode == "RGB")
    kind = {"L": "MONOCHROME2", "RGB": "RGB", "YCbCr": "YBR_FULL"}[mode]
    content = encapsulate([stream.getvalue()])
    elements = {"PixelData": content, "PhotometricInterpretation": kind}
    values = read_frames(write_dicom("x.dcm", np.asarray(picture), syntax=JPEGBaseline8Bit, **elements)).values[0]
    np.testing.assert_allclose(values.squeeze().astype(int), np.asarray(picture), atol=6)


def test_colours_by_plane_and_as_luminance_and_chrominance(write_dicom: Write) -> None:
    colours = RNG.integers(0, 256, (16, 12, 3)).astype(np.uint8)
    planes = np.ascontiguousarray(np.moveaxis(colours, -1, 0)).tobytes()
    by_plane = write_dicom("planes.dcm", colours, PlanarConfiguration=1, PixelData=planes)
    np.testing.assert_array_equal(read_frames(by_plane).values[0], colours)
    smooth = np.dstack([SMOOTH, 255 - SMOOTH, SMOOTH])
    full = np.asarray(Image.fromarray(smooth).convert("YCbCr"))
    as_full = write_dicom("full.dcm", full, PhotometricInterpretation="YBR_FULL")
    np.testing.assert_allclose(read_frames(as_full).values[0].astype(int), smooth, atol=3)
    halved = np.dstack([full[:, ::2, 0], full[:, 1::2, 0], full[:, ::2, 1], full[:, ::2, 2]])
    elements = {"PhotometricInterpretation": "YBR_FULL_422", "PixelData": halved.tobytes()}
    as_422 = write_dicom("422.dcm", full, **elements)
    np.testing.assert_allclose(read_frames(as_422).values[0].astype(int), smooth, atol=6)


@pytest.mark.parametrize("bits", [8, 16])
def test_palette(write_dicom: Write, bits: int) -> None:
    stored = RNG.integers(0, 4, (6, 8)).astype(np.uint8)
    palette = np.array([[0, 10, 200, 255], [5, 80, 30, 255], [90, 0, 60, 255]], np.uint16)
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, levels in zip(("Red", "Green", "Blue"), palette, strict=True):
        content = (levels * (257 if bits == 16 else 1)).astype(f"u{bits // 8}").tobytes()
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [4, 0, bits]
        elements[f"{colour}PaletteColorLookupTableData"] = content
    frames = read_frames(write_dicom("x.dcm", stored, **elements))
    np.testing.assert_array_equal(frames.values[0], palette.T[stored].astype(np.uint8))


def test_single_bits(write_dicom: Write) -> None:
    stored = RNG.integers(0, 2, (5, 7)).astype(np.uint8)
    packed = np.packbits(stored.ravel(), bitorder="little").tobytes()
    elements = {"BitsAllocated": 1, "BitsStored": 1, "PixelData": packed + b"\0" * (len(packed) % 2)}
    np.testing.assert_array_equal(read_frames(write_dicom("x.dcm", stored, **elements)).values[0, ..., 0], stored)


def test_what_lies_in_unused_bits_is_no_pixel(write_dicom: Write) -> None:
    stored = stored_as(12, False)
    with_overlay = stored | (RNG.integers(0, 16, stored.shape).astype(np.uint16) << 12)
    frames = read_frames(write_dicom("x.dcm", with_overlay, BitsStored=12))
    np.testing.assert_array_equal(frames.values[0, ..., 0], stored)


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"),
    [(1, -1024, np.int16), (1, 0, np.uint16), (0.5, -10.25, np.float32), (1, 100000, np.float32)],
)
def test_rescaled_to_units(write_dicom: Write, slope: float, intercept: float, dtype: type) -> None:
    stored = stored_as(12, False)
    path = write_dicom("x.dcm", stored, "CT", RescaleSlope=slope, RescaleIntercept=intercept, BitsStored=12)
    values = read_frames(path).values
    assert values.dtype == dtype
    np.testing.assert_allclose(values[0, ..., 0], stored.astype(float) * slope + intercept)


def test_modality_table(write_dicom: Write) -> None:
    from pydicom.dataset import Dataset

    table = Dataset()
    table.add_new("LUTDescriptor", "US", [3, 10, 16])
    table.add_new("LUTData", "US", [100, 250, 1000])
    stored = np.array([[0, 10, 11], [12, 13, 500]], np.uint16)
    values = read_frames(write_dicom("x.dcm", stored, "DX", ModalityLUTSequence=[table])).values
    assert values.ravel().tolist() == [100, 100, 250, 1000, 1000, 1000]


def test_padding(write_dicom: Write) -> None:
    stored = np.array([[-2000, -1999, -1000], [-500, 0, -2000]], np.int16)
    elements = {"RescaleSlope": 1, "RescaleIntercept": 24}
    one = read_frames(write_dicom("x.dcm", stored, "CT", PixelPaddingValue=-2000, **elements))
    np.testing.assert_array_equal(one.padding, [stored == -2000])
    limits = {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1000}
    several = read_frames(write_dicom("y.dcm", stored, "CT", **limits, **elements))
    np.testing.assert_array_equal(several.padding, [stored <= -1000])
    assert read_frames(write_dicom("z.dcm", stored, "CT")).padding is None


@pytest.mark.parametrize(("dtype", "right", "wrong"), [(np.int16, b"SS", b"US"), (np.uint16, b"US", b"SS")])
def test_padding_written_with_the_other_sign(write_dicom: Write, dtype: type, right: bytes, wrong: bytes) -> None:
    """-2000 beside signed pixels reads 63536 by the type that some scanners give it, and the other way round."""
    stored = np.array([[-2000, 10], [20, -2000]], np.int16).astype(dtype)
    path = write_dicom("x.dcm", stored, "CT", PixelPaddingValue=stored[0, 0].item())
    tag, content = b"\x28\x00\x20\x01", path.read_bytes()
    assert content.count(tag + right) == 1
    path.write_bytes(content.replace(tag + right, tag + wrong))
    np.testing.assert_array_equal(read_frames(path).padding, [[[True, False], [False, True]]])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless], ids=name_of)
def test_frames(write_dicom: Write, syntax: UID) -> None:
    stored = RNG.integers(0, 4000, (4, 6, 8)).astype(np.uint16)
    path = write_dicom("x.dcm", stored, syntax=syntax, compress=syntax == RLELossless, NumberOfFrames=4)
    np.testing.assert_array_equal(read_frames(path).values[..., 0], stored)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian], ids=name_of)
def test_without_preamble_and_meta_header(write_dicom: Write, syntax: UID) -> None:
    stored = stored_as(16, False)
    ordered = stored.astype(">u2") if syntax == ExplicitVRBigEndian else stored
    path = write_dicom("x.dcm", ordered, syntax=syntax, preamble=False)
    np.testing.assert_array_equal(read_frames(path).values[0, ..., 0], stored)


@pytest.mark.parametrize(
    ("elements", "kind", "reason"),
    [
        ({"PixelData": b"\0" * 600}, "unreadable", "is cut short: it holds fewer bytes"),
        ({"PhotometricInterpretation": "CMYK"}, "not_supported", "stores its colours as CMYK"),
        ({"PhotometricInterpretation": "Doe^Jane"}, "not_supported", "stores its colours as an unknown kind"),
        ({"BitsAllocated": 12, "BitsStored": 12}, "unreadable", "its pixels cannot be decoded"),
        ({"syntax": MPEG2MPML, "PixelData": encapsulate([b"film"])}, "not_supported", "stores its pixels as MPEG2"),
        (
            {"syntax": JPEG2000Lossless, "PixelData": encapsulate([b"no picture"])},
            "unreadable",
            "cannot be decoded as JPEG",
        ),
        ({"NumberOfFrames": 2**31 - 1}, "unreadable", "declares 2147483647 frames, more than its"),
    ],
)
def test_refusals(write_dicom: Write, elements: dict[str, Any], kind: str, reason: str) -> None:
    path = write_dicom("x.dcm", stored_as(16, False)[None], **{"Rows": 70, "Columns": 66, **elements})
    with pytest.raises(Unusable, match=reason) as caught:
        read_frames(path)
    assert caught.value.kind == kind
    assert "\n" not in caught.value.reason


def test_an_unknown_coding(write_dicom: Write) -> None:
    path = write_dicom("x.dcm", stored_as(16, False))
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0"))
    with pytest.raises(Unusable, match="stores its pixels in an unknown or private coding") as caught:
        read_frames(path)
    assert caught.value.kind == "not_supported"
