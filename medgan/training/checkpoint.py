"""Checkpoints: everything a run needs to go on as if it had never stopped, in one safetensors file."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor
from torch.optim import Optimizer

from medgan.common.errors import BadInput
from medgan.common.tensors import read_tensors as read_tensors
from medgan.common.tensors import write_tensors as write_tensors

KEPT = 2


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
    """Step, tensors and words of the newest checkpoint that is whole; None where there is none.

    Raises BadInput where one cannot be read at present: it may be whole, and an older one must not take its place.
    """
    for path in checkpoints(folder):
        try:
            tensors, facts = read_tensors(path)
            return int(facts["step"]), tensors, facts
        except BadInput as error:
            if isinstance(error.__cause__, OSError) and path.exists():
                raise
            continue  # damaged by a fault, which `drop_later` tells: the one before it is whole
        except (KeyError, ValueError):
            continue  # likewise: the words are not those of a checkpoint
    return None


def drop_later(folder: Path, step: int) -> list[int]:
    """Delete the checkpoints of after a step, which could not be read; returns their steps.

    They would be kept in place of older ones that can be read.
    """
    later = [path for path in checkpoints(folder) if step_of(path) > step]
    for path in later:
        path.unlink()
    return [step_of(path) for path in later]


def step_of(path: Path) -> int:
    return int(path.stem.removeprefix("checkpoint-"))


def newest_step(folder: Path) -> int:
    """Step of the newest checkpoint, readable or not; 0 where there is none."""
    return max(map(step_of, checkpoints(folder)), default=0)


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
