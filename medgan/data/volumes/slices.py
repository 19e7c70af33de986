"""From one volume to the items of a data set: its axial slices, each with its masks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgan.data.fit import fit_image, fit_mask
from medgan.data.intensity import is_grey
from medgan.data.load import LoadedItem, Place, Recipe, colour_dropped
from medgan.data.parallel import in_order
from medgan.data.problems import Problem, Unusable
from medgan.data.volumes.labels import Wanted, chosen, masks_of, onto, with_names
from medgan.data.volumes.opening import Alive, OpenedVolume, open_labels, open_volume
from medgan.data.volumes.showing import scale_of
from medgan.data.volumes.sources import VolumeSource
from medgan.data.volumes.volume import TILT_DEGREES, Label, Volume, Voxels, axial, plane_of, tilt_degrees

Uint8 = NDArray[np.uint8]
# Slices whose pixels are nearer than this to squares are resized as if they were squares.
SQUARE_TOLERANCE = 0.01

LeftOut = Literal["show nothing", "lie outside of the structures"]


@dataclass(frozen=True)
class SliceOptions:
    """every: take each so-many-th slice. only_labelled: leave out slices without a structure. wanted: which labels
    are which structures, all where empty. lone_hints: see `with_names`. megavoxel_limit: of a volume that is read."""

    every: int = 1
    only_labelled: bool = False
    wanted: tuple[Wanted, ...] = ()
    megavoxel_limit: int = 400
    lone_hints: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Labelled:
    """Labels at the voxels of an image, and which of them make each structure."""

    voxels: Voxels
    structures: Mapping[str, Sequence[Label]]


@dataclass(frozen=True)
class _Shown:
    """A volume as it is shown, ready to be cut; to_bytes: from modality units to what a screen shows."""

    source: VolumeSource
    opened: OpenedVolume
    volume: Volume
    labels: tuple[_Labelled, ...]
    to_bytes: Callable[[Voxels], Uint8]


def load_slices(
    root: Path,
    source: VolumeSource,
    recipe: Recipe,
    structures: Sequence[str],
    options: SliceOptions,
    alive: Alive = lambda: None,
) -> Iterator[LoadedItem | Problem]:
    """Prepare the axial slices of a volume in order, from feet to head; the volume is held in memory while it lasts.

    Yields a Problem in place of all slices where one of the files cannot be used, and one behind them for what was
    left out. alive: called between files; may raise to end it.
    """
    file = source.name
    try:
        opened = open_volume(root, source, options.megavoxel_limit, alive)
        turned = axial(opened.volume)
        labels = []
        for label in source.labels:
            alive()
            file = str(label.file)
            read = open_labels(root, label, options.megavoxel_limit)
            named = with_names(read.found, label.structure, options.lone_hints)
            labels.append(_Labelled(onto(read.volume, opened.volume, turned), chosen(named, options.wanted)))
    except Unusable as error:
        yield error.at(file)
        return
    yield from opened.problems
    shown = _Shown(source, opened, turned, tuple(labels), scale_of(recipe.intensity, turned.voxels, opened.display))
    yield from _cut(shown, recipe, structures, options)


def _cut(
    shown: _Shown, recipe: Recipe, structures: Sequence[str], options: SliceOptions
) -> Iterator[LoadedItem | Problem]:
    def load(number: int) -> LoadedItem | LeftOut:
        return _load_slice(shown, number, recipe, structures, options.only_labelled)

    left_out: Counter[str] = Counter()
    notes = list(_notes(shown))
    numbers = range(0, len(shown.volume.voxels), options.every)
    for loaded in in_order(load, numbers):
        if isinstance(loaded, LoadedItem):
            notes += [note for note in loaded.notes if note not in notes]  # of all slices, one note is enough
            yield replace(loaded, notes=())
        else:
            left_out[loaded] += 1
    yield from notes
    if left_out:
        taken = len(numbers) - left_out.total()
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        kind: Any = "slices_left_out" if taken else "no_slice"
        yield Problem(shown.source.name, kind, f"{left_out.total()} of {len(numbers)} slices left out: {why}")


def _load_slice(
    shown: _Shown, number: int, recipe: Recipe, structures: Sequence[str], only_labelled: bool
) -> LoadedItem | LeftOut:
    """One slice, counted from 0; or why it is none of the data set."""
    pixels = shown.to_bytes(np.ascontiguousarray(shown.volume.voxels[number]))
    if pixels.min() == pixels.max():
        return "show nothing"
    height, width = pixels.shape[:2]
    masks = np.zeros((height, width, len(structures)), bool)
    for labelled in shown.labels:
        masks |= masks_of(labelled.voxels[number], labelled.structures, structures)
    if only_labelled and not masks.any():
        return "lie outside of the structures"
    spacing = shown.volume.spacing_mm
    told = shown.opened.spacing_mm or spacing
    stretch = spacing[1] / spacing[2]
    stretch = stretch if abs(stretch - 1) > SQUARE_TOLERANCE else 1.0
    fitted = [fit_mask(masks[..., place], recipe.size, recipe.fit, stretch) for place in range(len(structures))]
    return LoadedItem(
        image=fit_image(pixels.reshape(height, width, -1), recipe.size, recipe.channels, recipe.fit, stretch),
        masks=np.stack(fitted, axis=-1) if fitted else np.zeros((recipe.size, recipe.size, 0), np.uint8),
        source=np.zeros((recipe.size, recipe.size, 0), np.uint8),
        width=width,
        height=height,
        notes=_colour_note(shown, pixels, recipe),
        patient=shown.opened.patient,
        place=Place(shown.source.name, number + 1, len(shown.volume.voxels), told, shown.opened.file_of(number)),
    )


def _colour_note(shown: _Shown, pixels: Uint8, recipe: Recipe) -> tuple[Problem, ...]:
    if not recipe.guessed_grey or pixels.ndim == 2 or is_grey(pixels):
        return ()
    return (colour_dropped(shown.source.name),)


def _notes(shown: _Shown) -> Iterator[Problem]:
    """What there is to say about a volume as a whole."""
    stored = shown.opened.volume
    for kind, reason in shown.opened.notes:
        yield Problem(shown.source.name, kind, reason)
    if stored.placed and (tilt := tilt_degrees(stored)) > TILT_DEGREES:
        yield Problem(shown.source.name, "turned", f"lies {tilt:.0f} degrees oblique; the nearest axes were taken")
    if stored.placed and (plane := plane_of(stored)) != "axial":
        yield Problem(shown.source.name, "turned", f"was stored in {plane} slices; axial ones cut across them")
