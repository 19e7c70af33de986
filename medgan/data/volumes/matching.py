"""Which label volume belongs to which image volume, by the names of files and folders."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from medgan.data.folder_words import IMAGE_WORDS, MASK_WORDS, SPLIT_OF_WORD, is_mask_folder, words
from medgan.data.formats import suffix_of
from medgan.data.problems import Problem
from medgan.data.volumes.labels import as_structure
from medgan.data.volumes.sources import LabelFile, VolumeSource

# Words that say how a volume is stored or that a folder is one of many, never what it shows.
FORMAT_WORDS = frozenset({"nrrd", "nii", "nifti", "mha", "mhd", "dicom", "dcm", "tr", "ts", "volume", "volumes"})
SAYS_NOTHING = MASK_WORDS | IMAGE_WORDS | FORMAT_WORDS | SPLIT_OF_WORD.keys()
# nnU-Net numbers what a scanner saw of one patient: `la_007_0000.nii.gz` has its labels in `la_007.nii.gz`.
_CHANNEL = re.compile(r"_\d{4}$")


@dataclass(frozen=True)
class Matching:
    """volumes: all images, with their labels where they have any. problems: labels that found no image."""

    volumes: tuple[VolumeSource, ...]
    problems: tuple[Problem, ...]


def stem_of(file: PurePosixPath) -> str:
    """The name without its suffix, `.nii.gz` whole."""
    suffix = suffix_of(file)
    return file.name[: len(file.name) - len(suffix)] if suffix else file.name


def is_label_name(file: PurePosixPath) -> bool:
    """Whether a volume's own name or its folder says that it holds labels: `x_seg`, `masks/x`, `nrrd_lung/x`."""
    if is_mask_folder(PurePosixPath(stem_of(file))) or is_mask_folder(file.parent):
        return True
    return any(_is_structure_folder(part) for part in file.parent.parts)


def _is_structure_folder(part: str) -> bool:
    """`nrrd_lung` holds the lungs of the volumes that lie beside it; `nrrd_images` does not."""
    first, *rest = words(part) or [""]
    return first == "nrrd" and bool(set(rest) - IMAGE_WORDS - FORMAT_WORDS)


def match_labels(
    images: Sequence[VolumeSource], labels: Sequence[PurePosixPath], renamed: Mapping[str, str] | None = None
) -> Matching:
    """Give each label volume to the image of its name; failing that, to all images whose names begin as its own does
    (`case1_t1` and `case1_t2` of `case1_seg`), or to the only image near it, where its name tells but a structure.

    renamed: structures by other names, by the family; "" leaves such labels out.
    """
    by_key: dict[str, list[VolumeSource]] = defaultdict(list)
    for image in images:
        for key in _keys(image):
            by_key[key].append(image)
    found: dict[str, list[LabelFile]] = defaultdict(list)
    problems = []
    for file in sorted(labels):
        structure = _structure_of_folder(file.parent)
        if (renamed or {}).get(f"nrrd_{structure}") == "":
            continue
        own = _own_words(file)
        matched = _of_name(file, by_key) or _beginning_alike(file, images) or _only_one_near(file, images)
        if not matched:
            problems.append(Problem(str(file), "mask_without_image", "no volume has this name"))
        for image in matched:
            known = {word for part in (*image.files[0].parent.parts, stem_of(image.files[0])) for word in words(part)}
            rest = [word for word in own if word not in known and not word.isdigit()]
            told = structure or _structure_below(file.parent, image) or as_structure(" ".join(rest))
            found[image.name].append(LabelFile(file, told))
    volumes = tuple(replace(image, labels=tuple(found[image.name])) for image in images)
    return Matching(volumes, tuple(problems))


def _keys(image: VolumeSource) -> set[str]:
    """Names by which labels may call a volume: its file's, or its folder's where it is a series."""
    folder, stem = image.files[0].parent.name, stem_of(image.files[0])
    stems = {"file": {stem}, "series": {folder}, "frames": {folder, stem}}[image.form]
    return {name.lower() for stem in stems for name in (stem, _CHANNEL.sub("", stem)) if name}


def _own_words(file: PurePosixPath) -> list[str]:
    return [word for word in words(stem_of(file)) if word not in SAYS_NOTHING]


def _plain(stem: str) -> str:
    """`ct_seg`, `seg-ct` and `ct.label` as `ct`: without the words that say mask."""
    parts = re.split(r"([_\- .]+)", stem)
    kept = [part for part in parts[::2] if part.lower() not in MASK_WORDS]
    return "_".join(kept).lower() if len(kept) < len(parts[::2]) else stem.lower()


def _of_name(file: PurePosixPath, by_key: Mapping[str, Sequence[VolumeSource]]) -> list[VolumeSource]:
    """Images of the label's name, with or without what says mask, or without its last word: `ID007_lung` of `ID007`.

    Of several with that name in different folders, the one that shares most of the path.
    """
    stem = stem_of(file)
    structure = _structure_of_folder(file.parent)
    names = [stem.lower(), _plain(stem)]
    if structure and stem.lower().endswith(f"_{structure}"):
        names.append(stem.lower().removesuffix(f"_{structure}"))
    for name in names:
        candidates = list({image.name: image for image in by_key.get(name, ())}.values())
        if candidates:
            nearest = max(_shared(file, image) for image in candidates)
            return [image for image in candidates if _shared(file, image) == nearest]
    return []


def _shared(file: PurePosixPath, image: VolumeSource) -> int:
    """How many folders from the top two files have in common, the more the nearer."""
    count = 0
    for ours, theirs in zip(file.parent.parts, image.files[0].parent.parts, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _beginning_alike(file: PurePosixPath, images: Sequence[VolumeSource]) -> list[VolumeSource]:
    plain = re.escape(_plain(stem_of(file)))
    beside = [image for image in images if image.form == "file" and image.files[0].parent == file.parent]
    return [image for image in beside if plain and re.match(rf"{plain}[_\- .]", stem_of(image.files[0]).lower())]


def _only_one_near(file: PurePosixPath, images: Sequence[VolumeSource]) -> list[VolumeSource]:
    """The only image in the nearest folder above that holds any; none where the label's name has a number in it that
    the image's has not: that is the name of another patient."""
    for folder in (file.parent, *file.parent.parents):
        near = [image for image in images if image.files[0].is_relative_to(folder)]
        if near:
            known = {word for part in near[0].files[0].parts for word in words(part)}
            strange = [word for word in _own_words(file) if any(sign.isdigit() for sign in word) and word not in known]
            return near if len(near) == 1 and not strange else []
    return []


def _structure_of_folder(folder: PurePosixPath) -> str:
    """What the innermost folder that names a structure says: `masks_heart`, `nrrd_lung`, `heart/masks`; or ""."""
    for part in reversed(folder.parts):
        said = words(part)
        if _is_structure_folder(part) or any(word in MASK_WORDS for word in said):
            rest = [word for word in said if word not in SAYS_NOTHING and not word.isdigit()]
            if rest:
                return "_".join(rest)
    return ""


def _structure_below(folder: PurePosixPath, image: VolumeSource) -> str:
    """What a folder within one of masks says, `masks/heart`, where it is none that the image lies in too."""
    parts = folder.parts
    masked = [place for place, part in enumerate(parts) if any(word in MASK_WORDS for word in words(part))]
    own = [part for part in parts[masked[0] + 1 :] if part not in image.files[0].parts] if masked else []
    rest = [word for part in own for word in words(part) if word not in SAYS_NOTHING]
    return "" if any(sign.isdigit() for word in rest for sign in word) else "_".join(rest)
