"""Tensors in files that other programs wrote; only plain tensors are ever loaded."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.common.tensors import read_tensors

NAMED = 3
"""So many keys of each kind are named in an error."""


def state_dict_in(path: Path, entries: Sequence[str] = ()) -> dict[str, Tensor]:
    """The state dict in a file (torch's own format, or safetensors), or in the first of its `entries` that is there.

    Raises BadInput where it holds anything else.
    """
    if path.suffix == ".safetensors":
        return read_tensors(path)[0]
    try:
        with warnings.catch_warnings(action="ignore"):  # what matters is raised
            found = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except UnpicklingError:
        raise BadInput(
            f"{path}: refused, it holds more than plain tensors or is no file of torch's (a pickled model could run "
            f"any code): save the model's state_dict instead"
        ) from None
    except Exception as error:  # a file from anywhere: torch raises what it likes on one that is cut or damaged
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise BadInput(f"{path}: damaged, cut short, or no file of torch's ({reason:.120})") from None
    if isinstance(found, dict):
        found = next((found[entry] for entry in entries if entry in found), found)
    if not isinstance(found, dict) or not all(map(_is_plain, found.values())):
        raise BadInput(f"{path}: holds no state dict, which is tensors by their names")
    return {str(name): tensor for name, tensor in found.items()}


def _is_plain(value: object) -> bool:
    """Whether it is a tensor whose numbers are all there, one by one."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )


def check_fit(found: Mapping[str, Tensor], shapes: Mapping[str, Tensor], title: str, path: Path) -> None:
    """Raise BadInput, naming a few, where tensors are missing, unexpected, or not of the network's shapes."""
    differing = {
        "missing": [key for key in shapes if key not in found],
        "unexpected": [key for key in found if key not in shapes],
        "of another shape or kind": [
            f"{key} {_kind(found[key])} for {_kind(shape)}"
            for key, shape in shapes.items()
            if key in found and _kind(found[key]) != _kind(shape)
        ],
    }
    if any(differing.values()):
        told = "; ".join(f"{len(keys)} {how} ({_few(keys)})" for how, keys in differing.items() if keys)
        raise BadInput(f"{path}: its tensors are not those of {title}: {told}")


def _kind(tensor: Tensor) -> str:
    """What a tensor must share with another to take its place: shape, and whether fractions fit; not the precision."""
    return f"{tuple(tensor.shape)} {'floats' if tensor.is_floating_point() else 'integers'}"


def _few(keys: list[str]) -> str:
    return ", ".join(keys[:NAMED]) + (", ..." if len(keys) > NAMED else "")
