"""Artefacts: folders that become real only when their manifest is written, last and atomically."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from medgan.common.errors import BadInput

MANIFEST = "manifest.json"
TEMPORARY = ".tmp"
SCHEMA_VERSION = 1
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
    """An id that sorts by time within a name and never repeats: `name-YYYYmmdd-HHMMSS-xxxx`."""
    return f"{checked_name(name)}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def checked_name(name: str) -> str:
    """The name itself where it is safe as a folder name; raises BadInput otherwise."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name) or ".." in name:
        raise BadInput(f"name {name!r}: use 1 to 80 letters, digits, '.', '_' or '-', beginning with a letter or digit")
    return name


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
    write_atomic(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
    return manifest


def _is_transient(path: Path) -> bool:
    """Whether a file is no part of the artefact: its manifest, its lock, a half-written file."""
    return path.name == MANIFEST or path.name.startswith(".")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished artefact; raises BadInput where there is none or it is damaged."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BadInput(f"{folder}: not finished, it has no {MANIFEST}") from None
    except (OSError, ValidationError) as error:
        raise BadInput(f"{folder / MANIFEST}: damaged ({str(error).splitlines()[0]})") from None


def damaged_files(folder: Path) -> list[str]:
    """Names of files that are missing or differ from their recorded hash; empty when all is well."""
    files = read_manifest(folder).files
    return [name for name, record in files.items() if not _matches(folder / name, record)]


def _matches(path: Path, record: FileRecord) -> bool:
    return path.is_file() and path.stat().st_size == record.bytes and sha256_of(path) == record.sha256


def list_artefacts(root: Path, kind: Kind) -> list[tuple[Path, Manifest]]:
    """Finished artefacts directly below `root`, newest first; damaged ones are left out."""
    found = []
    for path in root.glob(f"*/{MANIFEST}"):
        try:
            manifest = read_manifest(path.parent)
        except BadInput:
            continue
        if manifest.kind == kind:
            found.append((path.parent, manifest))
    return sorted(found, key=lambda pair: (pair[1].created, pair[1].id), reverse=True)


def find_artefact(root: Path, kind: Kind, name_or_id: str) -> tuple[Path, Manifest]:
    """The artefact of that id, else the newest of that name; raises BadInput that lists what there is."""
    artefacts = list_artefacts(root, kind)
    by_id = [found for found in artefacts if found[1].id == name_or_id]
    by_name = [found for found in artefacts if found[1].name == name_or_id]
    for found in by_id + by_name:
        return found
    known = ", ".join(dict.fromkeys(manifest.name for _, manifest in artefacts)) or "none yet"
    raise BadInput(f"no {kind} named {name_or_id!r} (there is: {known})")


def remove_artefact(folder: Path) -> None:
    """Delete an artefact; its manifest goes first, so that a half-deleted one is never listed."""
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
