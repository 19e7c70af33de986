"""Every form of PNG, JPEG and TIFF that people have, and files that lie, break or explode."""

import contextlib
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from medgan.data.formats import ReadOptions, read_image, suffix_of
from medgan.data.problems import Unusable

RAMP = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
COLOURS = np.stack([RAMP, 255 - RAMP, RAMP // 2], axis=-1)
PREDICTOR, SAMPLE_FORMAT = 317, 339  # TIFF tags


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds almost nothing: what a decompression bomb looks like from outside."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        pytest.param(Image.fromarray(RAMP), RAMP[..., None], id="grey"),
        pytest.param(Image.fromarray(COLOURS), COLOURS, id="rgb"),
        pytest.param(
            Image.fromarray(RAMP.astype(np.uint16) * 200), RAMP[..., None].astype(np.uint16) * 200, id="16-bit"
        ),
        pytest.param(Image.fromarray(RAMP > 100), (RAMP > 100)[..., None] * np.uint8(255), id="1-bit"),
        pytest.param(Image.fromarray(COLOURS).quantize(48), COLOURS, id="palette"),
        pytest.param(
            Image.fromarray(np.dstack([COLOURS, np.where(RAMP > 100, 255, 0).astype(np.uint8)])),
            COLOURS * (RAMP > 100)[..., None],
            id="transparent is black",
        ),
        pytest.param(
            Image.fromarray(np.dstack([RAMP, np.full_like(RAMP, 255)]), mode="LA"),
            np.dstack([RAMP] * 3),
            id="grey, alpha",
        ),
    ],
)
def test_png(tmp_path: Path, picture: Image.Image, expected: np.ndarray) -> None:
    picture.save(tmp_path / "x.png")
    source = read_image(tmp_path / "x.png")
    assert (source.width, source.height) == (8, 6)
    assert source.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(source.pixels, expected)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGB", (64, 48), (200, 120, 40))
    picture.convert(mode).save(tmp_path / "x.JPEG", quality=95)
    source = read_image(tmp_path / "x.JPEG")
    assert source.pixels.shape == (48, 64, 1 if mode == "L" else 3)
    expected = np.asarray(picture.convert("L" if mode == "L" else "RGB")).reshape(48, 64, -1)
    np.testing.assert_allclose(source.pixels.astype(int), expected, atol=4)


def test_jpeg_is_upright_by_its_exif_orientation(tmp_path: Path) -> None:
    picture = Image.new("L", (64, 32))
    picture.paste(255, (0, 0, 32, 32))  # left half white
    exif = picture.getexif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: left becomes top
    picture.save(tmp_path / "x.jpg", exif=exif)
    source = read_image(tmp_path / "x.jpg")
    assert (source.width, source.height) == (32, 64)
    assert source.pixels[:28].min() > 250
    assert source.pixels[36:].max() < 5


def test_jpeg_may_be_decoded_smaller_but_tells_its_true_size(tmp_path: Path) -> None:
    Image.new("L", (1600, 1200), 90).save(tmp_path / "x.jpg")
    source = read_image(tmp_path / "x.jpg", ReadOptions(enough=200))
    assert (source.width, source.height) == (1600, 1200)
    assert 200 <= min(source.pixels.shape[:2]) < 1200


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_tiff_keeps_the_numbers_of_scientific_images(tmp_path: Path, dtype: type, compression: str | None) -> None:
    values = (RAMP.astype(np.int32) - (1000 if np.dtype(dtype).kind in "if" else 0)).astype(dtype)
    signed = dtype is np.int16
    stored = Image.fromarray(values.view(np.uint16) if signed else values)
    stored.save(tmp_path / "x.tif", compression=compression, tiffinfo={SAMPLE_FORMAT: 2} if signed else {})
    source = read_image(tmp_path / "x.tif")
    as_float = signed and compression in {"tiff_lzw", "packbits"}
    assert source.pixels.dtype == (np.float32 if as_float else dtype)
    np.testing.assert_array_equal(source.pixels[..., 0], values)


def test_tiff_floats_stored_as_differences(tmp_path: Path) -> None:
    values = RAMP.astype(np.float32) / 7
    Image.fromarray(values).save(tmp_path / "x.tif", compression="tiff_adobe_deflate", tiffinfo={PREDICTOR: 3})
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif").pixels[..., 0], values)


def test_tiff_of_12_bits(tmp_path: Path) -> None:
    tags = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 130), (277, 1), (278, 1), (279, 3)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    header = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries
    (tmp_path / "x.tif").write_bytes(header.ljust(130, b"\0") + bytes([0x12, 0x3F, 0xED]) + bytes(8))
    assert read_image(tmp_path / "x.tif").pixels.ravel().tolist() == [0x123, 0xFED]


def test_tiff_other_number_types_become_float_or_bytes(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "int32.tif", RAMP.astype(np.int32) - 500)
    assert read_image(tmp_path / "int32.tif").pixels.dtype == np.float32
    tifffile.imwrite(tmp_path / "big_endian.tif", RAMP.astype(">u2"), byteorder=">")
    assert read_image(tmp_path / "big_endian.tif").pixels.dtype == np.uint16
    Image.fromarray(RAMP > 100).save(tmp_path / "bits.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "bits.tif").pixels[..., 0], (RAMP > 100) * np.uint8(255))
    tifffile.imwrite(tmp_path / "complex.tif", RAMP.astype(np.complex64))
    with pytest.raises(Unusable, match="stores its pixels as complex64"):
        read_image(tmp_path / "complex.tif")


def test_tiff_colour_planes_palette_and_inversion(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "planar.tif", np.moveaxis(COLOURS, -1, 0), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_image(tmp_path / "planar.tif").pixels, COLOURS)
    Image.fromarray(COLOURS).quantize(48).save(tmp_path / "palette.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "palette.tif").pixels, COLOURS)
    tifffile.imwrite(tmp_path / "inverted.tif", RAMP, photometric="miniswhite")
    np.testing.assert_array_equal(read_image(tmp_path / "inverted.tif").pixels[..., 0], 255 - RAMP)
    tifffile.imwrite(tmp_path / "rgba.tif", np.dstack([COLOURS, RAMP]), photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(read_image(tmp_path / "rgba.tif").pixels, COLOURS)


def test_tiff_stack_is_refused_as_a_volume(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((5, 8, 8), np.int16))
    with pytest.raises(Unusable, match=r"stack of shape") as caught:
        read_image(tmp_path / "stack.tif")
    assert caught.value.kind == "not_supported"


def test_damaged_lzw_is_unreadable_and_does_not_end_the_process(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    Image.fromarray(np.tile(RAMP, (8, 8))).save(path, compression="tiff_lzw")
    whole = path.read_bytes()
    with tifffile.TiffFile(path) as file:
        start = file.pages[0].dataoffsets[0]
    rng = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[start + rng.integers(0, 40)] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(Unusable):
            assert read_image(path).pixels.shape == (48, 64, 1)


def test_bomb_is_refused_from_its_header(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(20_000, 20_000))
    with pytest.raises(Unusable, match=r"^declares more pixels than can be read; the megapixel limit is 80$") as caught:
        read_image(tmp_path / "bomb.png")
    assert caught.value.kind == "too_large"
    (tmp_path / "large.png").write_bytes(png_header(9_100, 9_000))
    with pytest.raises(Unusable, match="9100 x 9000 pixels; the megapixel limit is 80"):
        read_image(tmp_path / "large.png")


def test_tiff_bomb_is_refused_from_its_header(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((1000, 1000), np.uint8), compression="zlib")
    with pytest.raises(Unusable, match=r"1000 x 1000 pixels; the megapixel limit is 0\.5"):
        read_image(tmp_path / "x.tif", ReadOptions(pixel_limit=500_000))


def test_tiff_of_few_pixels_and_many_bytes_is_refused_from_its_header(tmp_path: Path) -> None:
    colours = np.zeros((500, 500, 4), np.float64)
    tifffile.imwrite(tmp_path / "x.tif", colours, photometric="rgb", extrasamples=["unassalpha"], compression="zlib")
    with pytest.raises(Unusable, match=r"500 x 500 pixels of 32 bytes; the megapixel limit is 0\.5") as caught:
        read_image(tmp_path / "x.tif", ReadOptions(pixel_limit=500_000))
    assert caught.value.kind == "too_large"
    assert read_image(tmp_path / "x.tif", ReadOptions(pixel_limit=2_000_000)).pixels.shape == (500, 500, 3)


def test_tiff_of_many_pictures_is_refused_before_all_are_looked_at(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as writer:
        for width in range(8, 8 + 102):
            writer.write(np.zeros((8, width), np.uint8))
    with pytest.raises(Unusable, match="holds more than 100 pictures"):
        read_image(tmp_path / "x.tif")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("content", [b"", b"hello, I am a text", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0"])
def test_rubbish_is_unreadable(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(Unusable) as caught:
        read_image(path)
    assert caught.value.kind == "unreadable"
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_truncated_file_is_unreadable(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Unusable) as caught:
        read_image(path)
    assert caught.value.kind == "unreadable"


def test_file_that_is_another_format_than_its_name_says(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "x.gif")
    (tmp_path / "x.gif").rename(tmp_path / "x.png")
    with pytest.raises(Unusable, match="not what its name says"):
        read_image(tmp_path / "x.png")


def test_missing_file_and_broken_link(tmp_path: Path) -> None:
    (tmp_path / "x.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(Unusable, match="broken link"):
        read_image(tmp_path / "x.png")


def test_suffix() -> None:
    assert suffix_of(Path("a/B.TIFF")) == ".tiff"
    assert suffix_of(Path("scan.nii.gz")) == ".nii.gz"
    assert suffix_of(Path("notes")) == ""
