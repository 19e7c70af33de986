"""Label volumes: which number outlines which structure, and what they say about the voxels of an image."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medgan.data.folder_words import words
from medgan.data.problems import Unusable
from medgan.data.volumes.volume import Label, Volume, Voxels

DEFAULT = "mask"


@dataclass(frozen=True)
class LabelVolume:
    """A volume of whole numbers, 0 where nothing is labelled, and the labels found in it."""

    volume: Volume
    found: tuple[Label, ...]


@dataclass(frozen=True)
class Wanted:
    """One structure that the user asks for: by its name, or by the number that stands for it."""

    name: str
    number: int | None = None

    def is_met_by(self, label: Label) -> bool:
        return label.number == self.number if self.number is not None else label.name == self.name


def parse_wanted(text: str) -> tuple[Wanted, ...]:
    """`3=heart, 1=liver` or `heart, liver`; raises ValueError for what is neither."""
    wanted = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(?:(\d+)\s*=\s*)?(.*\S)", part)
        name = as_structure(match[2]) if match else ""
        if not match or not name or "=" in match[2] or name.isdigit():
            raise ValueError(f"{part!r} is neither a structure (heart) nor a label with its structure (3=heart)")
        wanted.append(Wanted(name, int(match[1]) if match[1] else None))
    return tuple(wanted)


def in_order_of_numbers(name: str) -> tuple[list[str], list[int]]:
    """Sorts `label_9` before `label_10`."""
    return re.findall(r"\D+", name), [int(digits) for digits in re.findall(r"\d+", name)]


def as_structure(name: str) -> str:
    """A name as that of a structure: `Left Lung` is `left_lung`."""
    return "_".join(words(name))


def label_volume(volume: Volume, named: Sequence[Label]) -> LabelVolume:
    """The labels that a volume holds, with the names that its file gives them, if any.

    Raises Unusable (mask_not_binary) where the voxels are no labels.
    """
    voxels = _whole_numbers(volume.voxels)
    layers = voxels[..., None] if voxels.ndim == 3 else voxels
    names = {(label.layer, label.number): as_structure(label.name) for label in named}
    found = tuple(
        Label(number, names.get((layer, number), ""), layer)
        for layer in range(layers.shape[-1])
        for number in _numbers(layers[..., layer])
    )
    return LabelVolume(replace(volume, voxels=voxels), found)


def with_names(found: Sequence[Label], hint: str, lone_hints: Collection[str]) -> tuple[Label, ...]:
    """Labels that have no name named by the hint (`lung`, or empty) and their number: `lung_2`, `label_2`.

    lone_hints: those of which one number is all that there is in any file; then the hint alone is the name.
    """
    base = as_structure(hint)

    def name(number: int) -> str:
        return base or DEFAULT if hint in lone_hints else f"{base or 'label'}_{number}"

    return tuple(label if label.name else replace(label, name=name(label.number)) for label in found)


def _whole_numbers(voxels: Voxels) -> Voxels:
    if voxels.dtype.kind == "f":
        whole = np.rint(voxels)
        if not np.array_equal(whole, voxels):
            raise Unusable("mask_not_binary", "holds fractions, not the whole numbers of labels")
        if whole.min() < 0 or whole.max() > 65535:
            raise Unusable("mask_not_binary", f"holds numbers from {whole.min():g} to {whole.max():g}, not labels")
        return whole.astype(np.uint16)
    if voxels.min() < 0:
        raise Unusable("mask_not_binary", f"holds negative numbers (lowest {voxels.min()}), not labels")
    return voxels


def _numbers(layer: Voxels) -> list[int]:
    """All numbers but 0 that occur."""
    counts = sum(np.bincount(part.reshape(-1), minlength=65536) for part in layer)  # by slices: counting copies them
    return [int(number) for number in np.flatnonzero(counts) if number]


def chosen(found: Sequence[Label], wanted: Sequence[Wanted]) -> dict[str, list[Label]]:
    """The labels of each structure: all that are found under their own names, or those that are wanted."""
    structures: dict[str, list[Label]] = {}
    for label in found:
        names = [want.name for want in wanted if want.is_met_by(label)] if wanted else [label.name]
        for name in names:
            structures.setdefault(name, []).append(label)
    return structures


def onto(labels: Volume, stored: Volume, turned: Volume) -> Voxels:
    """The labels at each voxel of an image, (k, j, i) or with layers: nearest neighbour, 0 beyond their border.

    stored, turned: the image as its file has it and as it is shown. Where the image or the labels do not say where
    they lie, voxel is matched to voxel. Raises Unusable (size_differs) where they cannot be matched.
    """
    if not (labels.placed and stored.placed):
        if labels.shape != stored.shape:
            sizes = f"{_by(labels)} voxels, its image {_by(stored)}"
            raise Unusable("size_differs", f"is {sizes}, and at least one of them does not say where it lies")
        labels = replace(labels, affine=stored.affine)
    to_labels = np.linalg.inv(labels.affine) @ turned.affine
    placed = _taken(labels.voxels, to_labels, turned.shape) if _is_along_axes(to_labels) else None
    if placed is None:
        placed = _interpolated(labels.voxels, to_labels, turned.shape)
    if labels.voxels.any() and not _overlap(to_labels, turned.shape, labels.shape):
        raise Unusable("size_differs", "lies elsewhere in the patient than its image")
    return placed


def masks_of(placed: Voxels, structures: Mapping[str, Sequence[Label]], names: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the structures lie at each pixel of a slice of labels: (h, w, structures), in the order of `names`."""
    layers = placed if placed.ndim == 3 else placed[..., None]
    masks = np.zeros((*layers.shape[:2], len(names)), bool)
    for place, name in enumerate(names):
        for label in structures.get(name, ()):
            masks[..., place] |= layers[..., label.layer] == label.number
    return masks


def _by(volume: Volume) -> str:
    return " x ".join(str(length) for length in reversed(volume.shape))


def _is_along_axes(to_labels: NDArray[np.float64]) -> bool:
    """Whether each axis of the labels follows one axis of the image, to a hundredth of a voxel over its length."""
    steps = np.abs(to_labels[:3, :3])
    largest = steps.max(axis=1, keepdims=True)
    return bool(((steps > 1e-5 * largest).sum(axis=1) == 1).all())


def _taken(voxels: Voxels, to_labels: NDArray[np.float64], shape: tuple[int, int, int]) -> Voxels:
    """Nearest neighbours axis by axis: fast, exact, and only as large as the result."""
    axes = [int(axis) for axis in np.abs(to_labels[:3, :3]).argmax(axis=1)]  # image axis of each label axis
    for axis, image_axis in enumerate(axes):
        at = np.rint(to_labels[axis, image_axis] * np.arange(shape[image_axis]) + to_labels[axis, 3]).astype(int)
        inside = (at >= 0) & (at < voxels.shape[axis])
        if not (inside.all() and np.array_equal(at, np.arange(voxels.shape[axis]))):
            voxels = np.take(voxels, np.where(inside, at, 0), axis)
            voxels[(slice(None),) * axis + (~inside,)] = 0
    order = [axes.index(image_axis) for image_axis in range(3)]
    return voxels.transpose(*order, *range(3, voxels.ndim))


def _interpolated(voxels: Voxels, to_labels: NDArray[np.float64], shape: tuple[int, int, int]) -> Voxels:
    from scipy import ndimage  # not while a form or a help text is waited for

    layers = voxels if voxels.ndim == 4 else voxels[..., None]
    matrix, offset = to_labels[:3, :3], to_labels[:3, 3]
    placed = [
        ndimage.affine_transform(layers[..., layer], matrix, offset, shape, order=0, cval=0)
        for layer in range(layers.shape[-1])
    ]
    return np.stack(placed, axis=-1) if voxels.ndim == 4 else placed[0]


def _overlap(to_labels: NDArray[np.float64], shape: tuple[int, int, int], labels: tuple[int, int, int]) -> bool:
    """Whether the boxes of image and labels meet, by the corners of the image."""
    ends = [(-0.5, length - 0.5) for length in shape]
    corners = np.array([[k, j, i, 1] for k in ends[0] for j in ends[1] for i in ends[2]]) @ to_labels.T
    low, high = corners[:, :3].min(axis=0), corners[:, :3].max(axis=0)
    return bool(((high > -0.5) & (low < np.array(labels) - 0.5)).all())
