"""The part of a data card that tells how a set scores, and what a search for copies found."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from medgan.common.errors import BadInput
from medgan.metrics import METRICS
from medgan.studies.ancestry import Ancestry
from medgan.studies.quality import QualityReport
from medgan.studies.references import REFERENCES
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.training_distances import Int64, TrainingDistances, reports_on, screenings_of


def quality_of(synthetic: SyntheticSet) -> list[dict[str, Any]]:
    """Every quality report of a set, newest first: what was compared in which feature space, and each score."""
    return [_report(report) for report in reports_on(synthetic)]


def _report(report: QualityReport) -> dict[str, Any]:
    summary = report.manifest.summary
    return {
        "report": report.id,
        "space": summary["space_title"],
        "against": summary["dataset"],
        "label": summary["label"],
        "synthetic": summary["synthetic"],
        "real": summary["real"],
        "size": summary["size"],
        **_scores(report),
    }


def _scores(report: QualityReport) -> dict[str, Any]:
    try:
        scores = report.scores
    except BadInput:
        return {"scores": [], "unreadable": "its table of scores is damaged; score the set anew"}
    by_name = {(row["of"], row["part"], row["metric"]): row for row in scores.to_dict("records")}
    own = [row for (of, _, _), row in by_name.items() if of == "set"]
    return {"scores": [_score(row, by_name) for row in own], "unreadable": ""}


def _score(row: dict[Hashable, Any], by_name: dict[Any, dict[Hashable, Any]]) -> dict[str, Any]:
    """A score with what real images and damaged ones score themselves, a floor and a ceiling to read it by."""
    plain = {name: row[name] for name in ("part", "metric", "title", "direction", "unit", "synthetic", "real")}
    numbers = {name: number(row[name]) for name in ("value", "low", "high")}
    references = {name: number(by_name.get((name, row["part"], row["metric"]), {}).get("value")) for name in REFERENCES}
    return {
        **plain,
        **numbers,
        "references": references,
        "notes": row["notes"],
        "refused": row["refused"],
    }


def explained(quality: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Each kind of score of some reports once: what it says in a sentence, and its source."""
    names = dict.fromkeys(str(score["metric"]) for report in quality for score in report["scores"])
    rows = [METRICS[name] for name in names if name in METRICS]
    return [{"title": row.title, "explained": row.explained, "source": row.source} for row in rows]


def number(value: Any) -> float | None:
    """A finite number, else None, which JSON has a word for."""
    return None if value is None or pd.isna(value) or not np.isfinite(value) else float(value)


def memorisation_of(ancestry: Ancestry, distances: Sequence[TrainingDistances], chosen: Int64) -> dict[str, Any]:
    """What screening found in the whole set, and the distances of the images that were chosen to leave."""
    screened = screenings_of(ancestry)
    return {
        "screened": bool(screened),
        "not_screened": "" if screened else "; ".join(_why_not(ancestry.synthetic)),
        "screenings": [_screening(report) for report in screened],
        "distances": [_distances(found, chosen) for found in distances],
    }


def _why_not(synthetic: SyntheticSet) -> list[str]:
    """Why the reports of a set hold no search for copies of what its GAN learned from; each reason once."""
    reasons = []
    for report in reports_on(synthetic):
        summary = report.manifest.summary
        if "screening" in summary:
            reasons.append(f"only against {summary['dataset']}, none of whose images its GAN learned from")
        elif "not_screened" in summary:
            reasons.append(str(summary["not_screened"]))
    return list(dict.fromkeys(reasons))


def _screening(report: QualityReport) -> dict[str, Any]:
    summary = report.manifest.summary
    found = {name: value for name, value in summary["screening"].items() if name != "closest"}
    return {"report": report.id, "space": summary["space_title"], "against": summary["dataset"], **found}


def _distances(found: TrainingDistances, chosen: Int64) -> dict[str, Any]:
    told: dict[str, Any] = {"column": found.column, "space": found.title, "note": found.note, "report": found.report}
    for name, values in (("exported", found.distances), ("held_out", found.held_out)):
        some = values if values is None or name == "held_out" else values[chosen]
        told[name] = None if some is None else {"smallest": float(some.min()), "median": float(np.median(some))}
    told["flagged_exported"] = None if found.flagged is None else int(found.flagged[chosen].sum())
    return told
