"""Checkpoints: everything a run needs to go on as if it had never stopped, in one safetensors file."""

import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

from medgan.common.artefact import atomic_path
from medgan.common.errors import BadInput

KEPT = 2


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write tensors and a few words about them; the file appears whole and on disk, or not at all."""
    with atomic_path(path) as temporary:
        save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, temporary, dict(facts))
        temporary.chmod(0o644)  # as other files: a run's folder can be shared


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and words; raises BadInput where the file is damaged. Nothing is unpickled."""
    try:
        with safe_open(path, framework="pt") as stream:
            return {name: stream.get_tensor(name) for name in stream.keys()}, stream.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as safetensors ({error})") from None


def checkpoint_path(folder: Path, step: int) -> Path:
    return folder / f"checkpoint-{step:08d}.safetensors"


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, newest first."""
    return sorted(folder.glob("checkpoint-*.safetensors"), reverse=True)


def save_checkpoint(folder: Path, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write the checkpoint of a step and drop all but the newest two."""
    write_tensors(checkpoint_path(folder, step), tensors, {"step": str(step), **facts})
    for old in checkpoints(folder)[KEPT:]:
        old.unlink()


def newest_checkpoint(folder: Path) -> tuple[int, dict[str, Tensor], dict[str, str]] | None:
    """Step, tensors and words of the newest checkpoint that can be read; None where there is none."""
    for path in checkpoints(folder):
        try:
            tensors, facts = read_tensors(path)
            return int(facts["step"]), tensors, facts
        except (BadInput, KeyError, ValueError):
            continue  # torn by a fault: the one before it is whole
    return None


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The optimizer's state as named tensors: `<parameter number>.<name>`."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": tensor for number, values in state.items() for name, tensor in values.items()}


def load_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put named tensors back as the optimizer's state."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        found = re.fullmatch(r"(\d+)\.(\w+)", key)
        if found is None:
            raise BadInput(f"checkpoint: optimizer state {key!r} is not understood")
        state.setdefault(int(found[1]), {})[found[2]] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
