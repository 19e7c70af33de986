"""`report`: a study as one HTML file and a CSV of every figure; or all published tables beside what was run here."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import CliPositionalArg, CliToggleFlag

from medgan.cli.command import Answer, Command
from medgan.cli.published import beside_data, beside_text
from medgan.common.errors import BadInput


class Report(Command):
    study: CliPositionalArg[str] = Field("none")
    """Name or id of a finished study."""
    output: Path = Path("report.html")
    """HTML file to write; it holds everything it shows, also real images, and may be sent as it is."""
    csv: Path = Field(Path("none"))
    """CSV file to write as well, one row a figure."""
    thesis: CliToggleFlag[bool] = False
    """Print every published table beside what has been run here, instead."""

    def run(self) -> Answer:
        from medgan.studies.figure_table import write_csv
        from medgan.studies.report import write_report
        from medgan.studies.study import Study

        if self.thesis:
            if self.model_fields_set & {"study", "output", "csv"}:
                raise BadInput("--thesis prints all published tables; leave out study, --output and --csv")
            return published_answer()
        if "study" not in self.model_fields_set:
            raise BadInput("which study? Give its name or id, or --thesis")
        study = Study.open(self.study)
        write_report(study, self.output)
        files = {"study": study.id, "html": str(self.output.resolve())}
        if "csv" in self.model_fields_set:
            write_csv(study, self.csv)
            files["csv"] = str(self.csv.resolve())
        return Answer(files, "\n".join(f"Wrote {path}" for name, path in files.items() if name != "study"))


def command() -> type[Command]:
    return Report


def published_answer() -> Answer:
    """All tables of the source, in its order; those without an experiment say so."""
    from medgan.studies.beside import latest
    from medgan.studies.published import published_tables, source
    from medgan.studies.thesis import NO_EXPERIMENT, experiment

    data: dict[str, Any] = {"source": source(), "tables": {}}
    texts = [f"Published figures beside ours. Published: {source()}"]
    for number, table in published_tables().items():
        if number in NO_EXPERIMENT:
            data["tables"][number] = {"title": table.title, "no_experiment": NO_EXPERIMENT[number]}
            texts.append(f"Table {number}: {table.title}\n{NO_EXPERIMENT[number].capitalize()}.")
            continue
        chosen = experiment(number)
        made = latest(chosen)
        data["tables"][number] = {"title": table.title, "preset": chosen.name, "rows": beside_data(chosen, made)}
        advice = "" if made is not None else f"\nNot run here: python -m medgan study {chosen.name} --help"
        texts.append(beside_text(chosen, made) + advice)
    return Answer(data, "\n\n".join(texts))
