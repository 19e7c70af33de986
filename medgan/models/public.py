"""Generators of the public implementations: which of our networks they are, and what they call their tensors.

pytorch-CycleGAN-and-pix2pix (resnet_6blocks, resnet_9blocks, unet_128, unet_256) and FastGAN-pytorch. Adding one is
one line in the table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from medgan.common.errors import BadInput

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Found:
    """What a state dict says of its network: our GAN, its options, and what it is made for."""

    gan: str
    options: dict[str, Any]
    inputs: int
    """Channels of the picture that it is given; 0 where it draws from noise."""
    outputs: int
    """Channels of the picture that it draws."""


@dataclass(frozen=True)
class Architecture:
    """A row of the table."""

    title: str
    look: Callable[[State], Found]
    """Reads size and channels off the tensors' shapes; raises KeyError where they are not those of the network."""
    name: Callable[[str, State], str]
    """Our name of one of the tensors; theirs where the network has none such."""


def without_wrapper(state: State) -> dict[str, Tensor]:
    """The tensors without the `module.` that training on several GPUs puts before their names."""
    return {key.removeprefix("module."): tensor for key, tensor in state.items()}


def translated(architecture: str, state: State, path: Path) -> tuple[Found, dict[str, Tensor]]:
    """What a state dict holds, and its tensors by our names; raises BadInput for another network's."""
    row = ARCHITECTURES[architecture]
    state = without_wrapper(state)
    try:
        return row.look(state), {row.name(key, state): tensor for key, tensor in _used(state).items()}
    except KeyError as error:
        raise BadInput(f"{path}: is no {architecture} of {row.title}: it has no tensor {error}") from None
    except (ValueError, IndexError, TypeError):  # tensors of those names, of other shapes
        raise BadInput(f"{path}: is no {architecture} of {row.title}: its tensors have other shapes") from None


def _used(state: State) -> dict[str, Tensor]:
    """Without the statistics that instance norms of old torch versions kept and never used."""
    normed = {key.removesuffix("running_mean") for key in state if key.endswith("running_mean")}
    unused = {stem for stem in normed if f"{stem}weight" not in state}
    ends = ("running_mean", "running_var", "num_batches_tracked")
    return {key: value for key, value in state.items() if not any(key == stem + end for stem in unused for end in ends)}


def _resnet(blocks: int) -> Callable[[State], Found]:
    def look(state: State) -> Found:
        first = state["model.1.weight"]
        last = state[f"model.{17 + blocks}.weight"]
        norm = "instance" if "model.1.bias" in state else "batch"
        options = {"network": f"resnet_{blocks}blocks", "width": len(first), "norm": norm, "size": 256}
        return Found("pix2pix", options, first.shape[1], len(last))

    return look


def _resnet_name(key: str, state: State) -> str:
    """`model.10.conv_block.5.weight` is our `layers.10.layers.5.weight`; dropout, if any, moved the second half."""
    key = re.sub(r"^model\.", "layers.", key)
    found = re.fullmatch(r"(layers\.\d+\.)conv_block\.(\d+)(\.\w+)", key)
    if found is None:
        return key
    moved = "model.10.conv_block.5.weight" not in state and int(found[2]) > 4
    return f"{found[1]}layers.{int(found[2]) - moved}{found[3]}"


def _unet(size: int) -> Callable[[State], Found]:
    def look(state: State) -> Found:
        first = state["model.model.0.weight"]
        last = state["model.model.3.weight"]  # of a transposed convolution: inputs first
        norm = "instance" if "model.model.0.bias" in state else "batch"
        options = {"network": "unet", "width": len(first), "norm": norm, "size": size}
        return Found("pix2pix", options, first.shape[1], last.shape[1])

    return look


def _unet_name(depth: int) -> Callable[[str, State], str]:
    """Names of a U-Net of `depth` halvings: theirs are nested, each level within the one before."""
    names = {"model.model.0": "first", "model.model.3": "to_image.1"}
    level = "model.model.1.model"
    for number in range(depth - 1):
        innermost = number == depth - 2
        up = depth - 2 - number
        names |= {f"{level}.1": f"downs.{number}.1"} | ({} if innermost else {f"{level}.2": f"downs.{number}.2"})
        names |= {f"{level}.{3 if innermost else 5}": f"ups.{up}.1", f"{level}.{4 if innermost else 6}": f"ups.{up}.2"}
        level += ".3.model"

    def name(key: str, _state: State) -> str:
        stem, _, kind = key.rpartition(".")
        return f"{names[stem]}.{kind}" if stem in names else key

    return name


def _fastgan(state: State) -> Found:
    latent, doubled = state["init.init.0.weight_orig"].shape[:2]
    size = 1024 if "feat_1024.1.weight_orig" in state else 512 if "feat_512.1.weight_orig" in state else 256
    outputs = len(state["to_big.weight_orig"])
    output = "tanh" if size == 1024 else "linear"
    options = {"size": size, "width": doubled // 32, "latent_size": latent, "output": output}
    return Found("fastgan", options, 0, outputs)


FASTGAN_LAYERS = {"1": "conv", "2": "norm", "init.0": "start", "init.1": "start_norm"}
NOISY_LAYERS = {"1": "conv_1", "2": "noise_1", "3": "norm_1", "5": "conv_2", "6": "noise_2", "7": "norm_2"}
NOISY = ("8", "32", "128", "512")
SPECTRAL = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}


def _fastgan_name(key: str, _state: State) -> str:
    """`feat_16.1.weight_orig` is our `blocks.16.conv.parametrizations.weight.original`, and so on."""
    stem, _, kind = key.rpartition(".")
    part, layer = [*stem.split(".", 1), ""][:2]
    kind = SPECTRAL.get(kind, kind)
    resolution = part.rpartition("_")[2]
    if part == "init":
        return f"{FASTGAN_LAYERS.get(layer, layer)}.{kind}"
    if part.startswith("feat_"):
        layer = (NOISY_LAYERS if resolution in NOISY else FASTGAN_LAYERS).get(layer, layer)
        return f"blocks.{resolution}.{layer}.{'strength' if layer.startswith('noise') else kind}"
    if part.startswith("se_"):
        return f"excitations.{resolution}.layers.{layer.removeprefix('main.')}.{kind}"
    heads = {"to_big": "to_image", "to_128": "to_small"}
    return f"{heads.get(part, part)}.{kind}"


CYCLEGAN_AND_PIX2PIX = "pytorch-CycleGAN-and-pix2pix"
ARCHITECTURES: dict[str, Architecture] = {
    "resnet_6blocks": Architecture(CYCLEGAN_AND_PIX2PIX, _resnet(6), _resnet_name),
    "resnet_9blocks": Architecture(CYCLEGAN_AND_PIX2PIX, _resnet(9), _resnet_name),
    "unet_128": Architecture(CYCLEGAN_AND_PIX2PIX, _unet(128), _unet_name(7)),
    "unet_256": Architecture(CYCLEGAN_AND_PIX2PIX, _unet(256), _unet_name(8)),
    "fastgan": Architecture("FastGAN-pytorch", _fastgan, _fastgan_name),
}
