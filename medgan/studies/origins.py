"""What a synthetic set is drawn from: noise alone, class numbers, masks or images of a data set, or synthetic masks."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from medgan.common.errors import BadInput
from medgan.common.stored import open_bytes, read_table
from medgan.data.dataset import PreparedDataset
from medgan.studies.marks import accepted
from medgan.training.conditions import Conditions, of_classes, of_items
from medgan.training.deform import Deformation
from medgan.training.run import Run

if TYPE_CHECKING:  # which draws from an origin
    from medgan.studies.synthesis import SyntheticSet

SourcePart = Literal["train", "validation", "test", "all"]


@dataclass(frozen=True)
class Origin:
    """Conditions with what is to be said about them."""

    conditions: Conditions | None = None
    """None where noise is enough."""
    drawn_label: str = ""
    """Class of every image; empty where they have none or several."""
    classes: tuple[str, ...] = ()
    """Classes that are drawn in turn."""
    name: str = ""
    """Name of the data set or synthetic set drawn from."""
    parents: tuple[str, ...] = ()
    """Its id."""
    part: str = ""
    """Part of the data set that was drawn from, also at second hand; empty for noise."""

    def label(self, index: int) -> str:
        """Class of image number `index`."""
        return self.classes[index % len(self.classes)] if self.classes else self.drawn_label

    def item(self, index: int) -> str:
        """Id of the item that image number `index` is drawn from; empty where it is drawn from noise."""
        return self.conditions.name(index) if self.conditions else ""


def label_of(run: Run) -> str:
    """The class of a run's images: its only one, or empty where it was trained on several or on none."""
    classes = run.record.data.classes
    return run.config.label or (classes[0] if len(classes) == 1 else "")


def deformed(origin: Origin, run: Run, strength: float, seed: int) -> Origin:
    """The same origin with its masks elastically deformed, another way for each image number of a seed.

    strength: in share of the side, 0 for none. Raises BadInput where the run is not given masks.
    """
    if not strength:
        return origin
    if origin.conditions is None or origin.conditions.part != "masks":
        raise BadInput(f"run {run.name!r} draws from no masks, and only masks can be deformed: leave out deform")
    return replace(origin, conditions=replace(origin.conditions, deformation=Deformation(strength, seed)))


def origin_of(run: Run, source: str = "", part: SourcePart = "train", label: str = "") -> Origin:
    """Where a run draws from; raises BadInput where it cannot, or where an option does not belong to it."""
    given = run.config.model.parts.given
    if not given:
        if source or label or part != "train":
            raise BadInput(f"run {run.name!r} draws from noise alone: leave out source, part and label")
        return Origin(drawn_label=label_of(run))
    if given == ("labels",):
        return _of_classes(run, source, label)
    if source and (synthetic := _set_of(source)) is not None:
        if label or part != "train":
            raise BadInput(f"{source!r} is a synthetic set and is drawn from whole: leave out part and label")
        return _of_set(run, source, synthetic)
    try:
        dataset = PreparedDataset.open(source or run.record.dataset_id)
    except BadInput as error:
        raise BadInput(f"run {run.name!r} draws from {' or '.join(given)}: say from which data set ({error})") from None
    return _of_dataset(run, dataset, part, label)


def _of_classes(run: Run, source: str, label: str) -> Origin:
    if source:
        raise BadInput(f"run {run.name!r} draws from noise and a class: leave out source")
    classes = run.record.data.classes
    if not label:
        return Origin(of_classes(len(classes)), classes=classes)
    if label not in classes:
        raise BadInput(f"run {run.name!r} has no class {label!r} (there is: {', '.join(classes)})")
    return Origin(Conditions("labels", np.arange(len(classes)), np.array([classes.index(label)])), drawn_label=label)


def _of_dataset(run: Run, dataset: PreparedDataset, part: SourcePart, label: str) -> Origin:
    """Items of a data set; of two domains, those of the class to translate from."""
    given, classes = run.config.model.parts.given, run.record.data.classes
    split = None if part == "all" else part
    if len(given) == 1:
        chosen = dataset.indices(split, label or (run.config.label if run.config.label in dataset.classes else None))
        drawn_label, condition = label or label_of(run), given[0]
    else:
        label = label or classes[0]
        if label not in classes:
            raise BadInput(f"run {run.name!r} translates between {' and '.join(classes)}, not from {label!r}")
        chosen = dataset.indices(split, label if label in dataset.classes else None)
        condition = given[classes.index(label)]
        drawn_label = classes[1 - classes.index(label)]
    if len(chosen) == 0:
        raise BadInput(f"data set {dataset.name}: its part {part!r} has no such items; choose another part")
    check_fit(run, condition, dataset)
    conditions = of_items(dataset, condition, chosen)
    return Origin(conditions, drawn_label, name=dataset.name, parents=(dataset.id,), part=part)


def check_fit(run: Run, part: str, dataset: PreparedDataset) -> None:
    """Raise BadInput where a data set's parts are not like those that the run learned from."""
    data = run.record.data
    if part == "masks" and dataset.structures and len(dataset.structures) != len(data.structures):
        raise BadInput(
            f"data set {dataset.name} has masks of {', '.join(dataset.structures)}; "
            f"run {run.name!r} draws from masks of {', '.join(data.structures)}"
        )
    wanted = data.source_channels if part == "sources" else data.channels
    there = (dataset.source_channels or dataset.channels) if part == "sources" else dataset.channels
    if part != "masks" and there != wanted:
        kinds = {1: "grey", 3: "colour"}
        raise BadInput(
            f"data set {dataset.name} has {kinds[there]} images; run {run.name!r} learned from {kinds[wanted]} ones"
        )


def _set_of(source: str) -> "SyntheticSet | None":
    """The synthetic set of that name or id; None where there is none."""
    from medgan.studies.synthesis import SyntheticSet  # which imports this file

    try:
        return SyntheticSet.open(source)
    except BadInput:
        return None


def _of_set(run: Run, source: str, synthetic: "SyntheticSet") -> Origin:
    """The masks of a synthetic set, such as a mask GAN drew, but for those that a person rejected."""
    folder, manifest = synthetic.folder, synthetic.manifest
    if run.config.model.parts.given != ("masks",) or not (folder / "masks.npy").exists():
        raise BadInput(f"run {run.name!r} cannot draw from the synthetic set {source!r}: it needs a set with masks")
    rows = open_bytes(folder / "masks.npy")
    if rows.shape[3] != len(run.record.data.structures):
        raise BadInput(f"set {source!r} has masks of {rows.shape[3]} structures, run {run.name!r} needs another number")
    chosen = accepted(synthetic)
    if not len(chosen):
        raise BadInput(f"set {source!r}: every one of its masks was rejected; take marks back, or draw another set")
    names = tuple(read_table(folder / "items.parquet")["file"].iloc[chosen])
    conditions = Conditions("masks", rows, chosen, names)
    part = str(manifest.summary.get("part", ""))
    return Origin(conditions, label_of(run), name=manifest.name, parents=(manifest.id,), part=part)
