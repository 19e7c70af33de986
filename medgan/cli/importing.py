"""`import`: a generator of a public implementation becomes a run."""

from typing import Any

from pydantic import create_model

from medgan.cli.command import PROGRAM, Answer, Command
from medgan.cli.options import options_of


def command() -> type[Command]:
    from medgan.training.importing import ImportConfig, import_generator

    class Import(Command):
        def run(self) -> Answer:
            given = {name: getattr(self, name) for name in self.model_fields_set - {"as_json"}}
            run = import_generator(ImportConfig.parse(given))
            known: dict[str, Any] = {"id": run.id, "name": run.name, "folder": str(run.folder), "gan": run.config.gan}
            known |= {"size": run.config.model.size, "channels": run.record.data.channels}
            text = f"Run {run.name!r} ({run.id}), in {run.folder}"
            return Answer(known, f"{text}\nDraw images with it: {PROGRAM} generate --run {run.name}")

    options = options_of(ImportConfig, positional=("architecture", "file"))
    return create_model("Import", __base__=Import, **options)
