"""Writing the files of a data set into a fresh folder: arrays, table, problems."""

import json
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from medgan.common.artefact import atomic_file, write_atomic
from medgan.common.errors import Cancelled
from medgan.common.progress import Progress
from medgan.common.rows import RowWriter, keep_rows
from medgan.data.config import PrepareConfig
from medgan.data.dataset import IMAGES, ITEMS, MASKS, PROBLEMS, SOURCES
from medgan.data.formats import ReadOptions, read_image
from medgan.data.intensity import Intensity, is_grey
from medgan.data.items_table import ItemRow, items_table
from medgan.data.layout import Layout, SourceItem, nothing_usable
from medgan.data.load import LoadedItem, Recipe, load_item
from medgan.data.parallel import in_order
from medgan.data.problems import Problem, Unusable
from medgan.data.splits import SPLITS

# So many images, evenly spaced, are looked at to tell whether a source shows colour.
COLOUR_SAMPLE = 24

Hashes = dict[PurePosixPath, str]


def build(folder: Path, layout: Layout, config: PrepareConfig, hashes: Hashes, progress: Progress) -> dict[str, Any]:
    """Write images, masks or sources, items and problems into the folder; returns the summary for its manifest.

    Raises BadInput where nothing of the source is usable, Cancelled when asked to stop.
    """
    recipe = _recipe(layout, config)
    rows, problems = _write_arrays(folder, layout, recipe, hashes, progress)
    problems = [*layout.problems, *problems]
    rows = _without_single_image_classes(folder, rows, problems)
    if not rows:
        raise nothing_usable(layout.root, problems)
    table, found = items_table(rows, layout, config)
    problems = sorted([*problems, *found], key=lambda problem: (not problem.left_out, problem))
    with atomic_file(folder / ITEMS) as stream:
        table.to_parquet(stream, index=False)
    write_atomic(folder / PROBLEMS, json.dumps([problem.as_json() for problem in problems], indent=1) + "\n")
    return _summary(table, layout, recipe, problems)


def _recipe(layout: Layout, config: PrepareConfig) -> Recipe:
    intensity = Intensity(config.scaling, config.window_low_hu, config.window_high_hu)
    pixel_limit = config.megapixel_limit * 1_000_000
    guessed_grey = config.colour == "auto" and _shows_no_colour(layout, intensity, pixel_limit)
    channels = 1 if guessed_grey or config.colour == "grey" else 3
    return Recipe(config.size, channels, config.fit, intensity, pixel_limit, guessed_grey)


def _shows_no_colour(layout: Layout, intensity: Intensity, pixel_limit: int) -> bool:
    """Whether a sample of the images, and of what they are made from, is grey throughout."""
    step = max(1, len(layout.items) // COLOUR_SAMPLE)
    for file in (file for item in layout.items[::step] for file in item.pictures):
        try:
            picture = read_image(layout.root / file, ReadOptions(pixel_limit, enough=64))
        except Unusable:
            continue  # reported when its turn comes
        if not is_grey(intensity.to_bytes(picture.pixels)):
            return False
    return True


def _write_arrays(
    folder: Path, layout: Layout, recipe: Recipe, hashes: Hashes, progress: Progress
) -> tuple[list[ItemRow], list[Problem]]:
    """Stream every item into images.npy, masks.npy and sources.npy; returns the items written and the problems."""
    rows: list[ItemRow] = []
    problems: list[Problem] = []
    load = partial(load_item, layout.root, recipe=recipe)
    square = (recipe.size, recipe.size)
    with ExitStack() as stack:
        images = stack.enter_context(RowWriter(folder / IMAGES, (*square, recipe.channels)))
        masks = sources = None
        if layout.structures:
            masks = stack.enter_context(RowWriter(folder / MASKS, (*square, len(layout.structures))))
        if layout.kind == "pairs":
            sources = stack.enter_context(RowWriter(folder / SOURCES, (*square, recipe.channels)))
        for done, (item, loaded) in enumerate(zip(layout.items, in_order(load, layout.items), strict=True), start=1):
            if progress.stop_requested():
                raise Cancelled("stopped before the data set was prepared")
            progress.update(done, len(layout.items), "Preparing images")
            if isinstance(loaded, Problem):
                problems.append(loaded)
                continue
            images.append(loaded.image)
            if masks:
                masks.append(loaded.masks)
            if sources:
                sources.append(loaded.source)
            rows.append(_row(item, loaded, hashes))
            problems.extend(loaded.notes)
    return rows, problems


def _row(item: SourceItem, loaded: LoadedItem, hashes: Hashes) -> ItemRow:
    return ItemRow(item, hashes[item.image], loaded.pixels_sha256, loaded.width, loaded.height)


def _without_single_image_classes(folder: Path, rows: list[ItemRow], problems: list[Problem]) -> list[ItemRow]:
    """Leave out classes of one image: they cannot be split, learned or scored."""
    counts = Counter(row.source.label for row in rows)
    kept = [index for index, row in enumerate(rows) if not row.source.label or counts[row.source.label] > 1]
    if len(kept) == len(rows):
        return rows
    for row in rows:
        if row.source.label and counts[row.source.label] == 1:
            reason = f"is the only image of class {row.source.label!r}; a class needs two"
            problems.append(Problem(str(row.source.image), "single_image_class", reason))
    for name in (IMAGES, MASKS, SOURCES):
        if (folder / name).exists():
            keep_rows(folder / name, kept)
    return [rows[index] for index in kept]


def _summary(table: pd.DataFrame, layout: Layout, recipe: Recipe, problems: list[Problem]) -> dict[str, Any]:
    kinds = Counter(problem.kind for problem in problems)
    classes = sorted(set(table["label"]) - {""})
    counts = Counter(zip(table["split"], table["label"], strict=True))
    return {
        "items": len(table),
        "patients": int(table["patient_id"].nunique()),
        "classes": classes,
        "splits": {split: int((table["split"] == split).sum()) for split in SPLITS},
        "class_counts": {split: {label: counts[split, label] for label in classes} for split in SPLITS},
        "size": recipe.size,
        "channels": recipe.channels,
        "source_channels": recipe.channels if layout.kind == "pairs" else 0,
        "structures": list(layout.structures),
        "problems": dict(kinds),
        "left_out": sum(problem.left_out for problem in problems),
        "duplicates": kinds["duplicate"],
        "layout": layout.kind,
        "family": layout.family.name,
        "title": layout.family.title,
        "citation": layout.family.citation,
        "terms": layout.family.terms,
        "published_counts": {split: dict(labels) for split, labels in layout.family.published.items()},
    }
