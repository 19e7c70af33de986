"""The data card of an exported set: what it is, what made it and from what, how it scores, what it is for, its limits.

One set of facts, written as JSON for programs and as Markdown for people. Its sections follow Gebru et al. 2021
(Datasheets for Datasets) and Pushkarna et al. 2022 (Data Cards), as far as they apply to images that nobody took.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import medgan
from medgan.common.home import home
from medgan.studies.ancestry import ancestry_of, notes_on
from medgan.studies.card_origins import made_by, made_from
from medgan.studies.card_quality import explained, memorisation_of, quality_of
from medgan.studies.export_formats import FORMATS
from medgan.studies.export_notice import SYNTHETIC
from medgan.studies.stacks import Stack
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.training_distances import Int64, TrainingDistances

TEMPLATE = "data_card.md.j2"
VERSION = 2
"""Counts the changes of what the JSON file holds."""
INTENDED = (
    "Research on whether synthetic images help to train classifiers or segmenters, beside real images of the training "
    "part that the generator learned from.",
    "Teaching and demonstration, labelled as synthetic.",
    "Comparison of generative networks with each other.",
)
NOT_INTENDED = (
    "Diagnosis, treatment, or any decision about a person.",
    "Evidence that a method works on patients: test on real images, and on none that the generator learned from.",
    "A substitute for anonymisation: a generator may repeat what it learned from.",
    "Passing the images on as real ones, or without this card.",
)
SOURCES = (
    "Gebru et al. 2021, Datasheets for Datasets, Communications of the ACM 64(12), arXiv:1803.09010",
    "Pushkarna, Zaldivar and Kjartansson 2022, Data Cards: Purposeful and Transparent Dataset Documentation for "
    "Responsible AI, FAccT 2022, arXiv:2204.01075",
)
FEW = 1000
"""Training images below which a card says that they are few."""


def data_card(
    synthetic: SyntheticSet,
    chosen: Int64,
    marks: Sequence[str],
    distances: Sequence[TrainingDistances],
    *,
    bits: int,
    only: str,
    format: str,
    stacks: Sequence[Stack] = (),
) -> dict[str, Any]:
    """The facts, as JSON has words for.

    chosen: numbers of the images that leave; marks: of every image of the set; bits: those asked for; format: a name of
    FORMATS; stacks: volumes that the images are slices of. The facts hold counts of patients, but no patient, no file
    name of a real image, and no folder of this machine.
    """
    ancestry, quality = ancestry_of(synthetic), quality_of(synthetic)
    card = {
        "card": {"version": VERSION, "written": datetime.now(UTC).date().isoformat(), "medgan": medgan.__version__},
        "notice": SYNTHETIC,
        "what_it_is": _what_it_is(synthetic, chosen, bits=bits, only=only, format=format),
        "in_words": ancestry.words,
        "made_by": made_by(ancestry),
        "made_from": made_from(ancestry),
        "not_known": list(notes_on(synthetic)),
        "quality": quality,
        "scores_explained": explained(quality),
        "memorisation": memorisation_of(ancestry, distances, chosen),
        "marks": {mark or "unmarked": count for mark, count in sorted(Counter(map(str, marks)).items())},
        "intended_use": list(INTENDED),
        "not_intended": list(NOT_INTENDED),
        "sources": list(SOURCES),
    }
    limits = [*_limits(card), *FORMATS[format].limits_of(stacks)]
    told: dict[str, Any] = without_folders(card | {"limits": limits})
    return told


def _what_it_is(synthetic: SyntheticSet, chosen: Int64, *, bits: int, only: str, format: str) -> dict[str, Any]:
    kind = FORMATS[format]
    summary, labels = synthetic.manifest.summary, synthetic.items["label"].fillna("").iloc[chosen]
    return {
        "name": synthetic.name,
        "id": synthetic.id,
        "drawn": synthetic.manifest.created.isoformat(timespec="seconds"),
        "images": len(chosen),
        "of": len(synthetic),
        "only": only,
        "kind": _kind(synthetic),
        "size": summary["size"],
        "channels": summary["channels"],
        "bits": kind.bits(bits, summary["channels"]) if summary["channels"] else 0,
        "levels": 256,
        "format": format,
        "format_title": kind.title,
        "pictures": kind.pictures,
        "masks": kind.masks if synthetic.structures else "",
        "structures": list(synthetic.structures),
        "classes": {str(label): int(count) for label, count in labels.value_counts(sort=False).items()},
    }


def _kind(synthetic: SyntheticSet) -> str:
    drawn = synthetic.drawn
    if drawn.images is None:
        return "masks"
    return "images" if drawn.masks is None else "images with masks"


def _limits(card: dict[str, Any]) -> list[str]:
    """What to keep in mind, from the facts of a card."""
    what, made_by_run = card["what_it_is"], card["made_by"][0]["run"]
    limits = [
        f"{what['size']} by {what['size']} pixels: structures finer than that are not in the images, whatever they "
        "seem to show.",
        "An image can show what no body has: anatomy, left and right, and devices are not checked.",
    ]
    if made_by_run["gone"]:
        limits.append("The run that drew it is gone, so it cannot be looked into or drawn again.")
    elif made_by_run["training_images"] < FEW:
        limits.append(
            f"Few training images ({made_by_run['training_images']:,}): expect less variety than real images have, and "
            "images close to training images."
        )
    limits.append("It shows what its training images show: other hospitals, devices, ages and diseases are not in it.")
    if any(what["classes"]):
        limits.append("A class is what the generator was asked to draw, or learned from; no expert has confirmed it.")
    if what["structures"]:
        limits.append("Masks were drawn by a network, or given to it; an image may not follow its mask.")
    if what["bits"] == 16:
        limits.append("The 16-bit files hold 256 levels, each multiplied by 257: no finer than 8 bits.")
    if not card["quality"]:
        limits.append("It has not been scored: nothing here says how like real images it is.")
    if not card["memorisation"]["screened"]:
        limits.append("It has not been screened for copies of training images.")
    return limits


def without_folders(facts: Any) -> Any:
    """Facts with every folder taken out of their texts: a reason for a missing score may name a file here."""
    if isinstance(facts, dict):
        return {without_folders(name): without_folders(value) for name, value in facts.items()}
    if isinstance(facts, list):
        return [without_folders(value) for value in facts]
    if not isinstance(facts, str):
        return facts
    return re.sub(r"(?<![\w:/.])~?/(?:[^\s/:;,()]+/)+", "", facts.replace(f"{home()}/", ""))


def card_json(card: dict[str, Any]) -> str:
    """The facts as a JSON file."""
    return json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def card_markdown(card: dict[str, Any]) -> str:
    """The facts as a Markdown file; whatever people named is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701  # that is for HTML; `finalize` escapes for Markdown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    return environment.get_template(TEMPLATE).render(card)


def _shown(value: Any) -> Any:
    """A value as Markdown shows it: numbers short, nothing as a dot, texts without marks of their own."""
    if value is None:
        return "·"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return re.sub(r"[\\`*<>|\[\]]|(?<!\w)_|_(?!\w)", r"\\\g<0>", " ".join(str(value).split()))
