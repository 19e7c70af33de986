"""`generate`: draw a synthetic set from a run, and write it out as pictures."""

from pathlib import Path
from typing import Any

from pydantic import Field, create_model

from medgan.cli.command import Answer, Command, WorkCommand
from medgan.cli.export import checked_output, write_out
from medgan.cli.options import options_of, required
from medgan.common.errors import BadInput
from medgan.jobs import Artefact


class GenerateCommand(WorkCommand):
    run_name: str = Field("none", validation_alias="run")
    """Name or id of the run whose generator draws; needed."""
    output: Path = Path("none")
    """Also write PNG files, a table and a data card: into this new folder, or a ZIP file where it ends so. The command
    `export` has more choices, and computes how far each image is from the nearest training image."""

    def options_in(self, values: dict[str, Any]) -> dict[str, Any]:
        """The config of a set is a good start for another one; its id is taken."""
        return {name: value for name, value in values.items() if name != "set"}


def command() -> type[Command]:
    from medgan.common.repro import choose_device
    from medgan.studies.origins import deformed, origin_of
    from medgan.studies.synthesis import GenerateConfig, generate_config
    from medgan.training.run import Run

    class Generate(GenerateCommand):
        def run(self) -> Answer:
            given = self.given()
            given["run"] = given.pop("run_name", "")
            output = checked_output(given.pop("output", None))
            if output is not None and self.detach:
                raise BadInput("--output needs the images at once: leave out --detach")
            run = Run.open(required(given, "run"))
            if not run.can_sample:
                raise BadInput(f"run {run.name!r} has no generator yet: train it further")
            name = given.get("name") or f"{run.name[:60]}-seed{given.get('seed', 0)}"
            config = self.checked(lambda: generate_config(**given | {"run": run.id, "name": name}))
            choose_device(config.device)  # better said here than in the job, and so is the next
            deformed(origin_of(run, config.source, config.part, config.label), run, config.deform, config.seed)
            return self.do("generate", config, lambda made: set_answer(made, output))

    options = options_of(GenerateConfig, leave_out=("set", "run"))
    return create_model("Generate", __base__=Generate, **options)


def set_answer(artefact: Artefact, output: Path | None = None) -> Answer:
    """A set that is drawn, exported where asked."""
    from medgan.studies.exports import ExportOptions
    from medgan.studies.synthesis import SyntheticSet

    made = SyntheticSet.open(artefact.id)
    if output is not None:
        write_out(made, output, ExportOptions(distances=False))
    summary = made.describe()
    where = output or made.folder
    text = f"Set {made.name!r} ({made.id}): {summary['count']} images of {summary['size']} pixels, in {where}"
    return Answer(summary | {"output": str(output) if output else None}, text)
