"""The part of a data card that tells what made a set, and from which real images: counts and names, no patients."""

from typing import Any

import pandas as pd

from medgan.data.dataset import PreparedDataset
from medgan.data.splits import SPLITS
from medgan.models import GANS
from medgan.studies.ancestry import Ancestry
from medgan.training.run import Run

MACHINE = {"device", "threads"}
"""Options of a training that tell of the machine, not of the images."""


def made_by(ancestry: Ancestry) -> list[dict[str, Any]]:
    """The set, the set that it was drawn from, and so on to the root: each with the run that drew it."""
    return [_member(member) for member in ancestry.sets]


def _member(member: Ancestry) -> dict[str, Any]:
    manifest = member.synthetic.manifest
    return {
        "set": member.synthetic.name,
        "id": member.synthetic.id,
        "drawn": manifest.created.isoformat(timespec="seconds"),
        "images": len(member.synthetic),
        "seed": manifest.summary["seed"],
        "drawn_from": _source(member),
        "deformed_by": manifest.config.get("deform", 0.0),
        "generator": "the one that scored best" if manifest.config.get("best") else "the last one",
        "generator_step": manifest.summary["step"],
        "medgan": manifest.environment.get("medgan", ""),
        "run": _run(member.run),
    }


def _source(member: Ancestry) -> str:
    summary = member.synthetic.manifest.summary
    if not summary.get("source"):
        return "noise"
    kind = "synthetic set" if isinstance(member.source, Ancestry) else f"{summary['part']} part of data set"
    return f"{kind} {summary['source']}"


def _run(run: Run | str) -> dict[str, Any]:
    if isinstance(run, str):
        return {"id": run, "gone": True}
    row = GANS[run.config.gan]
    return {
        "id": run.id,
        "name": run.name,
        "gan": row.title,
        "reference": row.reference,
        "preset": run.config.preset,
        "steps": run.steps,
        "training_images": run.record.items,
        "label": run.config.label or "",
        "learned": list(run.config.model.parts.learned),
        "options": run.config.model.model_dump(mode="json"),
        "training": run.config.loop.model_dump(mode="json", exclude=MACHINE),
        "gone": False,
    }


def made_from(ancestry: Ancestry) -> list[dict[str, Any]]:
    """The data sets that its GANs learned from, or that it was drawn from; each once, with what it was used for."""
    uses: dict[str, tuple[PreparedDataset | str, list[str]]] = {}
    for member in ancestry.sets:
        run = member.run.name if isinstance(member.run, Run) else member.run
        told = [(member.learned_from, f"{run} learned from its training part")]
        if member.source is not None and not isinstance(member.source, Ancestry):
            told.append((member.source, f"{member.synthetic.name} was drawn from its {member.part} part"))
        for dataset, use in told:
            id = dataset.id if isinstance(dataset, PreparedDataset) else dataset
            uses.setdefault(id, (dataset, []))[1].append(use)
    return [_dataset(dataset, list(dict.fromkeys(told))) for dataset, told in uses.values()]


def _dataset(dataset: PreparedDataset | str, used_for: list[str]) -> dict[str, Any]:
    if isinstance(dataset, str):
        return {"id": dataset, "here": False, "used_for": used_for}
    summary = dataset.manifest.summary
    return {
        "id": dataset.id,
        "here": True,
        "used_for": used_for,
        "name": dataset.name,
        "title": summary.get("title", ""),
        "citation": summary.get("citation", ""),
        "terms": summary.get("terms", ""),
        "images": len(dataset),
        "patients": summary.get("patients"),
        "patients_known": "patient_unknown" not in summary.get("problems", {}),
        "size": dataset.size,
        "channels": dataset.channels,
        "structures": list(dataset.structures),
        "left_out": summary.get("left_out", 0),
        "duplicates": summary.get("duplicates", 0),
        "counts": _counts(dataset.items),
    }


def _counts(items: pd.DataFrame) -> list[dict[str, Any]]:
    """Images and patients of each class and part."""
    rows = []
    labels = items["label"].fillna("")
    for label in sorted(labels.unique()):
        for split in SPLITS:
            found = items[(labels == label) & (items["split"] == split)]
            patients = int(found["patient_id"].nunique())
            rows.append({"class": label, "part": split, "images": len(found), "patients": patients})
    return rows
