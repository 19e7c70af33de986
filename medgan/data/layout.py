"""How a source folder is arranged: plain images, one folder a class, images with masks, or pairs of images."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from medgan.common.errors import BadInput
from medgan.data.families import DatasetFamily, choose_family
from medgan.data.families.readings import Reading, read_reading
from medgan.data.folder_words import class_parts, source_split
from medgan.data.image_pairs import are_pairs, pair_images, role_of
from medgan.data.pairing import Pairing, masked_pictures, pair_masks
from medgan.data.problems import ALL_IMAGES, Problem
from medgan.data.published import Counts, published_for
from medgan.data.roots import leads_out
from medgan.data.scan import Listing, scan
from medgan.data.volumes.finding import FoundVolumes, find_volumes, is_volume_file
from medgan.data.volumes.sources import VolumeSource

LayoutKind = Literal["images", "classes", "masks", "pairs", "volumes"]
LabelSource = Literal["auto", "folders", "names", "none"]
# Where fewer of a set's images have masks, and its names tell classes, it is taken for a set of classes.
SHARE_MASKED = 0.5


@dataclass(frozen=True)
class SourceItem:
    """One image to prepare; paths are relative to the source folder.

    masks: in the order of the layout's structures. label: its class, "" where it has none.
    source_split: the split that its folder names, "" where it names none. source: the picture that the image
    is to be made from; the image's own file where that holds both side by side, the source on the left. joined:
    further masks, each with the position of the structure whose mask it is joined to. reading: what a radiologist
    wrote about the image. volume: for a volume, of which each slice becomes an image, what it is made of; `image` is
    then its first file.
    """

    image: PurePosixPath
    masks: tuple[PurePosixPath, ...] = ()
    label: str = ""
    source_split: str = ""
    source: PurePosixPath | None = None
    joined: tuple[tuple[int, PurePosixPath], ...] = ()
    reading: Reading | None = None
    volume: VolumeSource | None = None

    @property
    def is_side_by_side(self) -> bool:
        return self.source == self.image

    @property
    def pictures(self) -> tuple[PurePosixPath, ...]:
        """The files of the image and of its source, each once."""
        return (self.image,) if self.source is None or self.is_side_by_side else (self.image, self.source)

    @property
    def files(self) -> tuple[PurePosixPath, ...]:
        """All files that the item is made of, each once, the image's first."""
        if self.volume:
            return self.volume.all_files
        return (*self.pictures, *self.masks, *(mask for _, mask in self.joined))


@dataclass(frozen=True)
class Layout:
    """What a source folder was found to hold, before any pixel is read."""

    root: Path
    kind: LayoutKind
    family: DatasetFamily
    items: tuple[SourceItem, ...]
    structures: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def classes(self) -> dict[str, int]:
        """Images a class; empty where the images have no classes."""
        return dict(sorted(Counter(item.label for item in self.items if item.label).items()))

    @property
    def source_splits(self) -> dict[str, int]:
        """Images in each split that the source's own folders name; empty where they name fewer than two."""
        counts = Counter(item.source_split for item in self.items if item.source_split)
        return dict(counts) if len(counts) > 1 else {}

    @property
    def published(self) -> Counts:
        """Images by split and class in the published protocol of this set; empty where none speaks of its classes."""
        return published_for(self.family.published, self.classes)

    def in_words(self) -> str:
        """One line for the user to check before anything is prepared."""
        volumes = [item.volume for item in self.items if item.volume]
        pictures = len(self.items) - len(volumes)
        counted = [_number(len(volumes), "volume")] if volumes else []
        if pictures or not volumes:
            counted.append(_number(pictures, "pair" if self.kind == "pairs" else "image"))
        text = " and ".join(counted)
        if self.kind == "pairs":
            text += f" of images, {self._direction()}"
        if any(volume.labels for volume in volumes):
            named = sorted({label.structure for volume in volumes for label in volume.labels} - {""})
            text += f" with labels{' of ' if named else ''}{', '.join(named)}"
        if self.structures:
            named = [structure for structure in self.structures if structure != "mask"]
            text += f" with masks{' of ' if named else ''}{', '.join(named)}"
        if self.classes:
            text += f", {len(self.classes)} class{'' if len(self.classes) == 1 else 'es'}: {_counted(self.classes)}"
        if self.source_splits:
            text += f"; its own splits: {_counted(self.source_splits)}"
        readings = sum(item.reading is not None for item in self.items)
        if readings:
            text += f"; {_number(readings, 'radiological reading')}"
        if self.family.name != "none":
            text += f"; recognised: {self.family.title}"
        return text

    def _direction(self) -> str:
        """From what to what pairs lead: the user may have meant the other way round."""
        first = self.items[0]
        if first.is_side_by_side:
            return "each from the left half of a picture to its right half"
        return f"the first from {first.source} to {first.image}"


def detect(
    folder: Path,
    kind: LayoutKind | Literal["auto"] = "auto",
    family: str | DatasetFamily = "auto",
    labels_from: LabelSource = "auto",
) -> Layout:
    """Find out how a folder is arranged, or arrange it as told.

    Raises BadInput where the folder is missing or holds no image of a supported format.
    """
    listing = scan(folder)
    if not listing.images:
        raise nothing_usable(folder, listing.problems)
    chosen = choose_family(family, listing.images) if isinstance(family, str) else family
    pictures = tuple(file for file in listing.images if not is_volume_file(file))
    pairing = pair_masks(pictures, chosen.structure, chosen.structures)
    # A DICOM slice that has a mask of its own, or a source, is a picture.
    apart = set(pictures) if kind in {"masks", "pairs"} else masked_pictures(pairing)
    found = find_volumes(listing.root, listing.images, chosen.structures, apart)
    if kind == "volumes" or (found.volumes and kind not in {"masks", "pairs"}):
        return _labelled(_of_volumes(listing, found, chosen, "volumes" if kind == "auto" else kind), labels_from)
    listing = _without_volumes(listing, found)
    if not listing.images:  # labels of no image, volumes that may not be read
        raise nothing_usable(folder, listing.problems)
    kind = _kind_of(listing, pairing, chosen) if kind == "auto" else kind
    if kind == "masks":
        layout = _with_masks(listing, pairing, chosen)
    elif kind == "pairs":
        layout = _with_sources(listing, chosen)
    else:
        layout = _without_masks(listing, pairing, kind, chosen)
    layout = _with_readings(_labelled(layout, labels_from))
    return replace(layout, problems=(*layout.problems, *_folders_alike(layout))) if labels_from != "none" else layout


def nothing_usable(folder: Path, problems: Iterable[Problem]) -> BadInput:
    """The one line for a source of which nothing is left: how many files failed for which reason."""
    found = [problem for problem in problems if problem.left_out]
    shown = "; ".join(f"{problem.file}: {problem.reason}" for problem in found[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return BadInput(f"{folder}: no usable image ({shown or 'the folder is empty'}{more})")


def _kind_of(listing: Listing, pairing: Pairing, family: DatasetFamily) -> LayoutKind:
    if pairing.masks_of and not (family.labels and len(pairing.masks_of) < SHARE_MASKED * len(pairing.images)):
        return "masks"
    if are_pairs(listing.images):
        return "pairs"
    if len(set(_folder_labels({image: image.parent for image in listing.images}).values()) - {""}) > 1:
        return "classes"
    named = {family.label_of(image) for image in listing.images} - {""}
    return "classes" if len(named) > 1 else "images"


def _of_volumes(listing: Listing, found: FoundVolumes, family: DatasetFamily, kind: LayoutKind) -> Layout:
    """Volumes, and pictures beside them. Where some volumes have labels, what has none is named and left out; arranged
    as images or classes, labels are not used."""
    if not found.volumes:
        raise BadInput(f"{listing.root}: no volumes found; NIfTI, NRRD, MetaImage and DICOM series are read")
    volumes = found.volumes if kind == "volumes" else tuple(replace(volume, labels=()) for volume in found.volumes)
    items = [SourceItem(volume.files[0], volume=volume) for volume in volumes]
    items += [SourceItem(picture) for picture in found.pictures]
    problems = [*listing.problems, *found.problems]
    if any(volume.labels for volume in volumes):
        bare = [item for item in items if not (item.volume and item.volume.labels)]
        items = [item for item in items if item.volume and item.volume.labels]
        reason = "has no labels, others have; arranged as images, all would be taken, without masks"
        problems += [Problem(_name_of(item), "image_without_mask", reason) for item in bare]
    items.sort(key=lambda item: item.image)
    return Layout(listing.root, kind, family, tuple(items), (), tuple(problems))


def _without_volumes(listing: Listing, found: FoundVolumes) -> Listing:
    """The pictures of a folder; volumes, which fit into no arrangement of pictures with others, are named."""
    reason = "is a volume, which is not looked for in this arrangement"
    named = [Problem(volume.name, "not_supported", reason) for volume in found.volumes]
    return replace(listing, images=found.pictures, problems=(*listing.problems, *found.problems, *named))


def _name_of(item: SourceItem) -> str:
    return item.volume.name if item.volume else str(item.image)


def _with_masks(listing: Listing, pairing: Pairing, family: DatasetFamily) -> Layout:
    if not pairing.structures:
        raise BadInput(f"{listing.root}: no masks found; name their folder 'masks' or 'masks_<structure>'")
    items, problems = [], [*listing.problems, *pairing.problems]
    for image in pairing.images:
        masks = pairing.masks_of.get(image, {})
        missing = [structure for structure in pairing.structures if structure not in masks]
        if missing:
            which = f" of {', '.join(missing)}" if len(pairing.structures) > 1 else ""
            problems.append(Problem(str(image), "image_without_mask", f"has no mask{which}"))
        else:
            found = tuple(masks[structure] for structure in pairing.structures)
            items.append(SourceItem(image, found, joined=_joined(image, pairing)))
    return Layout(listing.root, "masks", family, tuple(items), pairing.structures, tuple(problems))


def _joined(image: PurePosixPath, pairing: Pairing) -> tuple[tuple[int, PurePosixPath], ...]:
    """Further masks of an image, each with the position of its structure."""
    return tuple(
        (position, mask)
        for position, structure in enumerate(pairing.structures)
        for mask in pairing.joined_to.get((image, structure), ())
    )


def _without_masks(listing: Listing, pairing: Pairing, kind: LayoutKind, family: DatasetFamily) -> Layout:
    """Images alone: all of them, or by their classes, of which masks of other images are none."""
    masks = {mask for found in pairing.masks_of.values() for mask in found.values()} if kind == "classes" else set()
    masks |= {mask for found in pairing.joined_to.values() for mask in found} if masks else set()
    images = [image for image in listing.images if image not in masks]
    problems = listing.problems
    if masks:
        reason = f"{len(masks)} masks not used: {len(pairing.masks_of)} of {len(images)} images have one; "
        reason += "arranged as images with masks, those alone would be taken"
        problems = (*problems, Problem(ALL_IMAGES, "masks_unused", reason))
    return Layout(listing.root, kind, family, tuple(map(SourceItem, images)), (), problems)


def _with_readings(layout: Layout) -> Layout:
    """Put the radiologists' readings to the images of a set that has any, and name those that say otherwise."""
    if not layout.family.readings:
        return layout
    items, problems = [], list(layout.problems)
    for item in layout.items:
        file = layout.family.reading_of(item.image)
        readable = file and not leads_out(layout.root / file, layout.root)
        reading = read_reading(layout.root / file) if file and readable else None
        items.append(replace(item, reading=reading))
        if reading and item.label and reading.contradicts(item.label):
            reason = f"its reading says {reading.finding[:60]!r}; its name says {item.label}, which counts"
            problems.append(Problem(str(item.image), "reading_differs", reason))
    count = sum(item.reading is not None for item in items)
    ignored = {f"{count} file{'s' if count > 1 else ''} ignored"}  # as the scan called them
    problems = [problem for problem in problems if problem.file != "*.txt" or problem.reason not in ignored]
    return replace(layout, items=tuple(items), problems=tuple(problems))


def _with_sources(listing: Listing, family: DatasetFamily) -> Layout:
    pairs = pair_images(listing.images)
    if not pairs.source_of:
        raise BadInput(
            f"{listing.root}: no source and image have the same name; put them into two folders, such as A and B, "
            "under the same names"
        )
    items = tuple(SourceItem(image, source=source) for image, source in pairs.source_of.items())
    return Layout(listing.root, "pairs", family, items, (), (*listing.problems, *pairs.problems))


def _labelled(layout: Layout, labels_from: LabelSource) -> Layout:
    """Give every item its class and its source's split; in the classes layout an item must have a class."""
    images = [item.image for item in layout.items]
    labels = _labels(layout, images, labels_from)
    items, problems = [], list(layout.problems)
    for item in layout.items:
        if layout.kind == "classes" and labels_from != "none" and not labels[item.image]:
            problems.append(Problem(str(item.image), "no_class", "neither its folder nor its name tells a class"))
        else:
            items.append(replace(item, label=labels[item.image], source_split=source_split(item.image.parent)))
    return replace(layout, items=tuple(items), problems=tuple(problems))


def _labels(layout: Layout, images: list[PurePosixPath], labels_from: LabelSource) -> dict[PurePosixPath, str]:
    # Of pairs, the folder that tells sources from images tells no class.
    folders = {image: role_of(image.parent)[1] if layout.kind == "pairs" else image.parent for image in images}
    by_folder = _folder_labels(folders)
    by_name = {image: layout.family.label_of(image) for image in images}
    if labels_from == "names":
        return by_name
    if labels_from == "none" or (layout.kind in {"images", "pairs", "volumes"} and labels_from == "auto"):
        return dict.fromkeys(images, "")
    folders_differ = len(set(by_folder.values()) - {""}) > 1
    own = layout.family.image_folder
    folders_tell = folders_differ and not (own and all(image.parent.name == own for image in images))
    if labels_from == "auto" and not folders_tell and any(by_name.values()):
        return by_name
    if layout.kind == "masks":
        return by_folder if folders_differ else dict.fromkeys(images, "")
    # The user says that folders are classes, and there is one folder: its name is the class.
    return by_folder if folders_differ else {image: (class_parts(folders[image]) or ("",))[-1] for image in images}


def _folder_labels(folders: Mapping[PurePosixPath, PurePosixPath]) -> dict[PurePosixPath, str]:
    """The class that each image's folder names: the first part of its path that not all folders share."""
    parts = {image: class_parts(folder) for image, folder in folders.items()}
    shared = _shared_beginning([part for part in parts.values() if part])
    return {image: (part[shared:] or ("",))[0] for image, part in parts.items()}


def _folders_alike(layout: Layout) -> list[Problem]:
    """A note for sibling folders whose names differ and yet tell the same class."""
    alike: dict[tuple[PurePosixPath, str, str], set[str]] = defaultdict(set)
    for folder in {folder for item in layout.items for folder in item.image.parents}:
        own = PurePosixPath(folder.name)
        for label in class_parts(own):
            alike[folder.parent, label, source_split(own)].add(folder.name)
    return [
        Problem(str(parent), "classes_alike", f"folders {', '.join(sorted(names))} count as one class, {label!r}")
        for (parent, label, _), names in sorted(alike.items())
        if len(names) > 1
    ]


def _shared_beginning(paths: list[tuple[str, ...]]) -> int:
    """How many leading parts all paths have in common."""
    columns = zip(*paths, strict=False)
    shared = 0
    for column in columns:
        if len(set(column)) > 1:
            break
        shared += 1
    return shared


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
