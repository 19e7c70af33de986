"""What can be wrong with a source, one line each: the file, the kind of problem, the reason."""

from dataclasses import dataclass
from typing import Literal

from medgan.common.errors import BadInput

ProblemKind = Literal[
    "unreadable",
    "too_large",
    "not_supported",
    "not_an_image",
    "empty_folder",
    "link_loop",
    "no_class",
    "single_image_class",
    "classes_alike",
    "image_without_mask",
    "mask_without_image",
    "image_without_source",
    "source_without_image",
    "size_differs",
    "mask_not_binary",
    "mask_near_binary",
    "mask_repeated",
    "label_not_found",
    "no_slice",
    "slices_left_out",
    "slices_missing",
    "turned",
    "first_of_several",
    "masks_unused",
    "reading_differs",
    "colour_dropped",
    "duplicate",
    "patient_unknown",
    "burned_in",
    "leak",
    "published_split",
]

# Worth knowing, but no image is missing from the data set because of it.
NOTES: frozenset[ProblemKind] = frozenset(
    {
        *("not_an_image", "classes_alike", "mask_near_binary", "mask_repeated"),
        *("colour_dropped", "duplicate", "patient_unknown", "burned_in", "leak"),
        *("masks_unused", "reading_differs", "published_split"),
        *("label_not_found", "slices_left_out", "slices_missing", "turned", "first_of_several"),
    }
)
# Stands for the file in a finding about the source as a whole.
ALL_IMAGES = "(all images)"


@dataclass(frozen=True, order=True)
class Problem:
    """One finding about one file or folder of a source; `file` is relative to the source folder."""

    file: str
    kind: ProblemKind
    reason: str

    @property
    def left_out(self) -> bool:
        """Whether an image is missing from the prepared data set because of this."""
        return self.kind not in NOTES

    def as_json(self) -> dict[str, str | bool]:
        return {"file": self.file, "kind": self.kind, "reason": self.reason, "left_out": self.left_out}


class Unusable(BadInput):
    """One file cannot be used; the rest of the source can."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason

    def at(self, file: str) -> Problem:
        """The problem this is, of that file."""
        return Problem(file, self.kind, self.reason)


def why_unreadable(error: Exception) -> str:
    """The one line about a file that made its decoder raise: decoders raise every exception there is."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    if "cannot identify image file" in text:
        return "is not what its name says, or damaged at its beginning"
    return f"cannot be decoded ({text[:160]})"
