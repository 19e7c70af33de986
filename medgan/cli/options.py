"""Command-line options made from config classes: name, type, help, bounds and default come from the field."""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo
from pydantic_settings import CliPositionalArg

from medgan.common.config import Config
from medgan.common.errors import BadInput

Presets = Mapping[Any, Mapping[str, Any]]
Options = dict[str, Any]
"""What `pydantic.create_model` takes: type and field by name."""
POSITIONAL = get_args(CliPositionalArg[str])[1:]
"""The marks of an option that is given without its name."""


def options_of(
    config_class: type[Config],
    *,
    presets: Presets | None = None,
    positional: tuple[str, ...] = (),
    leave_out: tuple[str, ...] = (),
) -> Options:
    """An option for each field of a config class.

    The options only parse and explain. What was given on the command line, and nothing else, goes on to the
    config class itself, which checks the bounds: so a default here is no more than a word in the help.
    """
    options: Options = {}
    for name, field in config_class.model_fields.items():
        if name in leave_out:
            continue
        kind = plain_type(field.annotation)
        text = described(field)
        marks = POSITIONAL if name in positional else ()
        default = default_in_words(name, field, presets or {})
        options[name] = (Annotated[kind, *marks] if marks else kind, Field(default, description=text))
    return options


def plain_type(annotation: Any) -> Any:
    """The type without None, unions of choices as one list of choices, and choices of numbers as they are typed."""
    if get_origin(annotation) is Literal and all(type(choice) is int for choice in get_args(annotation)):
        return Annotated[annotation, BeforeValidator(lambda given: int(given) if str(given).isdigit() else given)]
    if get_origin(annotation) not in {Union, UnionType}:
        return annotation
    members = [member for member in get_args(annotation) if member is not type(None)]
    if all(get_origin(member) is Literal for member in members):
        return Literal[tuple(choice for member in members for choice in get_args(member))]
    return Union[tuple(members)]  # noqa: UP007  (made at run time)


def described(field: FieldInfo) -> str:
    """The field's description with its bounds."""
    text = (field.description or "").strip()
    bounds = {
        name: getattr(part, name)
        for part in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(part, name, None) is not None
    }
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    limits = " ".join(f"{words[name]} {bounds[name]}" for name in ("ge", "gt", "le", "lt") if name in bounds)
    return f"{text} [{limits}]" if limits else text


def default_in_words(name: str, field: FieldInfo, presets: Presets) -> Any:
    """What the help names as the default; values of presets are named with their preset."""
    default = field.get_default(call_default_factory=True, validated_data={})
    if any(name in values for values in presets.values()):
        return by_preset({preset: values.get(name, default) for preset, values in presets.items()})
    if isinstance(default, tuple):
        return ",".join(map(str, default)) or "none"
    if isinstance(default, bool):
        return "on" if default else "off"
    return "none" if field.is_required() or default is None or default == "" else default


def by_preset(values: Mapping[str, Any]) -> str:
    """A preset's value for each preset; the one that most presets share is said last, once."""
    names: dict[Any, list[str]] = {}
    for preset, value in values.items():
        names.setdefault(value, []).append(preset)
    common = max(names, key=lambda value: len(names[value]))
    if len(names[common]) < 3:
        return ", ".join(f"{preset} {value}" for preset, value in values.items())
    rest = [f"{', '.join(presets)} {value}" for value, presets in names.items() if value != common]
    return "; ".join([*rest, f"else {common}" if rest else str(common)])


def flat(values: dict[str, Any], sections: tuple[str, ...]) -> dict[str, Any]:
    """The same options without sections, as the files that medgan writes have them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= value if name in sections and isinstance(value, dict) else {name: value}
    return found


def with_flags(message: str, names: set[str]) -> str:
    """A message of `one_line`, with its fields called as they are typed: `model.batch_size: ` as `--batch-size: `."""

    def flag(found: re.Match[str]) -> str:
        field = found["field"]
        return f"{found['before']}--{field.replace('_', '-')}: " if field in names else found[0]

    return re.sub(r"(?P<before>^|; )(?:\w+\.)*(?P<field>\w+): ", flag, message.removeprefix("options: "))


def required(values: dict[str, Any], name: str) -> str:
    """A value that has no default; raises BadInput where it was not given."""
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise BadInput(f"--{name.replace('_', '-')} is needed")
    return value
