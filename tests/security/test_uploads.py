"""Hostile ZIP files at the page's upload: one line each, and nothing is kept. More in tests/data/test_archive.py."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from medgan.cli import main
from medgan.common.home import uploads_folder

from ..pages.conftest import Open


def packed(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def link() -> bytes:
    entry = zipfile.ZipInfo("out.png")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    return stream.getvalue()


def gigapixel() -> bytes:
    """A whole PNG of 2^30 black pixels, in some 130 kB."""
    side = 2**15
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">2I5B", side, side, 1, 0, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def error_of(open_page: Open, content: bytes) -> str:
    """What the page says of an upload."""
    app = open_page("data", view="add", **{"from": "upload"})
    app.file_uploader[0].upload("films.zip", content, "application/zip").run()
    assert not app.exception
    (error,) = app.error
    assert not any(button.label == "Prepare these images" for button in app.button)
    return str(error.value)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"bomb.png": bytes(100 * 2**20)}, "grows more than 200 times"),
        ({"../../../out.png": b"x"}, "leads out of its folder"),
        ({"/tmp/out.png": b"x"}, "leads out of its folder"),
        ({"a.png": b"x", "A/../../out.png": b"x"}, "leads out of its folder"),
    ],
)
def test_bombs_and_paths_that_lead_out(open_page: Open, entries: dict[str, bytes], words: str, tmp_path: Path) -> None:
    assert words in error_of(open_page, packed(**entries))
    assert not list(tmp_path.rglob("*.png"))


def test_a_link(open_page: Open) -> None:
    assert "is a link; pack the file itself" in error_of(open_page, link())
    assert not [path for path in uploads_folder().rglob("*") if path.suffix != ".lock"]


def test_an_archive_in_an_archive_is_not_unpacked(open_page: Open) -> None:
    assert "no usable image" in error_of(open_page, packed(**{"inner.zip": packed(**{"a.png": bytes(2**20)})}))


def test_a_picture_of_a_gigapixel(open_page: Open, capsys: pytest.CaptureFixture[str]) -> None:
    app = open_page("data", view="add", **{"from": "upload"})
    app.file_uploader[0].upload("films.zip", packed(**{"a.png": gigapixel()}), "application/zip").run()
    assert not app.exception
    (folder,) = (path for path in uploads_folder().iterdir() if path.is_dir())
    assert (folder / "a.png").stat().st_size < 200_000
    assert main(["data", "prepare", str(folder)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.endswith("no usable image (a.png: declares more pixels than can be read; the megapixel limit is 80)")
