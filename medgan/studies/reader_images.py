"""Which images a reader study shows: half synthetic, half real, the same number of both from every class."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.common.repro import derive_seed
from medgan.data.dataset import PreparedDataset
from medgan.studies.ancestry import ancestry_of, notes_on, sighting_words, test_images_seen
from medgan.studies.marks import accepted
from medgan.studies.origins import SourcePart
from medgan.studies.synthesis import SyntheticSet

Uint8 = NDArray[np.uint8]
Int64 = NDArray[np.int64]
REAL, SYNTHETIC = "real", "synthetic"
COLUMNS = ("truth", "label", "gan", "source", "source_name", "source_item")


@dataclass(frozen=True)
class ReaderImages:
    """The images of a session in an order that tells nothing, and what each of them is."""

    images: Uint8
    """(images, size, size, channels); real and synthetic ones alike in size, channels and type."""
    items: pd.DataFrame
    """One row an image: truth (real or synthetic), label, gan (empty for real), id and name of the data set or
    synthetic set it is from, and its id or file there."""


@dataclass(frozen=True)
class Source:
    """The real and synthetic images that a session may show."""

    dataset: PreparedDataset
    part: SourcePart
    sets: tuple[SyntheticSet, ...]
    seed: int

    def draw(self, count: int) -> ReaderImages:
        """Draw `count` images, half of them synthetic, the sets in equal shares; no image and no copy of it twice.

        Real images are of the classes of the synthetic ones, and of as many patients as there are. Raises BadInput
        where sets and data set do not fit or hold too few.
        """
        self.check()
        shares = [self._share(place, count) for place in range(len(self.sets))]
        synthetic = [pair for one, share in zip(self.sets, shares, strict=True) for pair in self._of_set(one, share)]
        wanted = Counter(str(row["label"]) for _, row in synthetic)
        both = synthetic + list(self._real(wanted))
        order = np.random.default_rng(derive_seed(self.seed, "blind")).permutation(len(both))
        images = np.stack([both[place][0] for place in order])
        return ReaderImages(images, pd.DataFrame([both[place][1] for place in order], columns=list(COLUMNS)))

    def check(self) -> None:
        """Raise BadInput where a set's images could be told from the real ones by their size, colour or class."""
        if not self.sets:
            raise BadInput("a reader study needs a synthetic set: choose one or more")
        for synthetic in self.sets:
            _check_fit(synthetic, self.dataset)

    @property
    def notes(self) -> tuple[str, ...]:
        """What else may give an image away, a sentence each; for the organiser."""
        found = []
        for synthetic in self.sets:
            learned_from = ancestry_of(synthetic).learned_from
            if not (isinstance(learned_from, PreparedDataset) and learned_from.id == self.dataset.id):
                found.append(
                    f"Set {synthetic.name}: its GAN did not learn from {self.dataset.name}, as far as is known. Its "
                    "images may be told from the real ones by how these were taken or prepared."
                )
            found.extend(self._seen(synthetic))
        if self.part in ("train", "all"):
            found.append(
                "Real images are also from the training part: a copy of one may stand beside it as a synthetic image."
            )
        return tuple(found)

    def _seen(self, synthetic: SyntheticSet) -> Iterator[str]:
        """Which real images went into a set, as through another preparation of the same files, and what nobody knows.

        Of the training part there is nothing to look up: see `notes`.
        """
        if self.part == "train":
            return
        try:
            for sighting in test_images_seen(synthetic, self.dataset):
                if {"test": sighting.test, "validation": sighting.validation}.get(self.part, 1):
                    yield (
                        f"Set {synthetic.name}: {sighting_words(synthetic, sighting)} of {self.dataset.name}. A copy "
                        "of one may stand beside it as a synthetic image."
                    )
        except BadInput as error:
            yield str(error)
        yield from notes_on(synthetic)

    def _share(self, place: int, count: int) -> int:
        """How many images set number `place` gives: the first ones give one more where it does not come out even."""
        half, sets = count // 2, len(self.sets)
        return half // sets + (place < half % sets)

    def _of_set(self, synthetic: SyntheticSet, count: int) -> list[tuple[Uint8, dict[str, str]]]:
        """Images of a set that nobody rejected, its classes in equal shares as far as they reach."""
        images, items = synthetic.drawn.pictures, synthetic.items
        rng = np.random.default_rng(derive_seed(self.seed, synthetic.id))
        rows = _first_of_each(images, rng.permutation(accepted(synthetic)))
        if len(rows) < count:
            raise BadInput(
                f"set {synthetic.name} has {len(rows):,} different images that were not rejected, {count:,} are "
                "needed; generate more, or ask for fewer images"
            )
        labels = items["label"].fillna("").to_numpy(dtype=str)
        chosen = _in_turn(rows, labels)[:count]
        facts = {"gan": synthetic.manifest.summary["gan"], "source": synthetic.id, "source_name": synthetic.name}
        return [
            (images[row], {"truth": SYNTHETIC, "label": labels[row], "source_item": items["file"][row], **facts})
            for row in chosen
        ]

    def _real(self, wanted: Counter[str]) -> Iterator[tuple[Uint8, dict[str, str]]]:
        """So many real images of each class; of a class without a name, any."""
        items = self.dataset.items
        labels = items["label"].fillna("").to_numpy(dtype=str)
        facts = {"truth": REAL, "gan": "", "source": self.dataset.id, "source_name": self.dataset.name}
        taken: set[int] = set()
        for label in sorted(wanted, reverse=True):  # the class without a name last: it takes what is left
            rows = [row for row in self._candidates(label) if row not in taken]
            if len(rows) < wanted[label]:
                raise self._too_few(label, len(rows), wanted[label])
            taken |= set(rows[: wanted[label]])
            for row in rows[: wanted[label]]:
                yield self.dataset.images[row], {"label": labels[row], "source_item": str(items["id"][row]), **facts}

    def _candidates(self, label: str) -> list[int]:
        """Real images of a class at random, no image twice, other patients before a patient's second image."""
        rows = self.dataset.indices(None if self.part == "all" else self.part, label or None)
        shuffled = np.random.default_rng(derive_seed(self.seed, "real", label)).permutation(rows)
        table = self.dataset.items.loc[shuffled, ["patient_id", "pixels_sha256"]]
        pixels = table["pixels_sha256"]
        table = table[~(pixels.duplicated() & (pixels != ""))]
        nth_of_patient = table.groupby("patient_id").cumcount()
        return [int(row) for row in nth_of_patient.sort_values(kind="stable").index]

    def _too_few(self, label: str, there: int, wanted: int) -> BadInput:
        of_class = f" of class {label}" if label else ""
        return BadInput(
            f"data set {self.dataset.name}: its {self.part} part has {there:,} images{of_class}, {wanted:,} are "
            "needed; ask for fewer images, or take real images from another part"
        )


def _check_fit(synthetic: SyntheticSet, dataset: PreparedDataset) -> None:
    images = synthetic.drawn.images
    if images is None:
        raise BadInput(f"set {synthetic.name} holds masks alone; readers judge images")
    if images.shape[1:] != (dataset.size, dataset.size, dataset.channels):
        raise BadInput(
            f"set {synthetic.name} has images of {_form(images.shape[1], images.shape[3])}, data set {dataset.name} of "
            f"{_form(dataset.size, dataset.channels)}: they would give themselves away; prepare the data set alike"
        )
    unknown = sorted(synthetic.labels - {"", *dataset.classes})
    if unknown:
        raise BadInput(f"set {synthetic.name} shows {', '.join(unknown)}; data set {dataset.name} has no such class")


def _form(size: int, channels: int) -> str:
    return f"{size} pixels in {'grey' if channels == 1 else 'colour'}"


def _first_of_each(images: Uint8, rows: Int64) -> Int64:
    """The rows without those whose image is among the earlier ones."""
    first = {hashlib.blake2b(images[row].tobytes(), digest_size=16).digest(): row for row in rows[::-1]}
    return rows[np.isin(rows, list(first.values()))]


def _in_turn(rows: Int64, labels: Sequence[str] | NDArray[np.str_]) -> Int64:
    """The rows ordered so that classes take turns."""
    table = pd.Series([str(labels[row]) for row in rows], index=rows, dtype=object)
    return table.groupby(table).cumcount().sort_values(kind="stable").index.to_numpy(np.int64)
