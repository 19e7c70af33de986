"""Which mask belongs to which image: folders matched by their words, files by their stems."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from medgan.data.folder_words import is_mask_folder, topic, without_mask_suffix
from medgan.data.problems import Problem

# ISIC2018_Task1-2_Training_Input belongs to ISIC2018_Task1_Training_GroundTruth.
_TASK_NUMBER = re.compile(r"task\d+(?:-\d+)*", re.IGNORECASE)


@dataclass(frozen=True)
class Pairing:
    """images: the files that are no masks. masks_of: for each image that has any, its masks by structure.
    structures: all structures, sorted. problems: masks that found no image, or one that has its mask."""

    images: tuple[PurePosixPath, ...]
    masks_of: Mapping[PurePosixPath, Mapping[str, PurePosixPath]]
    structures: tuple[str, ...]
    problems: tuple[Problem, ...]


def pair_masks(files: tuple[PurePosixPath, ...], default_structure: str) -> Pairing:
    """Tell masks from images and pair them.

    A mask lies in a folder named so (`masks`, `train_label`, `masks_lung`, `..._GroundTruth`), or beside its
    image with a suffix (`x.png`, `x_mask.png`). The words its folder has beyond the image's folder name the
    structure.
    """
    shared = _shared_folder(files)
    masks = _mask_files(files, shared)
    images = tuple(file for file in files if file not in masks)
    image_folders = {image.parent for image in images}
    by_stem = {(image.parent, image.stem): image for image in images}  # of two with one stem, the last is paired
    masks_of: dict[PurePosixPath, dict[str, PurePosixPath]] = defaultdict(dict)
    problems, structures = [], set()
    homes = {folder: _image_folder(folder, image_folders, shared) for folder in {mask.parent for mask in masks}}
    for mask in sorted(masks):
        home = homes[mask.parent]
        stems = (mask.stem, without_mask_suffix(mask.stem))
        image = next((by_stem[home, stem] for stem in stems if home and (home, stem) in by_stem), None)
        if image is None or home is None:
            problems.append(Problem(str(mask), "mask_without_image", "no image has this name"))
            continue
        structure = _structure(mask.parent, home) or default_structure
        structures.add(structure)
        first = masks_of[image].setdefault(structure, mask)
        if first != mask:
            problems.append(Problem(str(mask), "mask_repeated", f"not used: {image} has its mask in {first}"))
    return Pairing(images, dict(masks_of), tuple(sorted(structures)), tuple(problems))


def _mask_files(files: Iterable[PurePosixPath], shared: PurePosixPath) -> set[PurePosixPath]:
    """Masks by their folder's name, or by a suffix where an image of the plain name lies beside them."""
    known = {(file.parent, file.stem) for file in files}
    in_mask_folder = {folder: is_mask_folder(folder.relative_to(shared)) for folder, _ in known}
    return {
        file
        for file in files
        if in_mask_folder[file.parent]
        or ((plain := without_mask_suffix(file.stem)) != file.stem and (file.parent, plain) in known)
    }


def _shared_folder(files: Iterable[PurePosixPath]) -> PurePosixPath:
    """The deepest folder that holds all files; its own name tells nothing about any of them."""
    parts: list[str] = []
    for column in zip(*(file.parent.parts for file in files), strict=False):
        if len(set(column)) > 1:
            break
        parts.append(column[0])
    return PurePosixPath(*parts)


def _image_folder(
    mask_folder: PurePosixPath, image_folders: set[PurePosixPath], shared: PurePosixPath
) -> PurePosixPath | None:
    """The folder whose images these masks outline: the one with the most of the mask folder's words and no
    others; failing that, the only one beside it, or the only one at all."""
    if mask_folder in image_folders:
        return mask_folder
    wanted = set(_subject(mask_folder.relative_to(shared)))
    fitting = [folder for folder in image_folders if set(_subject(folder.relative_to(shared))) <= wanted]
    beside = mask_folder.parent
    if fitting:
        return max(fitting, key=lambda folder: (len(_subject(folder)), folder.parent == beside, str(folder)))
    siblings = [folder for folder in image_folders if folder.parent == beside]
    for candidates in (siblings, list(image_folders)):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _structure(mask_folder: PurePosixPath, image_folder: PurePosixPath) -> str:
    """The words of the mask folder's name that its images' folder does not have: `masks_lung` says lung."""
    words = _subject(mask_folder)
    for word in _subject(image_folder):
        if word in words:
            words.remove(word)  # once only: `lesion/images` and `lesion/masks_lesion` leave lesion
    return "_".join(word for word in words if not re.fullmatch(r"\d", word))  # `1_images` and `2_masks` are numbered


def _subject(folder: PurePosixPath) -> list[str]:
    """The topic of a folder without the numbers that challenges give their tasks."""
    return topic(PurePosixPath(*(_TASK_NUMBER.sub(" ", part) for part in folder.parts)))
