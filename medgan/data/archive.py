"""A ZIP file of images as a folder: bounded in size, number and ratio, confined to the folder, or refused whole."""

import hashlib
import io
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from medgan.common.artefact import name_from
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import uploads_folder
from medgan.common.progress import Progress, Silent
from medgan.common.turns import in_turn

MOST_FILES = 200_000
MOST_BYTES = 20 * 2**30
"""Of all files together, unpacked."""
MOST_RATIO = 200
"""Unpacked to packed bytes of all files together: images are compressed already, a ZIP bomb is not."""
HARMLESS_BYTES = 64 * 2**20
"""Up to here the ratio does not matter: empty masks may shrink a thousand times."""
MOST_DIRECTORY_BYTES = 64 * 2**20
"""Of the list of files at a ZIP file's end, which is read at once."""
LISTED = b"PK\1\2"
"""Begins each file's place in that list."""
PACKED_AS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What can be read a piece at a time: `zipfile` unpacks a megabyte of any other kind at once, whatever comes of it."""
CHUNK = 2**20
UNREADABLE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError, RuntimeError, IndexError, OverflowError,
)  # fmt: skip
"""What reading a damaged file, or one of an unknown kind, may raise."""


class DamagedArchive(BadInput):
    """The file itself is no ZIP file that can be read."""


@dataclass(frozen=True)
class _Bounded:
    """A ZIP file's bytes for `zipfile`, which believes what they say of the list of files, and reads all of that."""

    stream: IO[bytes]
    name: str

    def read(self, size: int = -1) -> bytes:
        """Raises BadInput where too much is asked for at once, or the list of files is too long."""
        if size > MOST_DIRECTORY_BYTES:
            most = f"{MOST_DIRECTORY_BYTES / 2**20:.0f} MiB"
            raise BadInput(f"{self.name}: its list of files is larger than {most}; give a folder instead")
        found = self.stream.read(size)
        count = found.count(LISTED)
        if count > MOST_FILES:
            most = f"{MOST_FILES:,} at most"
            raise BadInput(f"{self.name}: holds {count:,} files and folders; {most}, give a folder instead")
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def seekable(self) -> bool:
        return True


def unpack_file(path: Path, folder: Path, progress: Progress) -> None:
    """Unpack a ZIP file of the disk into a new folder, under the same guards as an upload: all of it or nothing.

    Raises DamagedArchive where it cannot be read, BadInput as `unpack` does, Cancelled when asked to stop.
    """
    with open(path, "rb") as stream:
        _unpack(stream, path.name.removesuffix(".part"), folder, progress)


def unpack(stream: IO[bytes], name: str, progress: Progress | None = None) -> Path:
    """Unpack an uploaded ZIP file below `workspace/uploads`; the same content again gives the same folder at once.

    Nothing is written outside that folder, and nothing stays there unless the whole file could be unpacked. Raises
    BadInput, with the entry that is to blame, for a file that is no ZIP or damaged, for absolute paths, `..`, links,
    entries that are encrypted or packed in an unusual way, too many files, too many bytes, ZIP bombs, and where it
    cannot be written; Cancelled when asked to stop.
    """
    progress = progress or Silent()
    folder = uploads_folder() / f"{name_from(Path(name).stem[:40])}-{_digest(stream)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with in_turn(folder.with_name(f".{folder.name}.lock"), progress, "unpacking"):  # two windows may upload the same
        if not folder.exists():
            _unpack(stream, name, folder, progress)
    return folder


def _unpack(stream: IO[bytes], name: str, folder: Path, progress: Progress) -> None:
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with zipfile.ZipFile(_Bounded(stream, name)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(name, entries, stream.seek(0, io.SEEK_END))
            _extract(archive, entries, unfinished, progress)
        unfinished.rename(folder)
    except UNREADABLE as error:
        raise DamagedArchive(f"{name}: cannot be read as a ZIP file ({error}); pack it anew") from None
    except OSError as error:
        what = f"{Path(error.filename).name[:80]!r} " if error.filename else ""
        raise BadInput(f"{name}: {what}cannot be unpacked ({error.strerror or error}); nothing was kept") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _digest(stream: IO[bytes]) -> str:
    stream.seek(0)
    found = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        found.update(chunk)
    stream.seek(0)
    return found.hexdigest()[:12]


def _check(name: str, entries: list[zipfile.ZipInfo], size: int) -> None:
    """Raise BadInput for what must not be unpacked, before anything is. size: of the ZIP file, in bytes."""
    if not entries:
        raise BadInput(f"{name}: holds no files")
    paths = Counter(_checked_path(name, entry) for entry in entries)
    twice = next((path for path, times in paths.items() if times > 1), None)
    if twice:
        raise BadInput(f"{name}: holds {str(twice)!r} twice; give the files names of their own")
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        raise BadInput(
            f"{name}: {total / 2**30:.0f} GiB unpacked; {MOST_BYTES // 2**30} at most, give a folder instead"
        )
    packed = min(size, sum(entry.compress_size for entry in entries))  # the less where entries share their bytes
    if total > HARMLESS_BYTES and total > MOST_RATIO * packed:
        raise BadInput(f"{name}: grows more than {MOST_RATIO} times when it is unpacked; images do not")


def _checked_path(name: str, entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if not path.parts:
        raise BadInput(f"{name}: {entry.filename!r} names no file; nothing was unpacked")
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in entry.filename:
        raise BadInput(f"{name}: {entry.filename!r} leads out of its folder; nothing was unpacked")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise BadInput(f"{name}: {entry.filename!r} is a link; pack the file itself")
    if entry.flag_bits & 0x1:
        raise BadInput(f"{name}: {entry.filename!r} is encrypted; pack it without a password")
    if entry.compress_type not in PACKED_AS:
        raise BadInput(f"{name}: {entry.filename!r} is packed in an unusual way; pack it as an ordinary ZIP file")
    return path


def _extract(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path, progress: Progress) -> None:
    """Write each file; no more bytes of it than its entry announced, since an entry may lie."""
    for done, entry in enumerate(entries):
        if progress.stop_requested():
            raise Cancelled("stopped before the file was unpacked")
        progress.update(done, len(entries), "unpacking")
        target = folder / PurePosixPath(entry.filename.replace("\\", "/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with archive.open(entry) as source, open(target, "xb") as out:
            while chunk := source.read(CHUNK):
                written += len(chunk)
                if written > entry.file_size:
                    raise BadInput(f"{entry.filename!r} holds more than it announces; nothing was unpacked")
                out.write(chunk)
