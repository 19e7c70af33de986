"""What every command is: options, and a `run` that answers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import CliToggleFlag

from medgan.cli.options import given_values, with_flags
from medgan.cli.terminal import shown_progress
from medgan.common.artefact import checked_name
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.jobs import Artefact, run_here, submit

PROGRAM = "python -m medgan"
ConfigT = TypeVar("ConfigT", bound=Config)


@dataclass(frozen=True)
class Answer:
    """What a command says on standard output: data with `--json`, else text."""

    data: Any
    text: str
    exit_code: int = 0


class Command(BaseModel):
    """A command with its options."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    as_json: CliToggleFlag[bool] = Field(False, validation_alias="json")
    """Print the result as JSON on standard output."""

    def run(self) -> Answer:
        """Do it; raises BadInput, Cancelled, or what goes wrong."""
        raise NotImplementedError


class WorkCommand(Command):
    """A command that does a job's work, here or in the background."""

    config_file: Path = Field(Path("none"), validation_alias="config")
    """JSON file with any of these options; options on the command line go before it."""
    detach: CliToggleFlag[bool] = False
    """Work in the background: print the job's id and return."""

    def given(self) -> dict[str, Any]:
        """The options of the file and of the command line, without defaults."""
        names = self.model_fields_set - set(WorkCommand.model_fields)
        file = self.config_file if "config_file" in self.model_fields_set else None
        return given_values(file, {name: getattr(self, name) for name in names})

    def checked(self, make: Callable[[], ConfigT]) -> ConfigT:
        """The config that `make` makes; where it raises BadInput, its options are called as they are typed."""
        try:
            return make()
        except BadInput as error:
            raise BadInput(with_flags(str(error), set(type(self).model_fields))) from None

    def do(self, kind: str, config: Config, say: Callable[[Artefact], Answer]) -> Answer:
        """Do the work, or start it in the background; what it made is told by `say`."""
        if name := getattr(config, "name", ""):
            checked_name(name)  # better before the work than in the midst of it
        if self.detach:
            job = submit(kind, config)
            text = f"Started in the background. Follow it: {PROGRAM} jobs wait {job.id}"
            return Answer({"job": job.id, "state": "queued"}, f"{job.id}\n{text}")
        with shown_progress() as progress:
            job, artefact = run_here(kind, config, progress)
        answer = say(artefact)
        return Answer(answer.data | {"job": job.id}, answer.text, answer.exit_code)


@dataclass(frozen=True)
class Entry:
    """A word of the command line: a command, or a group of commands; made when it is needed."""

    summary: str
    command: Callable[[], type[Command]] | None = None
    group: Callable[[], dict[str, "Entry"]] | None = None
