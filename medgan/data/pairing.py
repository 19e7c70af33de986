"""Which mask belongs to which image: folders matched by their words, files by their stems."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

from medgan.data.folder_words import is_mask_folder, topic, without_mask_suffix
from medgan.data.problems import Problem

# ISIC2018_Task1-2_Training_Input belongs to ISIC2018_Task1_Training_GroundTruth.
_TASK_NUMBER = re.compile(r"task\d+(?:-\d+)*", re.IGNORECASE)


@dataclass(frozen=True)
class Pairing:
    """images: the files that are no masks. masks_of: for each image that has any, its masks by structure.
    structures: all structures, sorted. problems: masks that found no image, or one that has its mask.
    joined_to: further masks of an image's structure, to be joined to the first: its right lung, say."""

    images: tuple[PurePosixPath, ...]
    masks_of: Mapping[PurePosixPath, Mapping[str, PurePosixPath]]
    structures: tuple[str, ...]
    problems: tuple[Problem, ...]
    joined_to: Mapping[tuple[PurePosixPath, str], tuple[PurePosixPath, ...]] = field(default_factory=dict)


def pair_masks(
    files: tuple[PurePosixPath, ...], default_structure: str, renamed: Mapping[str, str] | None = None
) -> Pairing:
    """Tell masks from images and pair them.

    A mask lies in a folder named so (`masks`, `train_label`, `masks_lung`, `..._GroundTruth`), or beside its
    image with a suffix (`x.png`, `x_mask.png`). The words its folder has beyond the image's folder name the
    structure. renamed: structures by other names; those that get one name are joined, and an image then needs all of
    them; those that get "" are passed over.
    """
    shared = shared_folder(files)
    masks = _mask_files(files, shared)
    images = tuple(file for file in files if file not in masks)
    by_stem = {(image.parent, image.stem): image for image in images}  # of two with one stem, the last is paired
    homes = _homes(masks, by_stem, shared)
    found = _Found(renamed or {})
    for mask in sorted(masks):
        home = homes[mask.parent]
        stems = (mask.stem, without_mask_suffix(mask.stem))
        image = next((by_stem[home, stem] for stem in stems if home and (home, stem) in by_stem), None)
        if image is None or home is None:
            found.problems.append(Problem(str(mask), "mask_without_image", "no image has this name"))
        else:
            found.add(image, mask, _structure(mask.parent, home) or default_structure)
    found.drop_halves()
    return found.pairing(images)


class _Found:
    """The masks of each image so far, as a Pairing tells them."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._renamed = renamed
        self._structures: set[str] = set()
        self._masks_of: dict[PurePosixPath, dict[str, PurePosixPath]] = defaultdict(dict)
        self._joined_to: dict[tuple[PurePosixPath, str], tuple[PurePosixPath, ...]] = {}
        self._parts: dict[tuple[PurePosixPath, str], set[str]] = defaultdict(set)  # the names of what is joined

    def add(self, image: PurePosixPath, mask: PurePosixPath, name: str) -> None:
        """An image's mask of what its folder names."""
        structure = self._renamed.get(name, name)
        if not structure:
            return
        self._structures.add(structure)
        is_new = name in self._renamed and name not in self._parts[image, structure]
        if name in self._renamed:
            self._parts[image, structure].add(name)
        first = self._masks_of[image].setdefault(structure, mask)
        if first == mask:
            return
        if is_new:
            self._joined_to[image, structure] = (*self._joined_to.get((image, structure), ()), mask)
        else:
            self.problems.append(Problem(str(mask), "mask_repeated", f"not used: {image} has its mask in {first}"))

    def drop_halves(self) -> None:
        """Take away masks of which other images have more parts: half a lung is not the lung."""
        whole: dict[str, set[str]] = defaultdict(set)
        for (_, structure), names in self._parts.items():
            whole[structure] |= names
        for (image, structure), names in self._parts.items():
            if names and names < whole[structure]:
                del self._masks_of[image][structure]

    def pairing(self, images: tuple[PurePosixPath, ...]) -> Pairing:
        structures, problems = tuple(sorted(self._structures)), tuple(self.problems)
        return Pairing(images, dict(self._masks_of), structures, problems, self._joined_to)


def masked_pictures(pairing: Pairing) -> set[PurePosixPath]:
    """All images that have masks, and the masks."""
    masks = {mask for found in pairing.masks_of.values() for mask in found.values()}
    joined = {mask for found in pairing.joined_to.values() for mask in found}
    return {*pairing.masks_of, *masks, *joined}


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


def shared_folder(files: Iterable[PurePosixPath]) -> PurePosixPath:
    """The deepest folder that holds all files; its own name tells nothing about any of them."""
    parts: list[str] = []
    for column in zip(*(file.parent.parts for file in files), strict=False):
        if len(set(column)) > 1:
            break
        parts.append(column[0])
    return PurePosixPath(*parts)


def _homes(
    masks: Iterable[PurePosixPath], by_stem: Mapping[tuple[PurePosixPath, str], PurePosixPath], shared: PurePosixPath
) -> dict[PurePosixPath, PurePosixPath | None]:
    """For each folder of masks that of the images which they outline. by_stem: images by their folder and stem."""
    stems_in: dict[PurePosixPath, set[str]] = defaultdict(set)
    for mask in masks:
        stems_in[mask.parent].add(without_mask_suffix(mask.stem))

    def matching(mask_folder: PurePosixPath, folder: PurePosixPath) -> int:
        return sum((folder, stem) in by_stem for stem in stems_in[mask_folder])

    image_folders = {folder for folder, _ in by_stem}
    return {folder: _image_folder(folder, image_folders, shared, partial(matching, folder)) for folder in stems_in}


def _image_folder(
    mask_folder: PurePosixPath,
    image_folders: set[PurePosixPath],
    shared: PurePosixPath,
    matching: Callable[[PurePosixPath], int],
) -> PurePosixPath | None:
    """The folder whose images these masks outline: the one with the most of the mask folder's words and no
    others; failing that, the only one beside it or beside a folder that it lies in, or the only one at all; of several,
    the one with the most images named as the masks are, which `matching` counts."""
    if mask_folder in image_folders:
        return mask_folder
    wanted = set(_subject(mask_folder.relative_to(shared)))
    fitting = [folder for folder in image_folders if set(_subject(folder.relative_to(shared))) <= wanted]
    beside = mask_folder.parent
    if fitting:
        return max(fitting, key=lambda folder: (len(_subject(folder)), folder.parent == beside, str(folder)))
    siblings: list[PurePosixPath] = []
    for above in mask_folder.parents:
        siblings = [folder for folder in image_folders if folder.parent == above]
        if siblings:
            break
    for candidates in (siblings, list(image_folders)):
        if len(candidates) == 1:
            return candidates[0]
    most, nearest = max(((matching(folder), folder) for folder in siblings), default=(0, None))
    return nearest if most else None


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
