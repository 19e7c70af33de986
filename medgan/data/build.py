"""Writing the files of a data set into a fresh folder: arrays, table, problems."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import groupby
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
from medgan.data.volumes.labels import parse_wanted
from medgan.data.volumes.opening import shows_colour
from medgan.data.volumes.slices import SliceOptions, load_slices
from medgan.data.volumes.structures import find_structures

# So many images, evenly spaced, are looked at to tell whether a source shows colour.
COLOUR_SAMPLE = 24

Hashes = dict[PurePosixPath, str]


def build(folder: Path, layout: Layout, config: PrepareConfig, hashes: Hashes, progress: Progress) -> dict[str, Any]:
    """Write images, masks or sources, items and problems into the folder; returns the summary for its manifest.

    Raises BadInput where nothing of the source is usable, Cancelled when asked to stop.
    """

    def alive() -> None:
        if progress.stop_requested():
            raise Cancelled("stopped before the data set was prepared")

    options = SliceOptions(
        config.every_slice, config.only_labelled_slices, parse_wanted(config.structures), config.megavoxel_limit
    )
    layout, options = _with_structures(layout, options, alive)
    recipe = _recipe(layout, config)
    rows, problems = _write_arrays(folder, layout, _loaded(layout, recipe, options, alive), recipe, hashes, progress)
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


def _with_structures(layout: Layout, options: SliceOptions, alive: Callable[[], None]) -> tuple[Layout, SliceOptions]:
    """The layout with the structures that its label volumes hold, without volumes that lack one of them; and the
    options with how labels are named."""
    volumes = [item.volume for item in layout.items if item.volume]
    if not any(volume.labels for volume in volumes):
        return layout, options
    found = find_structures(layout.root, volumes, options.wanted, options.megavoxel_limit, alive)
    if found.problems and not found.structures:  # not a single mask: no data set with masks, and none was asked without
        raise nothing_usable(layout.root, [replace(problem, kind="no_slice") for problem in found.problems])
    items = tuple(item for item in layout.items if item.volume is None or item.volume.name not in found.incomplete)
    problems = (*layout.problems, *found.problems)
    layout = replace(layout, items=items, structures=found.structures, problems=problems)
    return layout, replace(options, lone_hints=found.lone_hints)


def _loaded(
    layout: Layout, recipe: Recipe, options: SliceOptions, alive: Callable[[], None]
) -> Iterator[tuple[SourceItem, LoadedItem | Problem]]:
    """Every image with the item that it comes from, in order: pictures many at a time, volumes one by one."""
    load = partial(load_item, layout.root, recipe=recipe)
    for _, neighbours in groupby(layout.items, key=lambda item: item.volume is None):
        items = list(neighbours)
        if items[0].volume is None:
            yield from zip(items, in_order(load, items), strict=True)
        for item in items:
            if item.volume:
                slices = load_slices(layout.root, item.volume, recipe, layout.structures, options, alive)
                yield from ((item, loaded) for loaded in slices)


def _recipe(layout: Layout, config: PrepareConfig) -> Recipe:
    intensity = Intensity(config.scaling, config.window_low_hu, config.window_high_hu, config.file_window)
    pixel_limit = config.megapixel_limit * 1_000_000
    guessed_grey = config.colour == "auto" and _shows_no_colour(layout, intensity, pixel_limit)
    channels = 1 if guessed_grey or config.colour == "grey" else 3
    scaled = layout.family.masks_scaled
    return Recipe(config.size, channels, config.fit, intensity, pixel_limit, guessed_grey, masks_scaled=scaled)


def _shows_no_colour(layout: Layout, intensity: Intensity, pixel_limit: int) -> bool:
    """Whether a sample of the images, and of what they are made from, is grey throughout."""
    step = max(1, len(layout.items) // COLOUR_SAMPLE)
    sample = layout.items[::step]
    if any(shows_colour(layout.root, item.volume) for item in sample if item.volume):
        return False
    for file in (file for item in sample if item.volume is None for file in item.pictures):
        try:
            picture = read_image(layout.root / file, ReadOptions(pixel_limit, enough=64))
        except Unusable:
            continue  # reported when its turn comes
        if not is_grey(intensity.show(picture)):
            return False
    return True


def _write_arrays(
    folder: Path,
    layout: Layout,
    loaded_items: Iterator[tuple[SourceItem, LoadedItem | Problem]],
    recipe: Recipe,
    hashes: Hashes,
    progress: Progress,
) -> tuple[list[ItemRow], list[Problem]]:
    """Stream every item into images.npy, masks.npy and sources.npy; returns the items written and the problems."""
    rows: list[ItemRow] = []
    problems: list[Problem] = []
    counted = _Counted(len(layout.items))
    square = (recipe.size, recipe.size)
    with ExitStack() as stack:
        images = stack.enter_context(RowWriter(folder / IMAGES, (*square, recipe.channels)))
        masks = sources = None
        if layout.structures:
            masks = stack.enter_context(RowWriter(folder / MASKS, (*square, len(layout.structures))))
        if layout.kind == "pairs":
            sources = stack.enter_context(RowWriter(folder / SOURCES, (*square, recipe.channels)))
        for item, loaded in loaded_items:
            if progress.stop_requested():
                raise Cancelled("stopped before the data set was prepared")
            progress.update(*counted.after(item, loaded), "Preparing images")
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


class _Counted:
    """How far work has come: how many slices a volume has is known only when it is open."""

    def __init__(self, items: int) -> None:
        self.done, self.total = 0, items
        self._behind: SourceItem | None = None
        self._before = 0

    def after(self, item: SourceItem, loaded: LoadedItem | Problem) -> tuple[int, int]:
        """Images done, and images in all as far as known."""
        if item is not self._behind:
            self._behind, self._before = item, self.done
            self.total += loaded.place.count - 1 if isinstance(loaded, LoadedItem) and loaded.place else 0
            self.done += 1
        if isinstance(loaded, LoadedItem) and loaded.place:
            self.done = self._before + loaded.place.number
        return self.done, self.total


def _row(item: SourceItem, loaded: LoadedItem, hashes: Hashes) -> ItemRow:
    if loaded.place:
        item = replace(item, image=loaded.place.file)
    sizes = loaded.width, loaded.height
    return ItemRow(item, hashes[item.image], loaded.pixels_sha256, *sizes, loaded.patient, loaded.place)


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
