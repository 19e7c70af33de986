"""The published comparison's experiments as presets: a row a table that has an experiment behind it.

Each is carried out at its published scale, or `quick`: fewer epochs and seeds, for data sets of 64 pixels, minutes on
two cores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.metrics.pictures import Part
from medgan.metrics.spaces import SPACES
from medgan.studies.arms import groups_of
from medgan.studies.published import published
from medgan.studies.quality import QualityConfig, quality_config
from medgan.studies.study import StudyConfig, study_config

NO_EXPERIMENT = {"4.6": "table 4.6 lists models; nothing was measured for it, so it has no experiment"}
SKIPPED = "none"
"""Typed in place of a set that is not at hand."""


@dataclass(frozen=True)
class Sizes:
    """The images behind a published table; 0 where the source does not tell."""

    pixels: int
    """Side of an image."""
    train: int = 0
    validation: int = 0
    test: int = 0
    synthetic: int = 0
    """Synthetic images that were scored."""


@dataclass(frozen=True)
class Experiment:
    """A row of the table of experiments."""

    table: str
    kind: Literal["classification", "segmentation", "quality"]
    sets: tuple[str, ...]
    """What the synthetic sets stand for, in the order in which they are given."""
    sizes: Sizes
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the study; those of QualityConfig for a quality table."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Options of the classifier or segmenter."""
    quick: Mapping[str, Any] = field(default_factory=dict)
    """What is different in the quick version: options of the study or report."""
    quick_training: Mapping[str, Any] = field(default_factory=dict)
    space: str = "inception"
    """Feature space of the published scores."""
    cells: Mapping[str, tuple[str, Part]] = field(default_factory=dict)
    """For a quality table, which set and part each published row is about; row k is about the images of set k where
    nothing is said."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return f"thesis-{self.table.replace('_', '-')}"

    @property
    def title(self) -> str:
        return published(self.table).title


CLASSIFIER = {"learning_rate": 0.0002, "dropout": 0.4, "epochs": 100, "batch_size": 16}
SEGMENTER = {"learning_rate": 0.001, "dropout": 0.4, "epochs": 100, "patience": 15}
DOSE = (1000 / 2076,)
FULL, QUICK_SEGMENTER = {"seeds": 10}, {"epochs": 15, "patience": 5}
TUBERCULOSIS = Sizes(256, train=721, validation=79, test=79)
MELANOMA = Sizes(128, train=2076, validation=518, test=100)
CYCLEGANS = ("cyclegan rf46", "cyclegan rf22", "cyclegan rf10")
PIX2PIX = ("pix2pix 1", "pix2pix 2", "pix2pix 3", "pix2pix 4")
IMAGES_AND_MASKS: dict[str, tuple[str, Part]] = {
    "ct images": ("chest CT", "images"),
    "ct combined": ("chest CT", "combined"),
    "melanoma images": ("melanoma", "images"),
    "melanoma masks": ("melanoma", "masks"),
    "melanoma combined": ("melanoma", "combined"),
}

_ROWS = (
    Experiment(
        "3.1", "quality", tuple(f"{gan} {label}" for gan in CYCLEGANS for label in ("normal", "abnormal")),
        Sizes(256, train=721, synthetic=2000), {"part": "images"}, quick={"resamples": 50},
    ),
    Experiment(
        "3.2", "quality",
        ("tuberculosis normal", "tuberculosis abnormal", "viral pneumonia", "chest CT", "melanoma"),
        Sizes(256, synthetic=2000), {"part": "all"}, quick={"resamples": 50},
        cells={
            "tuberculosis normal": ("tuberculosis normal", "images"),
            "tuberculosis abnormal": ("tuberculosis abnormal", "images"),
            "viral pneumonia": ("viral pneumonia", "images"),
            **IMAGES_AND_MASKS,
        },
    ),
    Experiment(
        "4.1", "classification", (), TUBERCULOSIS, {"grid": True, **FULL}, CLASSIFIER,
        {"seeds": 3, "resamples": 999}, {"epochs": 20},
    ),
    Experiment(
        "4.2", "classification", ("fastgan", *CYCLEGANS), TUBERCULOSIS, {"doses": (0.5,), **FULL}, CLASSIFIER,
        {"seeds": 5, "resamples": 999}, {"epochs": 30},
    ),
    Experiment(
        "4.3", "segmentation", ("fastgan",), Sizes(256, train=2076, validation=518, test=100),
        {"doses": DOSE, **FULL}, {"network": "unet", **SEGMENTER}, {"seeds": 3, "resamples": 999}, QUICK_SEGMENTER,
    ),
    Experiment(
        "4.4", "quality", ("dcgan",), Sizes(64, train=721), {"part": "images"}, quick={"resamples": 50},
        space="vgg16",
    ),
    Experiment(
        "4.5", "classification", (), TUBERCULOSIS, {"classical": True, **FULL}, {**CLASSIFIER, "epochs": 1000},
        {"seeds": 5, "resamples": 999}, {"epochs": 60},
    ),
    Experiment(
        "4.7", "quality", (*PIX2PIX, "pix2pix 7"), Sizes(128, train=2076, synthetic=2000), {"part": "images"},
        quick={"resamples": 50},
    ),
    Experiment(
        "4.8", "segmentation", (), MELANOMA, {"grid": True, **FULL}, {"network": "pix2pix", **SEGMENTER},
        {"seeds": 3, "resamples": 999}, {"epochs": 8, "patience": 4},
    ),
    Experiment(
        "4.9", "segmentation", PIX2PIX, MELANOMA, {"classical": True, "doses": DOSE, **FULL},
        {"network": "pix2pix", **SEGMENTER}, {"seeds": 3, "resamples": 999}, QUICK_SEGMENTER,
    ),
    Experiment(
        "4.10", "quality", ("pix2pix 1",), Sizes(256, train=160, synthetic=2000), {"part": "images"},
        quick={"resamples": 50},
    ),
    Experiment(
        "mask_dcgan", "quality", ("dcgan, 100 epochs", "dcgan, 200 epochs"), Sizes(128, train=2076, synthetic=2594),
        {"part": "masks"}, quick={"resamples": 50},
    ),
)  # fmt: skip
THESIS: dict[str, Experiment] = {row.name: row for row in _ROWS}
FREE = ("name", "seeds", "first_seed", "resamples", "doses", "positive", "classifier", "segmenter")
"""Options of a study that may differ from the preset's; what differs is told beside the published figures."""


def experiment(name: str) -> Experiment:
    """The experiment of that name, such as `thesis-4.2` or `4.2`; raises BadInput that lists what there is."""
    number = name.removeprefix("thesis-")
    if number in NO_EXPERIMENT:
        raise BadInput(f"{NO_EXPERIMENT[number]}; its models are presets of `train pix2pix`")
    found = THESIS.get(f"thesis-{number.replace('_', '-')}")
    if found is None:
        raise BadInput(f"no preset {name!r} (there is: {', '.join(THESIS)})")
    return found


def thesis_study(
    chosen: Experiment, dataset: str, sets: Sequence[str] = (), *, quick: bool = False, **options: Any
) -> StudyConfig:
    """A study's config for an experiment that trains classifiers or segmenters.

    `sets` stand for `chosen.sets` in their order, `none` for one that is not at hand. Options of `FREE` may be given;
    `classifier` and `segmenter` hold some of their options. Raises BadInput where sets or options do not fit.
    """
    if chosen.kind == "quality":
        raise BadInput(f"{chosen.name} scores sets and trains nothing")
    fixed = sorted(set(options) - set(FREE))
    if fixed:
        raise BadInput(f"{fixed[0]}: {chosen.name} fixes it; leave it out, or make a study of your own")
    given = dict(_given(chosen, sets))
    if chosen.sets and not given:
        raise BadInput(f"{chosen.name} needs a synthetic set at least: {_order(chosen)}")
    section = "classifier" if chosen.kind == "classification" else "segmenter"
    training = {**chosen.training, **(chosen.quick_training if quick else {}), **options.pop(section, {})}
    values = {**chosen.options, **(chosen.quick if quick else {}), **options, section: training}
    values |= {"task": chosen.kind, "preset": chosen.name, "quick": quick, "places": tuple(given)}
    if len(values.get("doses", (1.0,))) != 1:
        raise BadInput(f"doses: {chosen.name} takes one dose")
    return study_config(dataset, sets=tuple(given.values()), **values)


def thesis_quality(
    chosen: Experiment,
    datasets: Sequence[str],
    sets: Sequence[str] = (),
    *,
    quick: bool = False,
    space: str = "",
    **options: Any,
) -> dict[str, QualityConfig]:
    """Configs of quality reports, by what their sets stand for; several where two classes are joined by `+`.

    One of `datasets` serves all sets, or there is one for each. Without the weights of the published feature space
    another takes its place, whose scores have names of their own. Raises BadInput where sets or data do not fit.
    """
    if chosen.kind != "quality":
        raise BadInput(f"{chosen.name} trains networks; it is a study")
    against = _one_each(chosen, datasets)
    values = {**chosen.options, **(chosen.quick if quick else {}), **options}
    found = {}
    for place, group in _given(chosen, sets):
        for id in groups_of([group])[0]:
            dataset = PreparedDataset.open(against[place])
            name = place if id == group else f"{place}: {id}"
            found[name] = quality_config(id, dataset.id, space=space or space_at_hand(chosen), **values)
    if not found:
        raise BadInput(f"{chosen.name} needs a synthetic set at least: {_order(chosen)}")
    return found


def space_at_hand(chosen: Experiment) -> str:
    """The published feature space where its weights are here, else the first network that is, else radiomic."""
    candidates = (chosen.space, "vgg16", "mobilenet_v2", "squeezenet1_0", "radiomic")
    return next(name for name in candidates if SPACES[name].present)


def _given(chosen: Experiment, sets: Sequence[str]) -> list[tuple[str, str]]:
    """What each given set stands for; raises BadInput where their number does not fit."""
    if not chosen.sets and sets:
        raise BadInput(f"sets: {chosen.name} trains on real images alone")
    if len(sets) != len(chosen.sets):
        raise BadInput(f"sets: {chosen.name} takes {len(chosen.sets)} (given: {len(sets)}): {_order(chosen)}")
    return [(place, name) for place, name in zip(chosen.sets, sets, strict=True) if name != SKIPPED]


def _order(chosen: Experiment) -> str:
    return f"{', '.join(chosen.sets)}, in this order; none for one that you do not have, a+b for sets of two classes"


def _one_each(chosen: Experiment, datasets: Sequence[str]) -> dict[str, str]:
    if len(datasets) not in {1, len(chosen.sets)}:
        raise BadInput(f"dataset: {chosen.name} takes one, or one for each of {', '.join(chosen.sets)}, in this order")
    each = list(datasets) * len(chosen.sets) if len(datasets) == 1 else datasets
    return dict(zip(chosen.sets, each, strict=True))
