"""The base of every config: one definition serves JSON file, command line, form and help."""

import hashlib
import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from medgan.common.errors import BadInput


class Config(BaseModel):
    """A frozen, bounded, documented set of options; unknown names are errors.

    Field descriptions are the help texts of form and command line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Validate values; raises BadInput with one line that names each bad field."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise BadInput(one_line(error)) from None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a JSON file; raises BadInput where it is unreadable or does not fit."""
        return cls.parse(read_json(path))

    def to_json(self) -> str:
        return self.model_dump_json(indent=2) + "\n"

    def digest(self) -> str:
        """A hash of all values, the same for equal configs in any process."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def one_line(error: ValidationError) -> str:
    """A validation error as one line: field, reason, the value that was given."""
    parts = []
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"]) or "options"
        reason = item["msg"].removeprefix("Value error, ")
        given = "" if item["type"] in {"missing", "value_error"} else f" (given: {item['input']!r:.80})"
        parts.append(f"{where}: {reason}{given}")
    return "; ".join(parts)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; raises BadInput that names the file.

    The cause is an OSError where the system does not let it be read, which says nothing of what it holds.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(value, dict):
        raise BadInput(f"{path}: holds no JSON object")
    return value
