"""`generate`: draw a synthetic set from a run, and write it out as pictures."""

import tempfile
from pathlib import Path
from typing import Any

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
            output = checked_output(given.pop("output", None), self.detach)
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


def checked_output(given: Path | None, detach: bool) -> Path | None:
    """Where to write, in full; raises BadInput before the drawing rather than after it."""
    if given is None:
        return None
    if detach:
        raise BadInput("--output needs the images at once: leave out --detach")
    try:
        output = given.expanduser().resolve()
        is_taken = output.exists() and (is_zip(output) or not output.is_dir() or any(output.iterdir()))
        if is_taken or output == Path.cwd():
            raise BadInput(f"{given}: is there already; choose another --output")
        with tempfile.TemporaryFile(dir=next(place for place in output.parents if place.exists())):
            return output
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{given}: cannot be written there ({reason}); choose another --output") from None


def is_zip(output: Path) -> bool:
    return output.suffix.lower() == ".zip"


def set_answer(artefact: Artefact, output: Path | None = None) -> Answer:
    """A set that is drawn, exported where asked."""
    from medgan.studies.exports import export_folder, export_zip
    from medgan.studies.synthesis import SyntheticSet

    made = SyntheticSet.open(artefact.id)
    if output is not None:
        (export_zip if is_zip(output) else export_folder)(made, output)
    summary = made.describe()
    where = output or made.folder
    text = f"Set {made.name!r} ({made.id}): {summary['count']} images of {summary['size']} pixels, in {where}"
    return Answer(summary | {"output": str(output) if output else None}, text)
