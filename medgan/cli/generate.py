"""`generate`: draw a synthetic set from a run, and write it out as pictures."""

from pathlib import Path

from pydantic import Field, create_model

from medgan.cli.command import Answer, Command, WorkCommand
from medgan.cli.options import options_of, required
from medgan.common.errors import BadInput
from medgan.jobs import Artefact


class GenerateCommand(WorkCommand):
    run_name: str = Field("none", validation_alias="run")
    """Name or id of the run whose generator draws; needed."""
    output: Path = Path("none")
    """Also write PNG files, a table and a notice: into this new folder, or a ZIP file where it ends so."""


def command() -> type[Command]:
    from medgan.studies.synthesis import GenerateConfig, generate_config
    from medgan.training.run import Run

    class Generate(GenerateCommand):
        def run(self) -> Answer:
            given = self.given()
            given |= {"run": given.pop("run_name", given.get("run"))}
            output = Path(given.pop("output")) if given.get("output") else None
            check_output(output, self.detach)
            run = Run.open(required(given, "run"))
            if not run.can_sample:
                raise BadInput(f"run {run.name!r} has no generator yet: train it further")
            name, seed = given.get("name"), given.get("seed", 0)
            start = self.checked(lambda: generate_config(run.name, seed=seed, name=name)).model_dump()
            values = given | {"set": start["set"], "name": start["name"], "run": run.id}
            config = self.checked(lambda: GenerateConfig.parse(values))
            return self.do("generate", config, lambda made: set_answer(made, output))

    options = options_of(GenerateConfig, leave_out=("set", "run"))
    return create_model("Generate", __base__=Generate, **options)


def check_output(output: Path | None, detach: bool) -> None:
    """Raise BadInput before the drawing rather than after it."""
    if output is None:
        return
    if detach:
        raise BadInput("--output needs the images at once: leave out --detach")
    if output.exists() and (output.suffix == ".zip" or not output.is_dir() or any(output.iterdir())):
        raise BadInput(f"{output}: is there already; choose another --output")


def set_answer(artefact: Artefact, output: Path | None = None) -> Answer:
    """A set that is drawn, exported where asked."""
    from medgan.studies.synthesis import SyntheticSet, export_folder, export_zip

    made = SyntheticSet.open(artefact.id)
    if output is not None:
        (export_zip if output.suffix == ".zip" else export_folder)(made, output)
    summary = made.describe()
    where = output or made.folder
    text = f"Set {made.name!r} ({made.id}): {summary['count']} images of {summary['size']} pixels, in {where}"
    return Answer(summary | {"output": str(output.absolute()) if output else None}, text)
