"""Unpacking uploads: what fits becomes a folder; what would harm is refused whole, naming the entry."""

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from medgan.common.errors import BadInput
from medgan.common.home import uploads_folder
from medgan.data import archive
from medgan.data.archive import unpack

pytestmark = pytest.mark.usefixtures("medgan_home")


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content, compression)  # of no time: the same file every time
    stream.seek(0)
    return stream


def everything_below(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return sorted(str(path.relative_to(folder)) for path in found)


def test_files_keep_their_folders_and_the_same_file_is_unpacked_once() -> None:
    files = {"normal/a.png": b"a", "ill/b.png": b"b" * 3_000_000}
    folder = unpack(zipped(files), "Chest films.zip")
    assert everything_below(folder) == ["ill/b.png", "normal/a.png"]
    assert (folder / "ill/b.png").read_bytes() == files["ill/b.png"]
    before = (folder / "normal/a.png").stat().st_mtime_ns
    assert unpack(zipped(files), "Chest films.zip") == folder
    assert (folder / "normal/a.png").stat().st_mtime_ns == before
    assert unpack(zipped({"c.png": b"c"}), "Chest films.zip") != folder


@pytest.mark.parametrize("name", ["../out.png", "/etc/out.png", "a/../../out.png", "..\\out.png", "C:\\out.png"])
def test_paths_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="leads out of its folder"):
        unpack(zipped({"good.png": b"x", name: b"x"}), "tricky.zip")
    assert everything_below(uploads_folder()) == []
    assert not list(tmp_path.rglob("out.png"))


def test_links_are_refused() -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(BadInput, match=r"'link\.png' is a link"):
        unpack(stream, "links.zip")


def test_bombs_are_refused_before_they_grow() -> None:
    with pytest.raises(BadInput, match=r"bomb\.zip: grows more than 200 times"):
        unpack(zipped({f"{number}.png": bytes(20_000_000) for number in range(4)}), "bomb.zip")
    assert everything_below(uploads_folder()) == []


def overlapping(count: int, content: bytes) -> io.BytesIO:
    """A bomb whose entries share their bytes: each holds the headers of those behind it as they are, then the content
    that all of them share (Fifield 2019, A better zip bomb, WOOT)."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(content) + packer.flush()
    directory = b""
    for number in range(count):
        name = f"{number:03d}.png".encode()
        sizes = struct.pack("<IIIHH", zlib.crc32(content), len(packed), len(content), len(name), 0)
        start = struct.pack("<HHHHH", 20, 0, zipfile.ZIP_DEFLATED, 0, 0) + sizes
        header = b"PK\3\4" + start + name
        behind = len(packed) + len(header)  # from here to the end of all data
        directory += b"PK\1\2\x14\0" + start + struct.pack("<HHHII", 0, 0, 0, 0, behind) + name
        block = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF)
        packed, content = block + header + packed, header + content
    data = packed[5:]  # nobody quotes the first header
    directory = b"".join(
        entry[:42] + struct.pack("<I", len(data) - struct.unpack("<I", entry[42:46])[0]) + entry[46:]
        for entry in (directory[place : place + 53] for place in range(0, len(directory), 53))
    )
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(data), 0)
    return io.BytesIO(data + directory + b"PK\5\6" + end)


def test_entries_that_share_their_bytes_are_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    content = np.random.default_rng(0).bytes(1000) + bytes(99_000)
    monkeypatch.setattr(archive, "HARMLESS_BYTES", 0)
    with pytest.raises(BadInput, match=r"bomb\.zip: (grows more than 200 times|.*[Oo]verlap)"):
        unpack(overlapping(100, content), "bomb.zip")


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    stream = zipped({"lies.png": b"x" * 5000}, zipfile.ZIP_DEFLATED)
    raw = bytearray(stream.getvalue())
    place = raw.index(b"PK\x01\x02")  # the central directory's entry: size unpacked at byte 24
    raw[place + 24 : place + 28] = struct.pack("<I", 10)
    with pytest.raises(BadInput, match=r"lies\.png|cannot be read as a ZIP"):
        unpack(io.BytesIO(bytes(raw)), "liar.zip")
    assert everything_below(uploads_folder()) == []


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_at_once_whatever_it_announces_is_not_unpacked(compression: int) -> None:
    """Of such a kind, a few bytes may take all memory before it shows that the entry lies."""
    raw = bytearray(zipped({"huge.png": bytes(32 * 2**20)}, compression).getvalue())
    place = raw.index(b"PK\x01\x02")
    raw[place + 24 : place + 28] = struct.pack("<I", 10)
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"bomb\.zip: 'huge\.png' is packed in an unusual way"):
        unpack(io.BytesIO(bytes(raw)), "bomb.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20
    assert everything_below(uploads_folder()) == []


def listed(name: bytes, extra: bytes = b"", times: int = 1, offset: int = 0) -> io.BytesIO:
    """A ZIP file that says it has one entry, and lists it some times."""
    lengths = struct.pack("<HH", len(name), len(extra))
    directory = (
        b"PK\1\2".ljust(28, b"\0") + lengths.ljust(14, b"\0") + struct.pack("<I", offset) + name + extra
    ) * times
    return io.BytesIO(directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), 0, 0))


def test_a_long_list_is_refused_before_it_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry of 47 bytes takes five times as many in memory, and the file may say that it has one entry."""
    count = 50_000
    monkeypatch.setattr(archive, "MOST_FILES", count - 1)
    packed = listed(b"a", times=count)
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"long\.zip: holds 50,000 files and folders; 49,999 at most"):
        unpack(packed, "long.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * 47 * count


def test_a_large_list_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_DIRECTORY_BYTES", 300)
    assert everything_below(unpack(zipped({"a.png": b"a"}), "small.zip")) == ["a.png"]
    with pytest.raises(BadInput, match=r"large\.zip: its list of files is larger than"):
        unpack(zipped({"a" * 255: b"a"}), "large.zip")


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_too_much_is_refused(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, limit, 2)
    with pytest.raises(BadInput, match="at most, give a folder instead"):
        unpack(zipped({f"{number}.png": b"xx" for number in range(3)}), "large.zip")


@pytest.mark.parametrize("content", [b"", b"no zip at all", zipped({"a.png": b"x" * 999}).getvalue()[:-40]])
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"broken\.zip: cannot be read as a ZIP file"):
        unpack(io.BytesIO(content), "broken.zip")


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(listed(b""), id="no name"),
        pytest.param(listed(b"a", struct.pack("<HHQ", 1, 8, 2**64 - 1), offset=2**32 - 1), id="far out"),
    ],
)
def test_impossible_entries_are_one_line(packed: io.BytesIO) -> None:
    with pytest.raises(BadInput, match=r"odd\.zip: (cannot be read as a ZIP file|.* names no file)"):
        unpack(packed, "odd.zip")
    assert everything_below(uploads_folder()) == []


def test_damaged_content_leaves_nothing_behind() -> None:
    raw = bytearray(zipped({"a.png": bytes(range(256)) * 40}, zipfile.ZIP_STORED).getvalue())
    raw[200] ^= 255
    with pytest.raises(BadInput, match="cannot be read as a ZIP file"):
        unpack(io.BytesIO(bytes(raw)), "damaged.zip")
    assert everything_below(uploads_folder()) == []


def test_damaged_compression_is_one_line() -> None:
    raw = bytearray(zipped({"a.png": bytes(range(256)) * 4 + b"abc" * 3000}).getvalue())
    raw[60:120] = bytes(byte ^ 255 for byte in raw[60:120])
    with pytest.raises(BadInput, match=r"damaged\.zip: cannot be read as a ZIP file"):
        unpack(io.BytesIO(bytes(raw)), "damaged.zip")
    assert everything_below(uploads_folder()) == []


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["."], "names no file"),
        (["a/b.png", "a/./b.png"], "holds 'a/b.png' twice"),
        (["a", "a/b.png"], "cannot be unpacked"),
        (["x" * 300 + ".png"], "cannot be unpacked"),
        (["a\nb.png", "./a\nb.png"], r"holds 'a\\nb\.png' twice"),
        (["a\nb", "a\nb/c.png"], "cannot be unpacked"),
    ],
)
def test_names_that_no_folder_can_hold_are_one_line(names: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words) as error:
        unpack(zipped(dict.fromkeys(names, b"x")), "odd.zip")
    assert "\n" not in str(error.value)
    assert everything_below(uploads_folder()) == []


def test_an_empty_one_is_refused() -> None:
    with pytest.raises(BadInput, match="holds no files"):
        unpack(zipped({}), "empty.zip")
