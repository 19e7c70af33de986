"""Splitting into train, validation and test by patient, and checking that nothing leaks between them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medgan.common.repro import derive_seed

SPLITS = ("train", "validation", "test")
NEARLY_ALL = 0.95
"""Of a published number of images; from here on a set counts as the whole one, and what is missing is train's."""


@dataclass(frozen=True)
class Member:
    """What splitting must know of an item: whose it is, its class, and hashes that equal items share."""

    patient_id: str
    label: str
    hashes: tuple[str, ...] = ()
    source_split: str = ""


@dataclass(frozen=True)
class Leak:
    """A patient or a picture that lies in more than one split; `indices` are the items concerned."""

    what: str
    splits: tuple[str, ...]
    indices: tuple[int, ...]


def split_by_patient(
    members: Sequence[Member], validation_fraction: float, test_fraction: float, seed: int
) -> list[str]:
    """The split of each member: seeded, stratified by class, never dividing a patient or equal pictures.

    Fractions are of the images of each class. Train is never empty; with three or more patients in a class,
    every split with a fraction above 0 gets at least one of them.
    """
    shares = {"test": test_fraction, "validation": validation_fraction}
    return _split_by_label(members, seed, lambda _, images: _of_shares(shares, images))


def split_as_published(
    members: Sequence[Member],
    published: Mapping[str, Mapping[str, int]],
    validation_fraction: float,
    test_fraction: float,
    seed: int,
) -> list[str]:
    """The split of each member, with the published numbers of images a class, as `split_by_patient` draws it.

    published: images by split and class. Test and validation get their numbers where a class has about as many images
    as the protocol (`NEARLY_ALL`), else their share of what there is; train gets the rest. A split that the protocol
    does not name, and a class that it does not, are drawn by the fractions: validation of what train has.
    """

    def numbers(label: str, images: int) -> dict[str, int]:
        theirs = {split: classes[label] for split, classes in published.items() if label in classes}
        if not theirs:
            return _of_shares({"test": test_fraction, "validation": validation_fraction}, images)
        whole = sum(theirs.values())
        scale = 1.0 if images >= NEARLY_ALL * whole else images / whole
        wanted = {split: round(scale * count) for split, count in theirs.items() if split != "train"}
        for split, fraction in (("test", test_fraction), ("validation", validation_fraction)):
            if split not in theirs:
                wanted |= _of_shares({split: fraction}, images - sum(wanted.values()))
        return wanted

    return _split_by_label(members, seed, numbers)


def _of_shares(shares: Mapping[str, float], images: int) -> dict[str, int]:
    """How many images each split with a share above 0 gets: one at least."""
    return {split: max(1, round(share * images)) for split, share in shares.items() if share}


def _split_by_label(
    members: Sequence[Member], seed: int, numbers: Callable[[str, int], Mapping[str, int]]
) -> list[str]:
    """Draw, for each class, groups for the splits that `numbers` names with as many images; train gets the rest.

    numbers: the images wanted by split, given a class and how many images it has.
    """
    by_label: dict[str, list[list[int]]] = defaultdict(list)
    for group in tied_together(members):
        labels = Counter(members[index].label for index in group)
        by_label[min(labels, key=lambda label: (-labels[label], label))].append(group)
    splits = ["train"] * len(members)
    for label, groups in by_label.items():
        rng = np.random.default_rng(derive_seed("split", seed, label))
        shuffled = [groups[index] for index in rng.permutation(len(groups))]
        wanted = numbers(label, sum(len(group) for group in groups))
        for split, chosen in _allotted(shuffled, wanted).items():
            for index in (index for group in chosen for index in group):
                splits[index] = split
    return splits


def split_as_source(
    members: Sequence[Member], validation_fraction: float, test_fraction: float, seed: int
) -> list[str]:
    """The splits that the source names; one that it lacks is taken from its training part by patient."""
    named = {member.source_split for member in members}
    rest = [index for index, member in enumerate(members) if member.source_split in {"", "train"}]
    drawn = split_by_patient(
        [members[index] for index in rest],
        0.0 if "validation" in named else validation_fraction,
        0.0 if "test" in named else test_fraction,
        seed,
    )
    splits = [member.source_split for member in members]
    for index, split in zip(rest, drawn, strict=True):
        splits[index] = split
    return splits


def tied_together(members: Sequence[Member]) -> list[list[int]]:
    """Groups of indices that must share a split: one patient's items, and items with a hash in common,
    however long the chain. In order of first appearance."""
    parent = list(range(len(members)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[Hashable, int] = {}
    for index, member in enumerate(members):
        for key in (("patient", member.patient_id), *(("hash", value) for value in member.hashes)):
            low, high = sorted((root(first.setdefault(key, index)), root(index)))
            parent[high] = low
    groups: dict[int, list[int]] = defaultdict(list)
    for index in range(len(members)):
        groups[root(index)].append(index)
    return list(groups.values())


def _allotted(groups: list[list[int]], wanted: Mapping[str, int]) -> dict[str, list[list[int]]]:
    """Groups for each split, with about as many images as it wants; train keeps one at least."""
    left = list(groups)
    allotted: dict[str, list[list[int]]] = {}
    for position, (split, images) in enumerate(wanted.items()):
        for_others = len(wanted) - position  # one group for train and one for each split still to come
        most = max(len(left) - for_others, 1 if len(left) > 1 else 0)
        chosen = _up_to(left, images, most)
        allotted[split] = [left[index] for index in chosen]
        left = [group for index, group in enumerate(left) if index not in chosen]
    return allotted


def _up_to(groups: list[list[int]], target: int, most: int) -> list[int]:
    """Positions of at most `most` groups, in order, with at most `target` images; at least the smallest one."""
    chosen: list[int] = []
    images = 0
    for position, group in enumerate(groups):
        if len(chosen) < most and images + len(group) <= target:
            chosen.append(position)
            images += len(group)
    if not chosen and most:
        chosen = [min(range(len(groups)), key=lambda position: len(groups[position]))]
    return chosen


def find_leaks(members: Sequence[Member], splits: Sequence[str]) -> list[Leak]:
    """Every patient and every hash that occurs in two or more splits; empty when the split is sound."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, member in enumerate(members):
        seen["patient", member.patient_id].append(index)
        for value in set(member.hashes):
            seen["picture", value].append(index)
    leaks = []
    for (kind, value), indices in seen.items():
        names = {splits[index] for index in indices}
        if len(names) > 1:
            what = f"{kind} {value:.40}"
            leaks.append(Leak(what, tuple(split for split in SPLITS if split in names), tuple(indices)))
    return leaks
