"""Artefacts: folders that become real only when their manifest is written, last and atomically."""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from medgan.common.errors import BadInput
from medgan.common.unchanged import while_unchanged

MANIFEST = "manifest.json"
TEMPORARY = ".tmp"
SCHEMA_VERSION = 2
"""From 2 on a manifest holds its own checksum."""
CHECKSUM = "content_sha256"
"""The field of a manifest that holds the checksum of all its others, also of those that only later versions know."""
MENDING = "; `python -m medgan check` tells what to do"
"""Ends the line that tells of a damaged file."""
TOLD = 20
"""Names that a message lists, of many."""
Kind = Literal["dataset", "run", "set", "quality", "study", "reader", "export"]


class FileRecord(BaseModel):
    """One file of an artefact: its SHA-256 and its size in bytes."""

    sha256: str
    bytes: int


class Manifest(BaseModel):
    """What an artefact is, what it was made from, and what it holds."""

    model_config = ConfigDict(extra="ignore")

    kind: Kind
    schema_version: int = SCHEMA_VERSION
    id: str
    name: str
    created: datetime
    config: dict[str, Any]
    parents: list[str] = []
    environment: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    """Small facts for cards and listings (counts, sizes, final step); never the only copy of a result."""
    files: dict[str, FileRecord] = {}


def new_id(name: str) -> str:
    """An id that sorts by time within a name, and is itself a safe name: `name-YYYYmmdd-HHMMSS-xxxxxxxx`.

    Two of the same name and second are alike once in 4 thousand million; of a long name only its beginning is in it.
    """
    return f"{checked_name(name)[:55]}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def checked_name(name: str) -> str:
    """The name itself where it is safe as a folder name; raises BadInput otherwise."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name) or ".." in name:
        raise BadInput(f"name {name!r}: use 1 to 80 letters, digits, '.', '_' or '-', beginning with a letter or digit")
    return name


def typed_name(name: str) -> str:
    """A name as a person typed it, with dashes for blanks; empty stays empty. Raises BadInput where it is not safe."""
    dashed = "-".join(name.split())
    return checked_name(dashed) if dashed else ""


def name_from(*parts: str | None) -> str:
    """A safe name made of any words, joined by dashes; what a folder name cannot hold becomes a dash."""
    safe = (re.sub(r"[^A-Za-z0-9_]+", "-", part).strip("-") for part in parts if part)
    return "-".join(filter(None, safe))[:80].strip("-") or "unnamed"


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Lend a temporary path to write to; what is written appears at `path` whole and on disk, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{TEMPORARY}")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that appears at `path` whole and on disk, or not at all."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        yield stream


def sweep(folder: Path) -> None:
    """Delete what writers that were killed left in a folder; for its only writer."""
    for rest in folder.rglob(f".*{TEMPORARY}"):
        rest.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a whole file atomically."""
    with atomic_file(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def commit(
    folder: Path,
    *,
    kind: Kind,
    id: str,
    name: str,
    config: dict[str, Any],
    parents: list[str],
    environment: dict[str, Any],
    summary: dict[str, Any],
) -> Manifest:
    """Hash every file of the folder and write its manifest: from now on the artefact exists."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_transient(path))
    files = {
        path.relative_to(folder).as_posix(): FileRecord(sha256=sha256_of(path), bytes=path.stat().st_size)
        for path in paths
    }
    manifest = Manifest(
        kind=kind,
        id=id,
        name=name,
        created=datetime.now(UTC),
        config=config,
        parents=parents,
        environment=environment,
        summary=summary,
        files=files,
    )
    write_manifest(folder, manifest)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest with its checksum, atomically."""
    values = manifest.model_dump(mode="json")
    values[CHECKSUM] = _checksum(values)
    write_atomic(folder / MANIFEST, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _checksum(values: dict[str, Any]) -> str:
    """SHA-256 of a manifest's JSON, its keys in order, without the checksum itself."""
    plain = {name: value for name, value in values.items() if name != CHECKSUM}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _is_transient(path: Path) -> bool:
    """Whether a file is no part of the artefact: its manifest, its lock, a half-written file."""
    return path.name == MANIFEST or path.name.startswith(".")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished artefact; raises BadInput where there is none or it is not as it was written.

    Those of earlier versions hold no checksum and are taken as they are. Nobody changes one that was read: who asks
    again may be given the same.
    """
    return _read_manifest(folder / MANIFEST)


@while_unchanged
def _read_manifest(path: Path) -> Manifest:
    try:
        values = json.loads(path.read_bytes())
        manifest = Manifest.model_validate(values)
    except FileNotFoundError:
        raise BadInput(f"{path.parent}: not finished, it has no {MANIFEST}") from None
    except (ValueError, RecursionError) as error:
        raise damaged(path, error) from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    if (manifest.schema_version > 1 or CHECKSUM in values) and values.get(CHECKSUM) != _checksum(values):
        raise damaged(path, "its checksum is another")
    return manifest


def damaged(path: Path, reason: object) -> BadInput:
    """How a damaged file of an artefact is told: where, what, and what helps."""
    return BadInput(f"{path}: damaged ({next(iter(str(reason).splitlines()), 'cut short')}){MENDING}")


def unreadable(path: Path, error: Exception) -> BadInput:
    """How a file of an artefact that could not be read is told: gone, out of reach for now, or damaged."""
    if isinstance(error, FileNotFoundError):
        return BadInput(f"{path}: gone" + (MENDING if path.parent.exists() else ""))
    if isinstance(error, OSError) and error.errno:  # those of pyarrow for damaged content have no number
        return BadInput(f"{path}: cannot be read ({error.strerror})")
    return damaged(path, error)


def damaged_files(folder: Path) -> list[str]:
    """Names of files that are missing or differ from their recorded hash; empty when all is well."""
    files = read_manifest(folder).files
    return [name for name, record in files.items() if not _matches(folder / name, record)]


def damage_of(folder: Path) -> set[str]:
    """Names of damaged files; the manifest alone where that is missing or damaged, as nothing tells of the others then.

    Raises OSError where a file cannot be read at present: that is no damage, and nobody may clear it away.
    """
    try:
        return set(damaged_files(folder))
    except BadInput as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        return {MANIFEST}


def is_whole(folder: Path) -> bool:
    """Whether a folder holds a finished artefact of which every file is as it was written; reads all of them.

    Raises OSError where one cannot be read at present.
    """
    return not damage_of(folder)


def drop_damaged(folder: Path) -> None:
    """Make an unfinished artefact of a finished one that is damaged: what is whole of it stays, its manifest does not.

    Where the manifest itself is damaged, it goes alone: nothing tells which other files are as they were. It goes last:
    who is killed before leaves a damaged artefact, and not an unfinished one that trusts damaged files.
    """
    if not (folder / MANIFEST).exists():
        return
    damaged = damage_of(folder)
    for path in list(folder.rglob("*")) if damaged else ():
        if path.relative_to(folder).as_posix() in damaged - {MANIFEST}:
            path.unlink()
    if damaged:
        (folder / MANIFEST).unlink()


def _matches(path: Path, record: FileRecord) -> bool:
    return path.is_file() and path.stat().st_size == record.bytes and sha256_of(path) == record.sha256


class Named(Protocol):
    """What can be opened by its id or its name."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


NamedT = TypeVar("NamedT", bound=Named)


def pick(found: Sequence[NamedT], what: str, name_or_id: str) -> NamedT:
    """The one of that id, else the first of that name; raises BadInput that lists what there is."""
    by_id = [one for one in found if one.id == name_or_id]
    by_name = [one for one in found if one.name == name_or_id]
    for one in by_id + by_name:
        return one
    names = list(dict.fromkeys(one.name for one in found))
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    raise BadInput(f"no {what} named {name_or_id!r} (there is: {', '.join(names[:TOLD]) or 'none yet'}{more})")


@dataclass(frozen=True)
class FinishedArtefact:
    """A finished artefact; each kind is a class of its own, which opens what lies in the folder."""

    folder: Path
    manifest: Manifest

    kind: ClassVar[Kind]
    root: ClassVar[Callable[[], Path]]
    """The folder that artefacts of this kind lie in."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises BadInput where the folder holds no finished artefact or a damaged one."""
        return cls(folder, read_manifest(folder))

    @classmethod
    def all(cls) -> list[Self]:
        """All of this kind, newest first; damaged ones are left out."""
        found = []
        for path in cls.root().glob(f"*/{MANIFEST}"):
            with suppress(BadInput):
                found.append(cls.read(path.parent))
        of_kind = [one for one in found if one.manifest.kind == cls.kind]
        return sorted(of_kind, key=lambda one: (one.manifest.created, one.id), reverse=True)

    @classmethod
    def open(cls, name_or_id: str) -> Self:
        """The one of that id, else the newest of that name; raises BadInput that lists what there is."""
        return cls._of_id(name_or_id) or pick(cls.all(), cls.kind, name_or_id)

    @classmethod
    def _of_id(cls, id: str) -> Self | None:
        """The one in the folder of that name, which needs no look at the others."""
        with suppress(BadInput):
            found = cls.read(cls.root() / checked_name(id))
            if found.id == id and found.manifest.kind == cls.kind:
                return found
        return None

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def name(self) -> str:
        return self.manifest.name

    def describe(self) -> dict[str, Any]:
        """What a card or `--json` shows."""
        return {
            "id": self.id,
            "name": self.name,
            "folder": str(self.folder),
            "created": self.manifest.created.isoformat(),
            **self.manifest.summary,
        }


def remove_artefact(folder: Path) -> None:
    """Delete an artefact; its manifest goes first, so that a half-deleted one is never listed."""
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
