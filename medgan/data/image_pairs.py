"""Which source belongs to which image: two folders with the same file names, or one picture holding both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Literal

from medgan.data.folder_words import IMAGE_WORDS, SPLIT_OF_WORD, words
from medgan.data.problems import Problem

SOURCE_WORDS = frozenset({"a", "source", "sources", "input", "inputs", "from"})
TARGET_WORDS = frozenset({"b", "target", "targets", "output", "outputs", "to"})
# Folders of exactly these names are taken for pairs without being told, where nearly all their files match.
UNTOLD = (("A", "B"), ("source", "target"))
MATCHING_SHARE = 0.9

Role = Literal["source", "target", "images"]


@dataclass(frozen=True)
class ImagePairs:
    """source_of: what each image is made from, in the images' order; the image itself where one picture holds
    its source beside it. problems: sources and images that found no partner."""

    source_of: Mapping[PurePosixPath, PurePosixPath]
    problems: tuple[Problem, ...]


def pair_images(files: Iterable[PurePosixPath]) -> ImagePairs:
    """Pair the files of two folders by their stems; without a folder of sources, each file is a pair by itself."""
    places = {file: role_of(file.parent) for file in sorted(files)}
    if not any(role == "source" for role, _ in places.values()):
        return ImagePairs({file: file for file in places}, ())
    sources: dict[tuple[PurePosixPath, str], list[PurePosixPath]] = defaultdict(list)
    images: dict[tuple[PurePosixPath, str], list[PurePosixPath]] = defaultdict(list)
    problems = []
    for file, (role, rest) in places.items():
        if role is None:
            reason = "lies neither in a folder of sources nor in one of images"
            problems.append(Problem(str(file), "image_without_source", reason))
        else:
            (sources if role == "source" else images)[rest, file.stem].append(file)
    source_of = {}
    for name in {**sources, **images}:
        for source, image in zip_longest(sources[name], images[name]):
            if source and image:
                source_of[image] = source
            elif source:
                problems.append(Problem(str(source), "source_without_image", "no image of this name goes with it"))
            else:
                problems.append(Problem(str(image), "image_without_source", "no source of this name goes with it"))
    return ImagePairs(dict(sorted(source_of.items())), tuple(problems))


def role_of(folder: PurePosixPath) -> tuple[Role | None, PurePosixPath]:
    """What a folder's files are to each other, and its path without the word that says so: the same for both of
    a pair. `trainA` holds sources and `trainB` their targets, of `train`."""
    roles = {place: role for place, part in enumerate(folder.parts) if (role := _role(part))}
    if not roles:
        return None, folder
    # `images` says little: in `A/images` and `images/A` it is A that counts.
    place = max(roles, key=lambda place: (roles[place] != "images", place))
    split = [word for word in words(folder.parts[place]) if word in SPLIT_OF_WORD]
    return roles[place], PurePosixPath(*folder.parts[:place], *split, *folder.parts[place + 1 :])


def _role(part: str) -> Role | None:
    said = [word for word in words(part) if word not in SPLIT_OF_WORD]
    telling = [word for word in said if word not in IMAGE_WORDS - SOURCE_WORDS]
    if len(telling) == 1 and telling[0] in SOURCE_WORDS:
        return "source"
    if len(telling) == 1 and telling[0] in TARGET_WORDS:
        return "target"
    return "images" if said and not telling else None


def are_pairs(files: Iterable[PurePosixPath]) -> bool:
    """Whether the folders' names and the files' stems leave no doubt that nearly all files are pairs."""
    files = list(files)

    def names_in(folder: str) -> set[tuple[str, ...]]:
        within = [file for file in files if folder in file.parent.parts]
        return {(*(part for part in file.parent.parts if part != folder), file.stem) for file in within}

    shared = max(len(names_in(source) & names_in(target)) for source, target in UNTOLD)
    return 2 * shared >= MATCHING_SHARE * len(files)
