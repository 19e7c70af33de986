"""From the words of a command line to a command; only what those words name is imported."""

import re
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_settings import BaseSettings, CliSubCommand, SettingsConfigDict, get_subcommand
from pydantic_settings.exceptions import SettingsError

from medgan.cli.command import PROGRAM, Command, Entry
from medgan.cli.options import with_flags
from medgan.common.config import one_line
from medgan.common.errors import BadInput

SUBCOMMAND = get_args(CliSubCommand[BaseModel])[1:]  # type: ignore[misc]
"""The marks of a field that is a command."""
HELP = {"-h", "--help"}


class _CommandLine(BaseSettings):
    """The root of every command line. It reads that alone: no option is taken from an environment variable."""

    model_config = SettingsConfigDict(
        extra="forbid",
        cli_prog_name=PROGRAM,
        cli_exit_on_error=False,
        cli_kebab_case=True,
        cli_enforce_required=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
        cli_implicit_flags="dual",
        cli_parse_none_str="\0",  # nothing that is typed means None: a data set may be called "null"
    )

    @classmethod
    def settings_customise_sources(cls, *_: Any, **__: Any) -> tuple[()]:
        return ()


class _Group(BaseModel):
    """Commands under one word."""

    model_config = ConfigDict(extra="forbid")


def parse(entries: dict[str, Entry], summary: str, arguments: list[str]) -> Command:
    """The command that the arguments name, with its options.

    Raises BadInput with one line; `--help` prints and raises SystemExit(0).
    """
    root = create_model("medgan", __base__=_CommandLine, __doc__=summary, **_fields(entries, arguments))
    try:
        found: Any = root(_cli_parse_args=arguments)
    except SettingsError as error:
        raise BadInput(_plain(str(error))) from None
    except ValidationError as error:
        names = {str(item["loc"][-1]) for item in error.errors()}
        raise BadInput(with_flags(one_line(error), names)) from None
    while not isinstance(found, Command):
        choices = ", ".join(type(found).model_fields)
        found = get_subcommand(found, is_required=False)
        if found is None:
            raise BadInput(f"which command? There is: {choices.replace('_', '-')} (--help tells more)")
    return found


def _fields(entries: dict[str, Entry], words: list[str]) -> dict[str, Any]:
    """A field for each word of a group; the one that was chosen is built in full, the others are names in the help."""
    first = words[0] if words else ""
    if first.startswith("-") and first not in HELP:
        raise BadInput(f"{first}: options come after the command; which one? There is: {', '.join(entries)}")
    fields: dict[str, Any] = {}
    for word, entry in entries.items():
        chosen = word == first
        model = _model(word, entry, words[1:]) if chosen else create_model(word, __base__=_Group, __doc__=entry.summary)
        fields[word] = (Annotated[model | None, *SUBCOMMAND], Field(description=entry.summary))
    return fields


def _model(word: str, entry: Entry, words: list[str]) -> type[BaseModel]:
    if entry.command:
        return create_model(word, __base__=entry.command(), __doc__=entry.summary)
    entries = entry.group() if entry.group else {}
    return create_model(word, __base__=_Group, __doc__=entry.summary, **_fields(entries, words))


def _plain(message: str) -> str:
    """argparse's message in our words."""
    message = message.removeprefix("error parsing CLI: ")
    return re.sub(r"^argument \{[^}]*\}: invalid choice", "no such command", message)
