"""Images for the arms of a study: real ones by part, synthetic ones by dose, never a test image in training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from medgan.common.errors import BadInput
from medgan.common.repro import derive_seed
from medgan.data.dataset import PreparedDataset
from medgan.studies.ancestry import check_no_leak
from medgan.studies.arms import Arm
from medgan.studies.marks import accepted
from medgan.studies.synthesis import SyntheticSet

Uint8 = NDArray[np.uint8]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Some:
    """Images with what belongs to them."""

    images: Uint8
    masks: Uint8 | None
    labels: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def joined(cls, pieces: Sequence["Some"]) -> "Some":
        masks = [piece.masks for piece in pieces if piece.masks is not None]
        images, labels = (np.concatenate(found) for found in zip(*((p.images, p.labels) for p in pieces), strict=True))
        return cls(images, np.concatenate(masks) if masks else None, labels)


@dataclass(frozen=True)
class Material:
    """A data set and the synthetic sets of a study; opening it refuses sets that test images went into."""

    dataset: PreparedDataset
    sets: dict[str, SyntheticSet]
    with_masks: bool
    seed: int
    notes: tuple[str, ...] = field(default=())
    """What cannot be told of the sets' origin."""
    accepted: dict[str, Int64] = field(default_factory=dict)
    """Indices of the images of each set that no person rejected: as they were marked when this was opened."""

    @classmethod
    def open(cls, dataset: PreparedDataset, arms: Sequence[Arm], *, with_masks: bool, seed: int) -> "Material":
        """Raises BadInput where a set is gone, does not fit, or was made from test or validation images."""
        ids = list(dict.fromkeys(id for arm in arms for id in arm.sets))
        sets = {id: SyntheticSet.open(id) for id in ids}
        notes: list[str] = []
        for synthetic in sets.values():
            notes += check_no_leak(synthetic, dataset)
            _check_fit(synthetic, dataset, with_masks=with_masks)
        _check_parts(dataset)
        unrejected = {id: accepted(synthetic) for id, synthetic in sets.items()}
        return cls(dataset, sets, with_masks, seed, tuple(dict.fromkeys(notes)), unrejected)

    @cached_property
    def _labels(self) -> NDArray[np.str_]:
        return self.dataset.items["label"].fillna("").to_numpy(dtype=str)

    def part(self, split: str) -> Some:
        """All real images of a part."""
        return self._real(self.dataset.indices(split))

    def _real(self, rows: Int64) -> Some:
        masks = self.dataset.masks if self.with_masks else None
        return Some(self.dataset.images[rows], None if masks is None else masks[rows], self._labels[rows])

    @property
    def patients(self) -> NDArray[np.str_]:
        """Patient of each test image."""
        return self.dataset.items["patient_id"].to_numpy(dtype=str)[self.dataset.indices("test")]

    def real_of(self, arm: Arm) -> Some:
        """The real training images of an arm; a share of them is drawn by patient, the same for every arm and seed."""
        rows = self.dataset.indices("train")
        if arm.real_share < 1:
            rows = self._share(rows, arm.real_share)
        return self._real(rows)

    def _share(self, rows: Int64, share: float) -> Int64:
        """Of each class patients until about a share of its images is reached; a larger share holds a smaller one."""
        patients = self.dataset.items["patient_id"].to_numpy(dtype=str)[rows]
        labels = self._labels[rows]
        rng = np.random.default_rng(derive_seed(self.seed, "share"))
        rank = {name: place for place, name in enumerate(rng.permutation(np.unique(patients)))}
        order = np.argsort([rank[name] for name in patients], kind="stable")
        chosen = [
            order[labels[order] == label][: max(1, round(share * (labels == label).sum()))] for label in set(labels)
        ]
        return np.sort(rows[np.concatenate(chosen)])

    def synthetic_of(self, arm: Arm) -> Some:
        """The synthetic images of an arm: of each class the dose times the arm's real images.

        Sets that are used together take turns. Images that a person rejected are left out. Raises BadInput where the
        sets hold fewer, or images of a class that the data set does not have.
        """
        real = self.real_of(arm)
        pools = [self._pool(self.sets[id]) for id in arm.sets]
        pool = Some.joined(pools)
        if not len(pool):
            raise BadInput(f"{arm.name}: every synthetic image was rejected; take marks back, or draw another set")
        in_turn = _in_turn([len(each) for each in pools])
        if self.with_masks:
            return _first(pool, in_turn, round(arm.dose * len(real)), arm)
        unknown = set(pool.labels) - set(real.labels)
        if unknown:
            raise BadInput(f"{arm.name}: its synthetic images are of class {', '.join(sorted(unknown)) or 'unknown'}, "
                           f"which {self.dataset.name} does not have")  # fmt: skip
        pieces = []
        for label in sorted(set(pool.labels)):
            rows = in_turn[pool.labels[in_turn] == label]
            pieces.append(_first(pool, rows, round(arm.dose * int((real.labels == label).sum())), arm, label))
        return Some.joined(pieces)

    @property
    def left_out(self) -> tuple[str, ...]:
        """In words, how many images of each set a person rejected."""
        words = []
        for id, synthetic in self.sets.items():
            count, rejected = len(synthetic), len(synthetic) - len(self.accepted[id])
            if rejected:
                words.append(
                    f"set {synthetic.name}: {rejected:,} of {count:,} images, which a person rejected, left out"
                )
        return tuple(words)

    def _pool(self, synthetic: SyntheticSet) -> Some:
        """Images of a set that no person rejected, at the data set's size."""
        rows = self.accepted[synthetic.id]
        images, masks = synthetic.drawn.images, synthetic.drawn.masks
        assert images is not None
        labels = synthetic.items["label"].fillna("").to_numpy(dtype=str)[rows]
        size = self.dataset.size
        shown = None if masks is None or not self.with_masks else (at_size(masks[rows] * np.uint8(255), size) >= 128)
        return Some(at_size(images[rows], size), None if shown is None else shown.astype(np.uint8), labels)


def _in_turn(counts: Sequence[int]) -> Int64:
    """Rows of pools that lie one behind the other, (sum of counts,), one from each pool in turn while it lasts."""
    places = np.concatenate([np.arange(count) for count in counts])
    return np.argsort(places, kind="stable").astype(np.int64)


def _first(pool: Some, rows: Int64, count: int, arm: Arm, label: str = "") -> Some:
    """The first so many of the pool's rows; raises BadInput where there are fewer."""
    if count > len(rows):
        of_class = f" of class {label}" if label else ""
        raise BadInput(
            f"{arm.name}: the dose {arm.dose:.0%} takes {count:,} synthetic images{of_class}, there are {len(rows):,}; "
            "generate more, or give a smaller dose"
        )
    chosen = np.sort(rows[: max(1, count)])
    return Some(pool.images[chosen], None if pool.masks is None else pool.masks[chosen], pool.labels[chosen])


def _check_parts(dataset: PreparedDataset) -> None:
    """Raise BadInput where a data set's parts cannot carry a study."""
    test = dataset.indices("test")
    if not len(test) or not len(dataset.indices("validation")):
        raise BadInput(f"data set {dataset.name}: a study needs a validation and a test part; prepare it with both")
    if dataset.items["patient_id"].iloc[test].nunique() < 2:
        raise BadInput(f"data set {dataset.name}: its test part has one patient, a study needs more to compare arms")


def _check_fit(synthetic: SyntheticSet, dataset: PreparedDataset, *, with_masks: bool) -> None:
    """Raise BadInput where a set's images are not like the data set's."""
    images = synthetic.drawn.images
    if images is None:
        raise BadInput(f"set {synthetic.name}: holds masks alone; have images painted into them first")
    if images.shape[3] != dataset.channels:
        kinds = {1: "grey", 3: "colour"}
        raise BadInput(
            f"set {synthetic.name} has {kinds[images.shape[3]]} images, data set {dataset.name} "
            f"{kinds[dataset.channels]} ones"
        )
    if with_masks and len(synthetic.structures) != len(dataset.structures):
        raise BadInput(
            f"set {synthetic.name} has masks of {', '.join(synthetic.structures) or 'nothing'}, data set "
            f"{dataset.name} of {', '.join(dataset.structures)}"
        )
    if with_masks and len(dataset.structures) > 1 and synthetic.structures != dataset.structures:
        raise BadInput(
            f"set {synthetic.name} has masks of {', '.join(synthetic.structures)}, data set {dataset.name} of "
            f"{', '.join(dataset.structures)}: several structures have to be the same, in the same order"
        )


def at_size(images: Uint8, size: int) -> Uint8:
    """Pictures (n, h, w, c) brought to a side, antialiased where they shrink."""
    if images.shape[1] == size:
        return np.asarray(images)
    if not len(images):
        return np.empty((0, size, size, images.shape[3]), np.uint8)
    tensor = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
    resized = interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return np.asarray(resized.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy())
