"""Every figure of a study as one table, for a CSV file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from medgan.common.artefact import write_atomic
from medgan.common.errors import BadInput
from medgan.studies.beside import beside
from medgan.studies.figures import NOT_SCORES, ArmFigures, arm_figures
from medgan.studies.quality import QualityReport, list_reports
from medgan.studies.study import Study
from medgan.studies.thesis import THESIS

COLUMNS = ("what", "arm", "seed", "score", "value", "low", "high")
TESTS = ("corrected_p", "p_value", "p_crossed", "p_sign_flip", "detectable", "standard_error")


def figure_table(study: Study) -> pd.DataFrame:
    """One row a figure: what it is, arm, seed, score, value, and the ends of its 95 % interval where it has one.

    `what` is `training` (an arm and seed on test images), `mean` (an arm over its seeds), `difference` (to the
    real-only arm), `test` (p-values and the like; McNemar's is about a seed's two trainings), `setting` (tried on
    validation images), `quality` (a synthetic set's score; the set stands under arm), or `published` (a figure of the
    published table, its row under arm).
    """
    return pd.DataFrame(list(_rows(study)), columns=list(COLUMNS))


def write_csv(study: Study, path: Path) -> None:
    """Write the table of figures; raises BadInput where the file cannot be written."""
    content = figure_table(study).to_csv(index=False)
    try:
        write_atomic(path, content)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None


def reports_of(study: Study) -> list[QualityReport]:
    """Quality reports on the study's synthetic sets, newest first."""
    ids = {id for group in study.config.sets for id in group.split("+")}
    return [report for report in list_reports() if report.config.set in ids]


def _rows(study: Study) -> Iterator[dict[str, Any]]:
    for each in arm_figures(study):
        yield from _of_arm(each)
    yield from _of_verdicts(study)
    for setting in study.grid().to_dict("records"):
        name = f"real, learning rate {setting['learning_rate']:g}, dropout {setting['dropout']:g}"
        for score in (key for key in setting if key not in {"learning_rate", "dropout"}):
            yield {"what": "setting", "arm": name, "score": score, "value": setting[score]}
    for report in reports_of(study):
        for row in report.scores.query("of == 'set'").to_dict("records"):
            score = f"{row['title']}, {row['part']}, against {report.manifest.summary['dataset']}"
            ends = {name: row[name] for name in ("value", "low", "high")}
            yield {"what": "quality", "arm": report.manifest.summary["set"], "score": score, **ends}
    if study.config.preset in THESIS:
        for figure in beside(THESIS[study.config.preset], study):
            yield {"what": "published", "arm": figure.row, "score": figure.score, "value": figure.published}


def _of_arm(each: ArmFigures) -> Iterator[dict[str, Any]]:
    for row in each.seeds.to_dict("records"):
        for score in (key for key in row if key not in {"number", "arm", "seed"}):
            yield {"what": "training", "arm": each.arm, "seed": row["seed"], "score": score, "value": row[score]}
    for score, interval in each.scores.items():
        assert score not in NOT_SCORES
        yield {"what": "mean", "arm": each.arm, "score": score, **vars(interval)}


def _of_verdicts(study: Study) -> Iterator[dict[str, Any]]:
    score = study.manifest.summary["score"] if study.manifest else ""
    seeds = range(study.config.first_seed, study.config.first_seed + study.config.seeds)
    for verdict in study.verdicts():
        ends = {"value": verdict["difference"], "low": verdict["low"], "high": verdict["high"]}
        yield {"what": "difference", "arm": verdict["arm"], "score": score, **ends}
        for name in TESTS:
            yield {"what": "test", "arm": verdict["arm"], "score": name, "value": verdict[name]}
        for seed, one in zip(seeds, verdict["mcnemar"], strict=False):  # none where patients have several images
            for name, value in one.items():
                yield {"what": "test", "arm": verdict["arm"], "seed": seed, "score": f"mcnemar_{name}", "value": value}
