"""What is known of the files that a folder was downloaded from, kept in that folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from medgan.common.artefact import write_atomic
from medgan.common.errors import BadInput

RECORD = ".medgan_download.json"
"""Hidden, so that preparing the folder passes it over."""


@dataclass(frozen=True)
class FileRecord:
    """A file that was downloaded and unpacked.

    state: verified where it had the checksum that is publicly known; recorded where none is, and `sha256` is that of
    the first download. folder: what it was unpacked to, a name in the set's folder.
    """

    file: str
    url: str
    sha256: str
    bytes: int
    state: Literal["verified", "recorded"]
    folder: str


def read_record(folder: Path) -> dict[str, FileRecord]:
    """What was downloaded into a folder, by file; empty where nothing was. Raises BadInput for a damaged record."""
    path = folder / RECORD
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["file"]: FileRecord(**row) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: damaged ({error}); delete it and download again") from None


def still_here(folder: Path) -> dict[str, FileRecord]:
    """What was downloaded into a folder and is still there, by file; raises BadInput as `read_record` does."""
    return {file: row for file, row in read_record(folder).items() if (folder / row.folder).is_dir()}


def write_record(folder: Path, record: dict[str, FileRecord]) -> None:
    """Keep what was downloaded."""
    write_atomic(folder / RECORD, json.dumps([asdict(row) for row in record.values()], indent=1) + "\n")
