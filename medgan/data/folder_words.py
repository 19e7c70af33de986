"""What the words in folder and file names tell: mask or image, which split, which class."""

import re
import unicodedata
from pathlib import PurePosixPath

MASK_WORDS = frozenset(
    (
        *("mask", "masks", "label", "labels", "annotation", "annotations"),
        *("seg", "segmentation", "segmentations", "gt", "groundtruth", "ground", "truth"),
    )
)
IMAGE_WORDS = frozenset(["image", "images", "img", "imgs", "input", "inputs", "picture", "pictures"])
SPLIT_OF_WORD = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_MASK_SUFFIX = re.compile(r"[_\- .](?:segmentation|masks?|labels?|seg|gt|groundtruth)$", re.IGNORECASE)


def words(name: str) -> list[str]:
    """The words of a name in lower case, of any script: `masks_lung`, `leftMask` and `Ground Truth` have two each."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    return "".join(letter if _is_of_a_word(letter) else " " for letter in spaced).lower().split()


def _is_of_a_word(letter: str) -> bool:
    """Letters, digits, the vowel marks that many scripts need, and symbols (`HER2+` is not `HER2-`)."""
    return unicodedata.category(letter)[0] in "LNMS"


def is_mask_folder(folder: PurePosixPath) -> bool:
    return any(word in MASK_WORDS for part in folder.parts for word in words(part))


def topic(folder: PurePosixPath) -> list[str]:
    """The words of a path that say what it shows, without those that say mask or image."""
    return [word for part in folder.parts for word in words(part) if word not in MASK_WORDS | IMAGE_WORDS]


def source_split(folder: PurePosixPath) -> str:
    """`train`, `validation` or `test` where a word of the path says so, else an empty string."""
    found = [SPLIT_OF_WORD[word] for word in topic(folder) if word in SPLIT_OF_WORD]
    return found[-1] if found else ""


def class_parts(folder: PurePosixPath) -> tuple[str, ...]:
    """The parts of a path that may name a class, as snake-case labels: `chest_xray/train/NORMAL` has two."""
    cleaned = ["_".join(w for w in topic(PurePosixPath(part)) if w not in SPLIT_OF_WORD) for part in folder.parts]
    return tuple(part for part in cleaned if part)


def without_mask_suffix(stem: str) -> str:
    """`ISIC_0000001_segmentation` as `ISIC_0000001`; other stems as they are."""
    return _MASK_SUFFIX.sub("", stem)
