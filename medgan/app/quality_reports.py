"""Finished quality reports as the Quality page looks at them: which set has one, and what it says of one score."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from medgan.app import looks
from medgan.common.artefact import MANIFEST
from medgan.common.home import quality_folder
from medgan.metrics import METRICS
from medgan.studies.quality import QualityReport, list_reports
from medgan.studies.synthesis import SyntheticSet

REAL_NAMES = {
    "halves": "Real: two halves",
    "test": "Real: test images",
    "blurred": "Real, blurred",
    "noisy": "Real, with noise",
}
"""References in few words, as a chart's rows and a table's columns are called."""
OWN = "set"
"""What a report calls the images that it scores, in its column `of`."""


@dataclass(frozen=True)
class Entry:
    """A synthetic set that was scored; `name` tells it from the others on the page."""

    synthetic: SyntheticSet
    name: str
    report: QualityReport

    @property
    def summary(self) -> dict[str, Any]:
        return self.report.manifest.summary

    @property
    def basis(self) -> tuple[str, int]:
        """Class and size, in which sets agree beside which real images score the same."""
        return self.summary["label"], self.summary["size"]

    @property
    def basis_words(self) -> str:
        """The real images that it is held against: their class, and the size that both are looked at in."""
        kind = f"class {self.summary['label'].replace('_', ' ')}" if self.summary["label"] else "all classes"
        return f"{kind}, {self.summary['size']} pixels"


@dataclass(frozen=True)
class Point:
    """One score of a set, or of real images."""

    name: str
    of: str
    """`set`, or the name of a reference."""
    value: float | None
    low: float | None
    high: float | None
    synthetic: int
    """Images on the side of the set; for a reference, real ones in its place."""
    real: int
    notes: tuple[str, ...]
    refused: str
    """Why there is no value; empty where there is one."""
    basis: str
    """The class and the size that it is for, in words."""
    place: int = 0
    """Which of the chosen sets it is, for its colour and shape."""

    @property
    def own(self) -> bool:
        """Whether it is a synthetic set's, and not that of real images."""
        return self.of == OWN


def reports() -> Sequence[QualityReport]:
    """All finished reports, newest first."""
    return _reports(looks.stamps(quality_folder(), MANIFEST))


@st.cache_resource(max_entries=2, show_spinner=False)
def _reports(found: looks.Stamps) -> Sequence[QualityReport]:
    return list_reports()


def report_of(synthetic: SyntheticSet, against: str, space: str) -> QualityReport | None:
    """The newest report of a set against a data set (id) in a space; one of all its parts before one of a single."""
    wanted = (synthetic.id, against, space)
    found = [
        report for report in reports() if (report.config.set, report.config.against, report.config.space) == wanted
    ]
    best = sorted(found, key=_completeness, reverse=True)  # of equally complete ones the newest stays first
    return best[0] if best else None


def _completeness(report: QualityReport) -> tuple[bool, bool, bool]:
    config = report.config
    return config.part == "all", config.resamples > 0, config.screening


def parts_of(entries: Sequence[Entry]) -> list[str]:
    """What was scored in any of the reports: images, masks, combined."""
    return list(dict.fromkeys(part for entry in entries for part in entry.summary["parts"]))


def metrics_of(entries: Sequence[Entry], part: str) -> list[str]:
    """The scores that any of the reports has for a part, in the table's order."""
    tables = [entry.report.scores for entry in entries]
    found = {metric for table in tables for metric in table.loc[table["part"] == part, "metric"]}
    return [metric for metric in METRICS if metric in found]


def points_of(entries: Sequence[Entry], part: str, metric: str) -> list[Point]:
    """One score of every set, then that of the real images: once for all sets that are held against the same."""
    own = [point for place, entry in enumerate(entries) for point in _points(entry, part, metric, (OWN,), place)]
    bases: dict[tuple[Any, ...], Entry] = {}
    for entry in entries:
        bases.setdefault(entry.basis, entry)
    real = [point for entry in bases.values() for point in _points(entry, part, metric, tuple(REAL_NAMES))]
    return own + real


def same_basis(entries: Sequence[Entry]) -> bool:
    """Whether all sets are held against the same real images."""
    return len({entry.basis for entry in entries}) <= 1


def _points(entry: Entry, part: str, metric: str, names: Sequence[str], place: int = 0) -> list[Point]:
    """The scores of the named rows in the order of the names; a row that the report lacks is left out."""
    scores = entry.report.scores
    rows = scores[(scores["part"] == part) & (scores["metric"] == metric)]
    by_name = {str(row["of"]): row for _, row in rows.iterrows()}
    return [_point(entry, of, by_name[of], place) for of in names if of in by_name]


def _point(entry: Entry, of: str, row: "pd.Series[Any]", place: int) -> Point:
    value, low, high = (None if pd.isna(row[name]) else float(row[name]) for name in ("value", "low", "high"))
    return Point(
        entry.name if of == OWN else REAL_NAMES[of],
        of,
        value,
        low,
        high,
        int(row["synthetic"]),
        int(row["real"]),
        tuple(filter(None, str(row["notes"]).split("; "))),
        str(row["refused"]),
        entry.basis_words,
        place,
    )
