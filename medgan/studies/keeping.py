"""What a study keeps of each training that was tested: two files of arrays, and a row with a seal on all of it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medgan.common.artefact import sha256_of
from medgan.common.jsonl import append_jsonl, read_jsonl
from medgan.common.stored import write_array
from medgan.studies.study import FIELDS, PER_IMAGE, PREDICTIONS, ROWS, SEAL, file_of
from medgan.studies.tasks import Outcome


def keep(folder: Path, number: int, arm: str, outcome: Outcome) -> None:
    """Add what a training came to; its row comes last, when its files are on the disk."""
    for kind, values in ((PER_IMAGE, outcome.per_image), (PREDICTIONS, outcome.predictions)):
        write_array(folder / kind / file_of(number, outcome.seed), values)
    row = {"number": number, "arm": arm, "seed": outcome.seed, "epochs": outcome.epochs, **outcome.scores}
    append_jsonl(folder / ROWS, row | {SEAL: _seal(folder, row)})


def whole_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of those trainings of which everything is there and as it was kept."""
    return [row for row in read_jsonl(folder / ROWS, **FIELDS) if _is_whole(folder, row)]


def _is_whole(folder: Path, row: Mapping[str, Any]) -> bool:
    sealed = {name: value for name, value in row.items() if name != SEAL}
    try:
        seal = _seal(folder, sealed)
    except FileNotFoundError:
        return False
    return row[SEAL] == seal if SEAL in row else _is_of_before(row)


def _is_of_before(row: Mapping[str, Any]) -> bool:
    """Whether a row is one of earlier versions, which knew no seal, and not one whose seal has lost its name."""
    return [value for value in row.values() if isinstance(value, str)] == [row["arm"]]


def _seal(folder: Path, row: Mapping[str, Any]) -> str:
    """SHA-256 over a row and its two files."""
    files = [sha256_of(folder / kind / file_of(row["number"], row["seed"])) for kind in (PER_IMAGE, PREDICTIONS)]
    return hashlib.sha256(json.dumps([row, files]).encode()).hexdigest()
