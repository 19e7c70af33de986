"""`evaluate`: score a synthetic set against real images, beside what real images score themselves."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field, create_model
from pydantic_settings import CliPositionalArg

from medgan.cli.command import Answer, Command, WorkCommand
from medgan.cli.options import options_of, required
from medgan.cli.terminal import table
from medgan.common.errors import BadInput
from medgan.jobs import Artefact

if TYPE_CHECKING:
    from medgan.studies.quality import QualityReport


class EvaluateCommand(WorkCommand):
    set: CliPositionalArg[str] = Field("none")
    """Name or id of the synthetic set; or of a prepared data set, whose images are then scored as if synthetic."""
    against: str = Field("none")
    """Name or id of the data set with the real images; the set is held against its training part. Needed."""

    def options_in(self, values: dict[str, Any]) -> dict[str, Any]:
        """The config of a report is a good start for another one; its id is taken."""
        return {name: value for name, value in values.items() if name not in {"report", "name"}}


def command() -> type[Command]:
    from medgan.studies.quality import QualityConfig, quality_config

    class Evaluate(EvaluateCommand):
        def run(self) -> Answer:
            given = self.given()
            for option in ("set", "against"):
                required(given, option)
            config = self.checked(lambda: quality_config(**given))
            return self.do("evaluate", config, report_answer)

    options = options_of(QualityConfig, leave_out=("report", "name", "set", "against"))
    return create_model("Evaluate", __base__=Evaluate, **options)


def report_answer(artefact: Artefact) -> Answer:
    """A finished report, as tables."""
    from medgan.studies.likeness import likeness
    from medgan.studies.quality import open_report

    report = open_report(artefact.id)
    summary = report.manifest.summary
    lines = [
        f"{summary['set']}: {summary['synthetic']:,} synthetic images against {summary['real']:,} real training images "
        f"of {summary['dataset']}{_of_class(summary)}, at {summary['size']} pixels, feature space "
        f"{summary['space_title']}"
    ]
    for part in summary["parts"]:
        unlike = likeness(report.scores, part)
        told = [unlike.words] if unlike else []
        lines += ["", part.capitalize(), *told, score_table(report.scores.query("part == @part"))]
    lines += ["", *_notes(report.scores), *_copies(report), f"Report {report.id}, in {report.folder}"]
    scores = report.scores.astype(object).where(report.scores.notna(), None).to_dict("records")
    known = {"id": report.id, "name": report.name, "folder": str(report.folder), **summary, "scores": scores}
    return Answer(known, "\n".join(lines))


def _of_class(summary: dict[str, Any]) -> str:
    return f" ({summary['label']})" if summary["label"] else ""


HEADS = ("score", "better", "value", "95 % interval", "real halves", "real test", "blurred", "noisy")


def score_table(scores: pd.DataFrame) -> str:
    """The scores of a part, each beside those of the references."""
    from medgan.metrics import METRICS

    by_name = {(row["of"], row["metric"]): row for row in scores.to_dict("records")}
    rows: list[Sequence[object]] = []
    for metric in dict.fromkeys(scores["metric"]):
        own = by_name["set", metric]
        low, high = (own[name] for name in ("low", "high"))
        interval = f"{low:.4g} to {high:.4g}" if pd.notna(low) else "·"
        value = f"{own['value']:.4g}" if pd.notna(own["value"]) else "refused"
        references = [by_name.get((name, metric)) for name in ("halves", "test", "blurred", "noisy")]
        rows.append((own["title"], METRICS[metric].direction, value, interval, *map(_value, references)))
    return table(HEADS, rows, "No scores.")


def _value(row: dict[Hashable, Any] | None) -> str:
    return "·" if row is None or pd.isna(row["value"]) else f"{row['value']:.4g}"


def _notes(scores: pd.DataFrame) -> list[str]:
    """What to know of the scores, and why some were refused; each text once, with the scores that it is about."""
    about: dict[str, list[str]] = {}
    for row in scores[scores["of"] == "set"].to_dict("records"):
        refused = [f"refused, {row['refused']}"] if row["refused"] else []
        for text in [*refused, *filter(None, row["notes"].split("; "))]:
            about.setdefault(text, []).append(f"{row['title']}, {row['part']}")
    said = [f"{text}: {'; '.join(titles)}" for text, titles in about.items()]
    return [*said, ""] if said else []


def _copies(report: "QualityReport") -> list[str]:
    found = report.manifest.summary.get("screening")
    if not found:
        reason = report.manifest.summary.get("not_screened", "not asked for, or no images were scored")
        return [f"Not screened for copies of training images: {reason}", ""]
    if _learned_elsewhere(report):
        reason = f"its GAN learned from other images than those of {report.manifest.summary['dataset']}"
        return [f"Not screened for copies of training images: {reason}", ""]
    told = (
        f"Screening for copies of training images: {found['flagged']} of {found['count']} flagged "
        f"({found['share']:.1%}, interval {found['low']:.1%} to {found['high']:.1%}); of held-out real "
        f"images at most {found['rate']:.1%} would be. A screening, no proof of privacy."
    )
    check = found.get("held_out_share")
    others = "" if check is None else f"The held-out images themselves, each against the others: {check:.1%} flagged."
    return [told, *filter(None, [others, found["note"]]), ""]


def _learned_elsewhere(report: "QualityReport") -> bool:
    """Whether a set's GAN learned from none of the images that it is held against, so that it copied none of them."""
    from medgan.studies.ancestry import ancestry_of
    from medgan.studies.synthesis import SyntheticSet
    from medgan.studies.training_distances import holds_training_images

    try:
        run = ancestry_of(SyntheticSet.open(report.config.set)).run
    except BadInput:  # a data set that is scored as if it were synthetic
        return False
    return not holds_training_images(report.config.against, run)
