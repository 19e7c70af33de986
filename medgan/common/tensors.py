"""Named tensors and a few words about them in one safetensors file; nothing is ever unpickled."""

import errno
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from medgan.common.artefact import atomic_path
from medgan.common.errors import BadInput


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write tensors and a few words about them; the file appears whole and on disk, or not at all.

    Raises OSError where it cannot be written.
    """
    with atomic_path(path) as temporary:
        try:
            save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, temporary, dict(facts))
        except SafetensorError as error:  # the system's error in words only; a full disk must be known as one
            number = re.search(r"os error (\d+)", str(error))
            raise OSError(int(number[1]) if number else errno.EIO, str(error)) from None
        temporary.chmod(0o644)  # as other files: a run's folder can be shared


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and words; raises BadInput where the file is damaged. Nothing is unpickled."""
    try:
        with safe_open(path, framework="pt") as stream:
            return {name: stream.get_tensor(name) for name in stream.keys()}, stream.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as safetensors ({error})") from None


def read_facts(path: Path) -> dict[str, str]:
    """Read the words alone, without the tensors; raises BadInput where the file is damaged or cut short."""
    try:
        with safe_open(path, framework="pt") as stream:
            return stream.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as safetensors ({error})") from None
