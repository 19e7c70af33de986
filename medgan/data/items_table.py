"""The table of a data set's items: whose each is, what it shows, and which split it lies in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from medgan.data.config import PrepareConfig
from medgan.data.layout import Layout, SourceItem
from medgan.data.problems import ALL_IMAGES, Problem
from medgan.data.splits import Member, find_leaks, split_as_source, split_by_patient


@dataclass(frozen=True)
class ItemRow:
    """One prepared item: hashes of its file and of its prepared pixels, the original's size in pixels."""

    source: SourceItem
    sha256: str
    pixels_sha256: str
    width: int
    height: int


def items_table(rows: Sequence[ItemRow], layout: Layout, config: PrepareConfig) -> tuple[pd.DataFrame, list[Problem]]:
    """The table, split and checked for leaks, and the problems found on the way.

    Raises RuntimeError if a split of our own making leaked: a fault of this program, never of the source.
    """
    files = [row.source.image for row in rows]
    patients, problems = _patients(files, layout, config.patient_pattern)
    members = [
        Member(patient, row.source.label, (row.sha256, row.pixels_sha256), row.source.source_split)
        for row, patient in zip(rows, patients, strict=True)
    ]
    follow_source = config.use_source_splits and bool(layout.source_splits)
    split = split_as_source if follow_source else split_by_patient
    splits = split(members, config.validation_fraction, config.test_fraction, config.seed)
    leaks = find_leaks(members, splits)
    if leaks and not follow_source:
        raise RuntimeError(f"{len(leaks)} leaks between splits, first: {leaks[0]}")
    for leak in leaks:
        reason = f"{leak.what} lies in {' and '.join(leak.splits)} (the source's own splits)"
        problems.append(Problem(str(files[leak.indices[0]]), "leak", reason))
    problems.extend(_duplicates(rows))
    table = pd.DataFrame(
        {
            "id": [f"{index:06d}" for index in range(len(rows))],
            "file": [str(file) for file in files],
            "sha256": [row.sha256 for row in rows],
            "pixels_sha256": [row.pixels_sha256 for row in rows],
            "patient_id": patients,
            "label": [row.source.label for row in rows],
            "split": splits,
            "source_split": [row.source.source_split for row in rows],
            "width": [row.width for row in rows],
            "height": [row.height for row in rows],
        }
    )
    return table, problems


def _patients(files: Sequence[PurePosixPath], layout: Layout, pattern: str) -> tuple[list[str], list[Problem]]:
    """The patient of each file by the user's pattern or the family's, else the file is its own."""

    def told(file: PurePosixPath) -> str | None:
        if not pattern:
            return layout.family.patient_of(file)
        match = re.search(pattern, str(file.with_suffix("")))
        return match[1] if match else None

    found = [told(file) for file in files]
    silent = [file for file, patient in zip(files, found, strict=True) if not patient]
    problems = []
    if len(silent) == len(files):
        reason = "no file name tells the patient; each image counts as one patient"
        problems.append(Problem(ALL_IMAGES, "patient_unknown", reason))
    elif silent:
        reason = f"{len(silent)} of {len(files)} names tell no patient, this one first; each counts as one patient"
        problems.append(Problem(str(silent[0]), "patient_unknown", reason))
    return [patient or str(file.with_suffix("")) for file, patient in zip(files, found, strict=True)], problems


def _duplicates(rows: Sequence[ItemRow]) -> list[Problem]:
    """One note for every item whose file or prepared picture equals that of an earlier one."""
    first: dict[str, ItemRow] = {}
    problems = []
    for row in rows:
        earlier = first.setdefault(row.sha256, row)
        if earlier is row:
            earlier = first.setdefault(row.pixels_sha256, row)
        else:
            first.setdefault(row.pixels_sha256, row)
        if earlier is not row:
            conflict = "" if earlier.source.label == row.source.label else f", there of class {earlier.source.label!r}"
            reason = f"same picture as {earlier.source.image}{conflict}; kept in one split"
            problems.append(Problem(str(row.source.image), "duplicate", reason))
    return problems
