"""How the weights of networks that others trained get here, and what is known of them.

A network is downloaded from its publisher or imported from a file, checked, and kept as safetensors under
`weights_folder()`. Nothing here ever hands out random weights: what is absent is said in one line.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from filelock import FileLock, Timeout
from torch import Tensor, nn

from medgan.common.artefact import sha256_of, sweep
from medgan.common.download import discard, fetch
from medgan.common.errors import BadInput, WorkFailed
from medgan.common.foreign import check_fit, state_dict_in
from medgan.common.home import weights_folder
from medgan.common.progress import Progress
from medgan.common.tensors import read_facts, read_tensors, write_tensors
from medgan.weights.table import INPUTS, PRETRAINED, Input, Pretrained, row

State = Literal["absent", "verified", "unverified", "damaged"]
COMMAND = "python -m medgan weights"
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
STEP_COUNTER = ".num_batches_tracked"
"""Ends the name of a tensor that old files lack and that no network reads once it is trained."""


@dataclass(frozen=True)
class Status:
    """Whether a network is here; `sha256` and `file` are those of the file it came from, empty where it is not here.

    `verified` means that the file had its publisher's checksum.
    """

    name: str
    state: State
    sha256: str = ""
    file: str = ""
    input: str = "imagenet"
    """How the network wants its pictures, a name in INPUTS."""

    @property
    def present(self) -> bool:
        return self.state in {"verified", "unverified"}


def path_of(name: str) -> Path:
    """Where the weights are kept, or would be."""
    return weights_folder() / f"{name}.safetensors"


def status_of(name: str) -> Status:
    """What is known of a network's weights, without reading them."""
    row(name)
    if not path_of(name).is_file():
        return Status(name, "absent")
    try:
        facts = read_facts(path_of(name))
        state: State = "verified" if facts["verified"] == "yes" else "unverified"
        sha256 = facts["sha256"]
        input = facts.get("input") or row(name).other_inputs.get(sha256, "imagenet")
        return Status(name, state, sha256, facts["file"], input)
    except (BadInput, KeyError):
        return Status(name, "damaged")


def status() -> list[Status]:
    """What is known of each network's weights, in the table's order."""
    return [status_of(name) for name in PRETRAINED]


def is_present(name: str) -> bool:
    """Whether the weights are here and can be used."""
    return status_of(name).present


def require(name: str) -> None:
    """Do nothing where the weights are here; else raise BadInput: what is missing, and both ways to get it."""
    found, wanted = status_of(name), row(name)
    if not found.present:
        what = "are damaged" if found.state == "damaged" else "are not here"
        raise BadInput(
            f"the weights of {wanted.title} {what}, and {wanted.purpose} need them: "
            f"`{COMMAND} download {name}` ({wanted.size_mib:g} MiB), or without internet "
            f"`{COMMAND} import {name} FILE` with the publisher's {wanted.file_name}"
        )


def input_of(name: str) -> Input:
    """How the weights that are here want their pictures; torchvision's way where none are."""
    return INPUTS[status_of(name).input]


def terms(name: str) -> str:
    """What a person agrees to by downloading: size, source and licence, in one line."""
    wanted = row(name)
    return f"{wanted.title}: {wanted.size_mib:g} MiB from {wanted.url} ({wanted.licence})"


def load_state(name: str) -> dict[str, Tensor]:
    """The network's tensors, on the processor; raises BadInput where they are not here."""
    require(name)
    return read_tensors(path_of(name))[0]


def load_network(name: str) -> nn.Module:
    """The network with its weights: frozen, in evaluation mode, on the processor, no random number drawn.

    Raises BadInput where the weights are not here or are those of another network.
    """
    state = _fitted(name, load_state(name), path_of(name))
    network = _without_weights(name)
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def download(name: str, progress: Progress) -> Status:
    """Download a network's weights from their publisher, check and keep them; nothing is asked.

    Weights that are here with their publisher's checksum stay. A download that broke off or was stopped goes on
    where it was. Progress counts MiB. Raises WorkFailed where the server cannot be reached, has no such file, breaks
    off, or sent another file; of that nothing is kept.
    """
    with _alone():
        if (found := status_of(name)).state == "verified":
            return found
        wanted = row(name)
        file = weights_folder() / f"{wanted.file_name}.part"
        carried = f"or download it on another machine and `{COMMAND} import {name} FILE`"
        fetch(wanted.url, file, progress, f"downloading {wanted.title}", carried)
        sha256 = sha256_of(file)
        if not sha256.startswith(wanted.checksum):
            discard(file)
            raise WorkFailed(
                f"{wanted.url}: what came is not the publisher's file (SHA-256 begins with "
                f"{_alike(sha256, wanted)}, not {wanted.checksum}): deleted; try again, or elsewhere"
            )
        found = _keep(name, file, sha256, wanted.file_name)
        file.unlink()
        return found


def import_file(name: str, path: Path, *, unverified: bool = False, input: str = "") -> Status:
    """Check a file of weights (a state dict that torch saved, or safetensors) and keep its tensors.

    `unverified` accepts a file that has not its publisher's checksum; its tensors must fit all the same, and its
    status says so. `input` is a name in INPUTS for a file that wants its pictures differently from the publisher's;
    known files need none. Weights that are here already are replaced. Raises BadInput where the file is not accepted.
    """
    if input and input not in INPUTS:
        raise BadInput(f"input {input!r} is not known (there is: {', '.join(INPUTS)})")
    wanted = row(name)
    try:
        sha256 = sha256_of(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if not unverified and not sha256.startswith(wanted.checksum):
        raise BadInput(
            f"{path}: is not the publisher's {wanted.file_name}, its SHA-256 begins with {_alike(sha256, wanted)}, not "
            f"{wanted.checksum}: take the publisher's file, or add --unverified if you trust this one"
        )
    with _alone():
        return _keep(name, path, sha256, path.name, input)


@contextmanager
def _alone() -> Iterator[None]:
    """One writer of the folder at a time; raises BadInput where there is another."""
    folder = weights_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            sweep(folder)  # half a gigabyte that a killed import left, say
            yield
    except Timeout:
        raise BadInput(
            f"{folder}: another process is downloading or importing weights; wait until it is done"
        ) from None
    except OSError as error:
        if error.errno in FULL_DISK:
            raise  # whoever called knows what to say of that
        raise BadInput(f"{folder}: cannot be written ({error.strerror}); MEDGAN_HOME names another place") from None


def _keep(name: str, path: Path, sha256: str, file: str, input: str = "") -> Status:
    """Write the tensors of a file that fits, with what is known of the file."""
    tensors = {key: tensor.clone() for key, tensor in _fitted(name, state_dict_in(path), path).items()}  # none shared
    verified = sha256.startswith(row(name).checksum)
    facts = {"name": name, "sha256": sha256, "verified": "yes" if verified else "no", "file": file, "input": input}
    write_tensors(path_of(name), tensors, facts)
    return status_of(name)


def _alike(sha256: str, wanted: Pretrained) -> str:
    """As much of a checksum as the publisher tells of his."""
    return sha256[: len(wanted.checksum)]


def _without_weights(name: str) -> nn.Module:
    """The network's shape alone: no memory, and no random number is drawn."""
    with torch.device("meta"):
        return row(name).build()


def _fitted(name: str, tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors that the network has, in its number types; raises BadInput where names or shapes differ."""
    wanted = row(name)
    shapes = _without_weights(name).state_dict()
    counters = {
        key: torch.zeros_like(shape, device="cpu") for key, shape in shapes.items() if key.endswith(STEP_COUNTER)
    }
    found = counters | {key: tensor for key, tensor in tensors.items() if not key.startswith(wanted.left_out)}
    check_fit(found, shapes, wanted.title, path)
    return {key: found[key].to(shape.dtype) for key, shape in shapes.items()}
