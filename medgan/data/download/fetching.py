"""A known set from its publisher's server to folders on the disk."""

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from medgan.common.artefact import sha256_of
from medgan.common.download import MIB, discard, fetch
from medgan.common.errors import BadInput, WorkFailed
from medgan.common.home import downloads_folder
from medgan.common.progress import Progress
from medgan.common.turns import in_turn
from medgan.data.archive import DamagedArchive, unpack_file
from medgan.data.download.record import FileRecord, read_record, write_record
from medgan.data.families import DATASETS, Archive, DatasetFamily

UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class Downloaded:
    """A set, or parts of it, that lies in a folder and can be prepared from there."""

    name: str
    folder: Path
    files: tuple[FileRecord, ...]

    @property
    def id(self) -> str:
        """There is one of a name."""
        return self.name


def known_set(name: str) -> DatasetFamily:
    """The set of that name; raises BadInput that lists what there is."""
    if name not in DATASETS:
        raise BadInput(f"no known data set {name!r} (there is: {', '.join(DATASETS)})")
    return DATASETS[name]


def archives_of(family: DatasetFamily, part: str = "") -> tuple[Archive, ...]:
    """The files of a set, or of one part of it.

    Raises BadInput where it has no such part, or may not be downloaded without an account.
    """
    if not family.archives:
        raise BadInput(f"{family.title}: needs an account; `data download {family.name}` says how to get it")
    chosen = tuple(archive for archive in family.archives if part in {"", archive.part})
    if not chosen:
        parts = dict.fromkeys(archive.part for archive in family.archives)
        raise BadInput(f"{family.name} has no part {part!r} (there is: {', '.join(parts)})")
    return chosen


def terms(family: DatasetFamily, archives: Sequence[Archive]) -> str:
    """What a person agrees to by downloading: files, size, source, terms and what to cite, in a few lines."""
    size = sum(archive.size_mib for archive in archives)
    hosts = ", ".join(dict.fromkeys(urlsplit(archive.url).netloc for archive in archives))
    files = f"{len(archives)} file{'s' if len(archives) > 1 else ''}"
    lines = [f"{family.title}: {files}, about {size:,.0f} MiB from {hosts}, and as much again unpacked"]
    lines += [f"Terms: {family.terms}", f"Cite: {family.citation}"]
    unknown = [archive.file for archive in archives if not archive.sha256]
    if unknown:
        lines.append(f"No checksum is publicly known of {', '.join(unknown)}: that of the first download is recorded")
    return "\n".join(lines)


def download(name: str, progress: Progress, part: str = "", folder: Path | None = None) -> Downloaded:
    """Download a known set, or one part of it, check and unpack its files; nothing is asked.

    folder: where to, `workspace/downloads/NAME` where none is given. Files that are there stay. A download that broke
    off or was stopped goes on where it was. Progress counts MiB. Raises BadInput where the set or the part is not
    known, the disk is full or something lies in the way; WorkFailed where the server cannot be reached, has no such
    file, breaks off, or sent another file, of which nothing is kept; Cancelled when asked to stop.
    """
    family = known_set(name)
    archives = archives_of(family, part)
    folder = (folder or downloads_folder() / name).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with in_turn(folder / ".lock", progress, f"downloading {name}"):
            record = read_record(folder)
            for archive in archives:
                if not _is_here(archive, folder, record):
                    _bring(archive, family, folder, record, progress)
                discard(_part(folder, archive))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written ({error.strerror}); choose another --output") from None
    return Downloaded(name, folder, tuple(record[archive.file] for archive in archives))


def _part(folder: Path, archive: Archive) -> Path:
    """Where a file lies until it is unpacked."""
    return folder / f"{archive.file}.part"


def _is_here(archive: Archive, folder: Path, record: dict[str, FileRecord]) -> bool:
    """Whether a file was downloaded and what was unpacked from it is still there."""
    known = record.get(archive.file)
    return known is not None and (folder / known.folder).is_dir()


def _check_room(folder: Path, archive: Archive) -> None:
    """Raise BadInput where the file and what it unpacks to will not fit, before gigabytes are fetched."""
    part = _part(folder, archive)
    wanted = 2 * archive.size_mib - (part.stat().st_size / MIB if part.exists() else 0)
    free = shutil.disk_usage(folder).free / MIB
    if free < wanted:
        raise BadInput(
            f"{folder}: {archive.file} needs about {wanted:,.0f} MiB with what it unpacks to, and {free:,.0f} are "
            "free; make room or choose another --output"
        )


def _bring(
    archive: Archive, family: DatasetFamily, folder: Path, record: dict[str, FileRecord], progress: Progress
) -> None:
    """Get a file, put what it unpacks to in place, and record it."""
    _check_room(folder, archive)
    try:
        found, unpacked = _brought(archive, family, folder, record.get(archive.file), progress)
        record[archive.file] = found
        write_record(folder, record)
        unpacked.rename(folder / found.folder)  # a record without its folder counts for nothing
    finally:
        shutil.rmtree(folder / UNFINISHED, ignore_errors=True)


def _brought(
    archive: Archive, family: DatasetFamily, folder: Path, earlier: FileRecord | None, progress: Progress
) -> tuple[FileRecord, Path]:
    """Fetch, check and unpack a file beside its place; returns its record and the folder to put in place."""
    file = _part(folder, archive)
    fetch(archive.url, file, progress, f"downloading {archive.file}", f"or look at {family.homepage}")
    sha256, size = sha256_of(file), file.stat().st_size
    wanted = archive.sha256 or (earlier.sha256 if earlier else "")
    if wanted and sha256 != wanted:
        discard(file)
        whose = "the publisher's file" if archive.sha256 else "the file of the first download"
        raise WorkFailed(
            f"{archive.url}: what came is not {whose} (SHA-256 begins with {sha256[:8]}, not {wanted[:8]}): deleted; "
            f"try again, or look at {family.homepage}"
        )
    if not zipfile.is_zipfile(file):
        discard(file)
        raise WorkFailed(f"{archive.url}: what came is no ZIP file: deleted; look at {family.homepage}")
    unpacked = _unpacked(archive, family, file, folder, progress)
    trust: Literal["verified", "recorded"] = "verified" if archive.sha256 else "recorded"
    return FileRecord(archive.file, archive.url, sha256, size, trust, unpacked.name), unpacked


def _unpacked(archive: Archive, family: DatasetFamily, file: Path, folder: Path, progress: Progress) -> Path:
    """Unpack below `.unfinished`; returns the folder that is to be put in place."""
    inside = folder / UNFINISHED / Path(archive.file).stem
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    inside.parent.mkdir()
    try:
        unpack_file(file, inside, progress)
    except DamagedArchive as error:
        discard(file)
        raise WorkFailed(f"{archive.url}: {error}: deleted; try again, or look at {family.homepage}") from None
    shutil.rmtree(inside / "__MACOSX", ignore_errors=True)
    entries = list(inside.iterdir())
    whole = entries[0] if len(entries) == 1 and entries[0].is_dir() else inside
    if (folder / whole.name).exists():
        raise BadInput(f"{folder / whole.name}: lies in the way; move it, or choose another --output")
    return whole
