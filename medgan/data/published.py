"""The published split of a known set: whether a folder can have it, and how near to it a split came."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from medgan.data.splits import SPLITS

Counts = Mapping[str, Mapping[str, int]]
"""Images by split and class; class "" where the images have no classes."""


def published_for(published: Counts, classes: Iterable[str]) -> Counts:
    """The published counts where they speak of any of a folder's classes, else nothing.

    classes: those of the folder; none where its images have no classes.
    """
    here = set(classes) or {""}
    told = {label for counts in published.values() for label in counts}
    return published if here & told else {}


def in_words(published: Counts) -> str:
    """`train 366 normal, 355 tuberculosis; test 40 normal, 39 tuberculosis`."""
    return "; ".join(
        f"{split} " + ", ".join(f"{count:,} {label.replace('_', ' ')}".strip() for label, count in counts.items())
        for split, counts in published.items()
    )


def differences(published: Counts, labels: Sequence[str], splits: Sequence[str]) -> list[str]:
    """What differs between a split and the published one, one phrase each; empty where they have the same numbers.

    Where the protocol names no validation, what was taken for it counts as part of its train.
    """
    found = Counter(zip(splits, labels, strict=True))
    phrases = []
    for split in (split for split in SPLITS if split in published):
        parts = ("train", "validation") if split == "train" and "validation" not in published else (split,)
        for label, count in published[split].items():
            here = sum(found[part, label] for part in parts)
            if here != count:
                phrases.append(f"{split} {label.replace('_', ' ')}".strip() + f" has {here:,} instead of {count:,}")
    told = {label for counts in published.values() for label in counts}
    others = sorted(set(labels) - told)
    if others:
        phrases.append(f"not in the protocol, drawn by the shares: {', '.join(others).replace('_', ' ')}")
    return phrases
