"""A person's marks of a synthetic set's images: accepted or rejected. Kept outside the set, which never changes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from medgan.common.artefact import write_atomic
from medgan.common.config import read_json
from medgan.common.errors import BadInput
from medgan.common.home import marks_folder

if TYPE_CHECKING:  # a set may be drawn from the accepted masks of another
    from medgan.studies.synthesis import SyntheticSet

Mark = Literal["accepted", "rejected", ""]
"""The last one takes a mark back."""
MARKS: tuple[Mark, ...] = get_args(Mark)
LONGEST = max(map(len, MARKS))


def marks_file(synthetic: "SyntheticSet") -> Path:
    """JSON: `marks` holds the mark of each marked image by its index in the set."""
    return marks_folder() / f"{synthetic.id}.json"


def marks_of(synthetic: "SyntheticSet") -> NDArray[np.str_]:
    """The mark of each image (count,): `accepted`, `rejected`, or empty.

    Raises BadInput where the file of marks is damaged: a rejected image must not come back unnoticed.
    """
    path = marks_file(synthetic)
    marks = np.full(len(synthetic), "", f"U{LONGEST}")
    if not path.exists():
        return marks
    try:
        kept = read_json(path)["marks"]
    except (BadInput, KeyError):
        raise _damaged(path, "holds no marks") from None
    if not isinstance(kept, dict):
        raise _damaged(path, "its marks belong to no images")
    for index, mark in kept.items():
        if not (index.isdecimal() and int(index) < len(marks) and mark in MARKS):
            raise _damaged(path, f"{index!r}: {mark!r} is no mark of one of its {len(marks)} images")
        marks[int(index)] = mark
    return marks


def mark(synthetic: "SyntheticSet", indices: int | Iterable[int], given: Mark) -> None:
    """Mark one image or several; an empty mark takes theirs back.

    Raises BadInput where there is no such image or mark, or where the file of marks is damaged.
    """
    chosen = [indices] if isinstance(indices, int) else list(indices)
    if given not in MARKS:
        raise BadInput(f"mark {given!r} is not known (there is: accepted, rejected, or an empty one to take it back)")
    for index in chosen:
        if not 0 <= index < len(synthetic):
            raise BadInput(f"set {synthetic.name} has no image {index} (there are: 0 to {len(synthetic) - 1})")
    path = marks_file(synthetic)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):  # two windows may mark at once
        marks = marks_of(synthetic)
        marks[chosen] = given
        kept = {str(index): str(marks[index]) for index in np.flatnonzero(marks != "")}
        write_atomic(path, json.dumps({"set": synthetic.id, "marks": kept}, indent=1) + "\n")


def accepted(synthetic: "SyntheticSet", *, marked_only: bool = False) -> NDArray[np.int64]:
    """Indices of the images to be used: all that were not rejected, or only those that were marked as accepted.

    By default an image without a mark is used: who looks through thousands marks the bad ones, and one image marked as
    good must not put aside all others.
    """
    marks = marks_of(synthetic)
    return np.flatnonzero(marks == "accepted" if marked_only else marks != "rejected").astype(np.int64)


def _damaged(path: Path, reason: str) -> BadInput:
    return BadInput(f"{path}: damaged ({reason}); delete it to begin marking anew")
