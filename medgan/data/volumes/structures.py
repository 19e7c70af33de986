"""Which structures a set of volumes has: all that are labelled, or those that are wanted."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgan.data.problems import Problem, Unusable
from medgan.data.volumes.labels import Wanted, chosen, in_order_of_numbers, with_names
from medgan.data.volumes.opening import open_labels
from medgan.data.volumes.sources import VolumeSource
from medgan.data.volumes.volume import Label


@dataclass(frozen=True)
class FoundStructures:
    """structures: sorted. lone_hints: see `with_names`. incomplete: names of volumes that lack the label file of a
    structure that others have."""

    structures: tuple[str, ...]
    lone_hints: frozenset[str]
    incomplete: frozenset[str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Read:
    """What the label files of one volume hold: labels by the hint of their file. unread: whether any is missing."""

    volume: VolumeSource
    labels: tuple[tuple[str, tuple[Label, ...]], ...]
    unread: bool


def find_structures(
    root: Path,
    volumes: Sequence[VolumeSource],
    wanted: Sequence[Wanted],
    megavoxel_limit: int,
    alive: Callable[[], None],
) -> FoundStructures:
    """Read all label volumes once, one at a time, for what is in them. One that cannot be read is passed over here:
    it is reported when its image is prepared."""
    read = [_read(root, volume, megavoxel_limit, alive) for volume in volumes]
    numbers: dict[str, set[int]] = defaultdict(set)
    for hint, labels in (pair for one in read for pair in one.labels):
        numbers[hint] |= {label.number for label in labels if not label.name}
    lone = frozenset(hint for hint, found in numbers.items() if len(found) == 1)
    hints: dict[str, set[str]] = defaultdict(set)  # of each structure: what its files' names say
    problems = []
    for one in read:
        named = [(hint, with_names(labels, hint, lone)) for hint, labels in one.labels]
        for hint, labels in named:
            for structure in chosen(labels, wanted):
                hints[structure].add(hint)
        held = sorted({label for _, labels in named for label in labels})
        missing = [want for want in wanted if not any(want.is_met_by(label) for label in held)]
        if one.volume.labels and not one.unread and (missing or not held):
            problems.append(_not_found(one.volume, missing, held))
    lacking = {volume.name: _lacking(volume, hints) for volume in volumes if volume.labels}
    for name, structures in lacking.items():
        if structures:
            problems.append(Problem(name, "image_without_mask", f"has no mask of {', '.join(structures)}"))
    incomplete = frozenset(name for name, structures in lacking.items() if structures)
    return FoundStructures(tuple(sorted(hints, key=in_order_of_numbers)), lone, incomplete, tuple(problems))


def _read(root: Path, volume: VolumeSource, megavoxel_limit: int, alive: Callable[[], None]) -> _Read:
    labels = []
    for label in volume.labels:
        alive()
        try:
            labels.append((label.structure, open_labels(root, label, megavoxel_limit).found))
        except Unusable:
            continue
    return _Read(volume, tuple(labels), len(labels) < len(volume.labels))


def _lacking(volume: VolumeSource, hints: dict[str, set[str]]) -> list[str]:
    """Structures that files of other volumes outline, and no file of this one: unlabelled is not absent."""
    own = {label.structure for label in volume.labels}
    return sorted(structure for structure, said in hints.items() if not said & own)


def _not_found(volume: VolumeSource, missing: Sequence[Wanted], held: Sequence[Label]) -> Problem:
    asked = ", ".join(f"{want.number} ({want.name})" if want.number is not None else want.name for want in missing)
    shown = ", ".join(f"{label.number} ({label.name})" for label in held[:8]) + (", ..." if len(held) > 8 else "")
    reason = f"no label {asked} in its label volume, which holds {shown}" if held else "its label volume is empty"
    return Problem(volume.name, "label_not_found", reason)
