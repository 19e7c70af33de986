"""JSON lines: files that grow by a row at a time, and whose last line a fault may tear."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from medgan.common.artefact import write_atomic


def read_jsonl(path: Path, **fields: type) -> list[dict[str, Any]]:
    """Rows of a JSON-lines file that have these fields of these types; a missing file has no rows.

    A line that a fault has torn is skipped, as is one that has lost a field to a flipped bit.
    """
    if not path.exists():
        return []
    # Not by splitlines, which would part a text at separators that JSON leaves as they are, such as U+2028.
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    rows = (row for line in lines if (row := _row(line)) is not None)
    return [row for row in rows if all(isinstance(row.get(name), type) for name, type in fields.items())]


def append_jsonl(path: Path, row: Mapping[str, Any]) -> None:
    """Add a row and see it onto the disk; what a fault left of a line before it is cut off."""
    with open(path, "ab+") as stream:
        _mend(stream)
        stream.write(_line(row).encode())
        stream.flush()
        os.fsync(stream.fileno())


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a whole file of rows atomically."""
    write_atomic(path, "".join(map(_line, rows)))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row)) + "\n"


def _row(line: str) -> dict[str, Any] | None:
    """What a line holds; None where it is torn."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _mend(stream: IO[bytes]) -> None:
    """Cut off a torn last line; one that lacks its end alone is a row for those who read, and is given it."""
    if not stream.tell():
        return
    stream.seek(-1, os.SEEK_END)
    if stream.read(1) == b"\n":
        return
    stream.seek(0)
    content = stream.read()
    begin = content.rfind(b"\n") + 1
    if _row(content[begin:].decode(errors="replace")) is None:
        stream.truncate(begin)
    else:
        stream.write(b"\n")
