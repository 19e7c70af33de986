"""The published comparison's figures, as they stand in its tables; cells that are empty there are empty here."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from medgan.common.errors import BadInput

FILE = Path(__file__).with_name("thesis_tables.json")
Cell = str | float | None
SCORES = (
    "accuracy",
    "false_positives",
    "false_negatives",
    "mean_iou",
    "mean_false_positive_pixels",
    "mean_false_negative_pixels",
    "inception_score",
    "fid",
)
"""Columns that hold what was measured; the others say what it was measured of."""


@dataclass(frozen=True)
class PublishedTable:
    """A table of the source."""

    number: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def scores(self) -> tuple[str, ...]:
        """Columns that hold what was measured."""
        return tuple(column for column in self.columns if column in SCORES)

    def named_rows(self) -> list[tuple[str, dict[str, float | None]]]:
        """Each row by what it is about, with its scores; None where the source's cell is empty."""
        found = []
        for cells in self.rows:
            row = dict(zip(self.columns, cells, strict=True))
            name = ", ".join(_named(column, value) for column, value in row.items() if column not in SCORES)
            scores = {column: value for column, value in row.items() if column in SCORES}
            found.append((name, {column: None if value is None else float(value) for column, value in scores.items()}))
        return found


def _named(column: str, value: Cell) -> str:
    """What a row is about, in words: `model 1`, but `real` and not `training set real`."""
    return str(value) if isinstance(value, str) else f"{column.replace('_', ' ')} {value}"


@cache
def published_tables() -> dict[str, PublishedTable]:
    """All tables by number."""
    values = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        number: PublishedTable(
            number, table["title"], tuple(table["columns"]), tuple(map(tuple, table["rows"])), table.get("note", "")
        )
        for number, table in values.items()
        if number != "source"
    }


def source() -> str:
    """Author, title and year of the published comparison."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["source"])


def published(number: str) -> PublishedTable:
    """A table; raises BadInput that lists the tables."""
    tables = published_tables()
    if number not in tables:
        raise BadInput(f"the published comparison has no table {number!r} (there is: {', '.join(tables)})")
    return tables[number]
