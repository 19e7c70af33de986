"""The table of a data set's items: whose each is, what it shows, and which split it lies in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from medgan.data.config import PrepareConfig
from medgan.data.families.readings import Reading
from medgan.data.layout import Layout, SourceItem
from medgan.data.load import Place
from medgan.data.problems import ALL_IMAGES, Problem
from medgan.data.published import differences
from medgan.data.splits import Member, find_leaks, split_as_published, split_as_source, split_by_patient


@dataclass(frozen=True)
class ItemRow:
    """One prepared item: hashes of its file and of its prepared pixels, the original's size in pixels; patient: a
    code for whose it is, "" where its file does not say; place: for a slice, where in which volume."""

    source: SourceItem
    sha256: str
    pixels_sha256: str
    width: int
    height: int
    patient: str = ""
    place: Place | None = None


def items_table(rows: Sequence[ItemRow], layout: Layout, config: PrepareConfig) -> tuple[pd.DataFrame, list[Problem]]:
    """The table, split and checked for leaks, and the problems found on the way.

    Raises RuntimeError if a split of our own making leaked: a fault of this program, never of the source.
    """
    files = [row.source.image for row in rows]
    patients, problems = _patients(rows, layout, config.patient_pattern)
    members = [
        Member(patient, row.source.label, (row.sha256, row.pixels_sha256), row.source.source_split)
        for row, patient in zip(rows, patients, strict=True)
    ]
    follow_source = config.use_source_splits and bool(layout.source_splits)
    splits = _splits(members, layout, config)
    if config.use_published_split and layout.published:
        problems.extend(_about_published(layout, members, splits))
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
    if any(row.place for row in rows):
        table = table.assign(**_places([row.place for row in rows]))
    if any(row.source.reading for row in rows):
        readings = [row.source.reading or Reading() for row in rows]
        table["sex"] = [reading.sex for reading in readings]
        table["age_years"] = pd.array([reading.age_years for reading in readings], dtype="Float64")
        table["finding"] = [reading.finding for reading in readings]
    return table, problems


def _places(places: Sequence[Place | None]) -> dict[str, Any]:
    """Of slices: the volume, the slice's number from the feet up, from 1, and the spacing of the original's voxels."""
    columns: dict[str, Any] = {
        "volume": [place.volume if place else "" for place in places],
        "slice": pd.array([place.number if place else None for place in places], dtype="Int64"),
    }
    for axis, name in enumerate(("spacing_z_mm", "spacing_y_mm", "spacing_x_mm")):
        columns[name] = [place.spacing_mm[axis] if place else float("nan") for place in places]
    return columns


def _splits(members: Sequence[Member], layout: Layout, config: PrepareConfig) -> list[str]:
    """The split of each member: the source's own, the published one, or one drawn by the shares."""
    fractions = config.validation_fraction, config.test_fraction
    if config.use_published_split and layout.published:
        return split_as_published(members, layout.published, *fractions, config.seed)
    split = split_as_source if config.use_source_splits and layout.source_splits else split_by_patient
    return split(members, *fractions, config.seed)


def _about_published(layout: Layout, members: Sequence[Member], splits: Sequence[str]) -> list[Problem]:
    """A note where the split has not the published numbers."""
    found = differences(layout.published, [member.label for member in members], splits)
    return [Problem(ALL_IMAGES, "published_split", "; ".join(found))] if found else []


def _patients(rows: Sequence[ItemRow], layout: Layout, pattern: str) -> tuple[list[str], list[Problem]]:
    """The patient of each item by the user's pattern, else by its file's header or its family's names, else it is its
    own."""
    files = [row.source.image for row in rows]

    def told(row: ItemRow) -> str | None:
        if not pattern:
            return row.patient or layout.family.patient_of(row.source.image)
        match = re.search(pattern, str(row.source.image.with_suffix("")))
        return match[1] if match else None

    found = [told(row) for row in rows]
    silent = [file for file, patient in zip(files, found, strict=True) if not patient]
    problems = []
    if len(silent) == len(files):
        what = "volume" if all(row.place for row in rows) else "image"
        reason = f"no file name tells the patient; each {what} counts as one patient"
        problems.append(Problem(ALL_IMAGES, "patient_unknown", reason))
    elif silent:
        reason = f"{len(silent)} of {len(files)} names tell no patient, this one first; each counts as one patient"
        problems.append(Problem(str(silent[0]), "patient_unknown", reason))
    elif not pattern and len(rows) > 1 and len(set(found)) == 1 and rows[0].patient:
        reason = "all headers name the same patient, so there is nothing to test on; if they are several, say which"
        problems.append(Problem(ALL_IMAGES, "patient_unknown", f"{reason} by a patient pattern"))
    return [patient or _itself(row) for row, patient in zip(rows, found, strict=True)], problems


def _itself(row: ItemRow) -> str:
    """For a patient of its own a file's path, or what a volume's says; what follows the last point of a DICOM number is
    no suffix."""
    if row.source.volume:
        return row.source.volume.patient
    file = row.source.image
    return str(file) if file.suffix[1:].isdecimal() else str(file.with_suffix(""))


def _duplicates(rows: Sequence[ItemRow]) -> list[Problem]:
    """One note for every item whose file or prepared picture equals that of an earlier one."""
    first: dict[str, ItemRow] = {}
    problems = []
    for row in rows:
        content = f"{row.sha256} {row.place.number}" if row.place else row.sha256  # slices share the file of a volume
        earlier = first.setdefault(content, row)
        if earlier is row:
            earlier = first.setdefault(row.pixels_sha256, row)
        else:
            first.setdefault(row.pixels_sha256, row)
        if earlier is not row:
            conflict = "" if earlier.source.label == row.source.label else f", there of class {earlier.source.label!r}"
            reason = f"same picture as {_called(earlier)}{conflict}; kept in one split"
            problems.append(Problem(_called(row), "duplicate", reason))
    return problems


def _called(row: ItemRow) -> str:
    """An item's file; with the slice where one file has many."""
    shared = row.place and row.place.volume == str(row.source.image)
    return f"{row.source.image}, slice {row.place.number}" if row.place and shared else str(row.source.image)
