"""What every command is: options, and a `run` that answers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import CliToggleFlag

from medgan.cli.options import with_flags
from medgan.cli.terminal import shown_progress
from medgan.common.artefact import checked_name
from medgan.common.config import Config, one_line, read_json
from medgan.common.errors import BadInput
from medgan.jobs import Artefact, Needs, run_here, submit, usual_executor

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
    """JSON file with any of the options that say what to make; the command line goes before it."""
    detach: CliToggleFlag[bool] = False
    """Work in the background: print the job's id and return."""
    executor: Literal["local", "ray"] = "local"
    """Where the work is done: here, or on the Ray cluster of RAY_ADDRESS. MEDGAN_EXECUTOR sets another default."""
    cpus: int = Field(0, description="Ray: cores of a task, and its threads. [default as many as here]")
    gpus: float = Field(0, description="Ray: GPUs of a task, from 0 to 1. [default 1 where there are any and it helps]")
    memory_gb: float = Field(0, description="Ray: memory that a task needs, in GB. [default 1; 2 for long work]")
    manner: ClassVar = frozenset({"as_json", "config_file", "detach", "executor", *Needs.model_fields})
    """Options that say how to work, not what to make; they belong on the command line."""

    def given(self) -> dict[str, Any]:
        """The options of the file, overridden by those of the command line; without defaults."""
        return (self._of_file() if "config_file" in self.model_fields_set else {}) | self._chosen()

    def _chosen(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set - self.manner}

    def _of_file(self) -> dict[str, Any]:
        """The options of the file, checked as those of the command line are; null is for not given."""
        values = self.options_in(read_json(self.config_file))
        named = {name.replace("-", "_"): value for name, value in values.items() if value is not None}
        try:
            options = type(self).model_validate(named)
        except ValidationError as error:
            raise BadInput(f"{self.config_file}: {one_line(error)}") from None
        if options.model_fields_set & self.manner:
            raise BadInput(f"{self.config_file}: json, detach and the like belong on the command line")
        return options._chosen()

    def options_in(self, values: dict[str, Any]) -> dict[str, Any]:
        """The options among a file's values; the files that medgan writes hold more, and in sections."""
        return values

    def checked(self, make: Callable[[], ConfigT]) -> ConfigT:
        """The config that `make` makes; where it raises BadInput, its options are called as they are typed."""
        try:
            return make()
        except BadInput as error:
            raise BadInput(with_flags(str(error), set(type(self).model_fields))) from None

    def do(self, kind: str, config: Config, say: Callable[[Artefact], Answer], *, at_once: bool = False) -> Answer:
        """Do the work, or start it in the background; what it made is told by `say`.

        Long work waits for its turn, unless it is to start at once.
        """
        if name := getattr(config, "name", ""):
            checked_name(name)  # better before the work than in the midst of it
        executor, needs = self.place(), self.needs()
        if self.detach:
            job = submit(kind, config, executor=executor, needs=needs)
            text = f"Started in the background. Follow it: {PROGRAM} jobs wait {job.id}"
            return Answer({"job": job.id, "state": "queued"}, f"{job.id}\n{text}")
        with shown_progress() as progress:
            job, artefact = run_here(kind, config, progress, at_once=at_once, executor=executor, needs=needs)
        answer = say(artefact)
        return Answer(answer.data | {"job": job.id}, answer.text, answer.exit_code)

    def place(self) -> str:
        """The name of the executor."""
        return self.executor if "executor" in self.model_fields_set else usual_executor()

    def needs(self) -> Needs:
        """What was asked for of a cluster; raises BadInput where the work is done here, or for what cannot be."""
        asked = {name: getattr(self, name) for name in self.model_fields_set & set(Needs.model_fields)}
        if asked and self.place() == "local":
            raise BadInput(f"--{min(asked).replace('_', '-')}: is for work on a cluster; add --executor ray")
        try:
            return Needs.model_validate(asked)
        except ValidationError as error:
            raise BadInput(with_flags(one_line(error), set(asked))) from None


@dataclass(frozen=True)
class Entry:
    """A word of the command line: a command, or a group of commands; made when it is needed."""

    summary: str
    command: Callable[[], type[Command]] | None = None
    group: Callable[[], dict[str, "Entry"]] | None = None
