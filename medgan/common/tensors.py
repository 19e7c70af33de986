"""Named tensors and a few words about them in one safetensors file; nothing is ever unpickled."""

import errno
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, uint8

from medgan.common.artefact import atomic_path
from medgan.common.errors import BadInput

CHECKSUM = "content_sha256"
"""The word that holds the checksum of everything else in the file; files of before it was kept lack it."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write tensors and a few words about them; the file appears whole and on disk, or not at all.

    Raises OSError where it cannot be written.
    """
    written = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    words = {**facts, CHECKSUM: checksum(written, facts)}
    with atomic_path(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode  # of a new file here; safetensors' are their owner's alone
        try:
            save_file(written, temporary, words)
        except SafetensorError as error:  # the system's error in words only; a full disk must be known as one
            number = re.search(r"os error (\d+)", str(error))
            raise OSError(int(number[1]) if number else errno.EIO, str(error)) from None
        temporary.chmod(mode)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and words; raises BadInput where a byte of the file is not as it was written. Nothing is unpickled.

    Safetensors itself notices only a damaged header or length. The cause is an OSError where the system does not let
    the file be read, which says nothing of its content.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            facts = stream.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as safetensors ({error})") from error
    expected = facts.pop(CHECKSUM, None)
    if expected is not None and expected != checksum(tensors, facts):
        raise BadInput(f"{path}: damaged (its checksum is another)")
    return tensors, facts


def checksum(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> str:
    """SHA-256 over names, types, shapes and bytes of contiguous tensors in memory, and over the words about them."""
    digest = hashlib.sha256(repr(sorted(facts.items())).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(repr((name, str(tensor.dtype), tuple(tensor.shape))).encode())
        digest.update(tensor.reshape(-1).view(uint8).numpy().data)
    return digest.hexdigest()


def read_facts(path: Path) -> dict[str, str]:
    """Read the words alone, without the tensors; raises BadInput where the file is damaged or cut short."""
    try:
        with safe_open(path, framework="pt") as stream:
            facts = stream.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as safetensors ({error})") from None
    facts.pop(CHECKSUM, None)
    return facts
