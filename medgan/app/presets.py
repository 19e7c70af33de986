"""The presets of a GAN as a form needs them: which can be had, what they set, and whether they fit some data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from medgan.app.words import counted
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.models.content import DRAWN
from medgan.models.pix2pix import Translation
from medgan.models.task import Gan, GanConfig
from medgan.training.config import LoopConfig

GENERAL = ("quick", "standard")
"""Presets of every GAN; the others are those of the published comparison."""


@dataclass(frozen=True)
class Presets:
    """Names and words of a GAN's presets."""

    ready: Mapping[str, str]
    waiting: Mapping[str, Mapping[str, str]]
    """Those that need a pre-trained network that is not here, by that network."""


def presets_of(row: Gan, is_present: Callable[[str], bool]) -> Presets:
    """The presets of a GAN in their order; `is_present` says whether a pre-trained network is here."""
    ready: dict[str, str] = {}
    waiting: dict[str, dict[str, str]] = {}
    for name in row.presets:
        network = model_of(row, name).pretrained
        if network is None or is_present(network):
            ready[name] = title_of(row, name)
        else:
            waiting.setdefault(network, {})[name] = title_of(row, name)
    return Presets(ready, waiting)


def title_of(row: Gan, name: str) -> str:
    """A preset in a list: `Quick`; those of the published comparison by what they are."""
    return name.capitalize() if name in GENERAL else capitalised(row.presets[name].summary)


def capitalised(text: str) -> str:
    """A sentence's beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def model_of(row: Gan, preset: str) -> GanConfig:
    """The options of the GAN that a preset sets."""
    options = row.presets[preset].options
    return row.config.parse({name: value for name, value in options.items() if name in row.config.model_fields})


def in_epochs(row: Gan, preset: str) -> bool:
    """Whether a preset says its length in passes over the training images."""
    return bool(row.presets[preset].options.get("epochs"))


def lengths(row: Gan, preset: str, items: int) -> tuple[int, int]:
    """Steps and passes of a preset on so many images; the one that it does not say is worked out."""
    options = row.presets[preset].options
    loop = LoopConfig.parse({name: value for name, value in options.items() if name in LoopConfig.model_fields})
    in_a_step = model_of(row, preset).batch_size * loop.accumulate
    if loop.epochs:
        return max(1, -(-items * loop.epochs // in_a_step)), loop.epochs
    return loop.steps, max(1, round(loop.steps * in_a_step / max(1, items)))


def length_words(row: Gan, preset: str, items: int) -> str:
    """How long a preset trains on so many images, both ways."""
    steps, epochs = lengths(row, preset, items)
    return f"{counted(steps, 'step')}: {counted(epochs, 'pass', 'passes')} over {counted(items, 'image')}"


def needs_two_classes(gan: str) -> bool:
    """Whether a GAN learns to turn images of one class into another."""
    return "images_b" in GANS[gan].config.parse({}).parts.learned


def possible(gan: str, dataset: PreparedDataset) -> dict[str, tuple[str, ...]]:
    """Which values of options a data set allows, by option; raises BadInput where it does not suit the GAN at all."""
    row = GANS[gan]
    if needs_two_classes(gan) and len(dataset.classes) < 2:
        classes = f"only one, {dataset.classes[0]}" if dataset.classes else "none"
        raise BadInput(
            f"{row.title} turns images of one class into another; this data set has {classes}. "
            "Choose a data set with two classes or more"
        )
    there = {"images": True, "masks": bool(dataset.structures), "sources": dataset.source_channels > 0}
    found: dict[str, tuple[str, ...]] = {}
    if "content" in row.config.model_fields:
        found["content"] = tuple(content for content, parts in DRAWN.items() if all(there[part] for part in parts))
    if "translation" in row.config.model_fields:
        ways: tuple[str, ...] = get_args(Translation)
        found["translation"] = tuple(way for way in ways if all(there[part] for part in way.split("_to_")))
        if not found["translation"]:
            raise BadInput(
                f"{row.title} learns from images with masks; this data set has none. Choose a data set with masks"
            )
    return found


def check_preset(gan: str, preset: str, allowed: Mapping[str, Sequence[str]]) -> None:
    """Raise BadInput where a preset draws what the data set cannot teach."""
    options = GANS[gan].presets[preset].options
    for option, values in allowed.items():
        if option in options and options[option] not in values:
            raise BadInput(
                "this preset draws masks, and this data set has none: choose another preset, or a data set with masks"
            )


def defaults_of(row: Gan, preset: str, allowed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a preset's form begins with; an option that the preset leaves open takes what the data allow."""
    options = dict(row.presets[preset].options)
    for option, values in allowed.items():
        if option not in options and row.config.model_fields[option].default not in values:
            options[option] = values[0]
    return options
