"""Generators of other programs as runs of ours: they draw, translate and are judged like any other."""

from pathlib import Path
from typing import Literal

import torch
from pydantic import Field

from medgan.common.artefact import checked_name, new_id
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.foreign import check_fit, state_dict_in
from medgan.models import GANS
from medgan.models.public import Found, translated
from medgan.models.task import GanTask, TrainingData
from medgan.training.config import NETWORKS_VERSION, TrainConfig
from medgan.training.run import Run, RunRecord

ArchitectureName = Literal["resnet_6blocks", "resnet_9blocks", "unet_128", "unet_256", "fastgan"]
ENTRIES = ("g", "state_dict")
"""Where a checkpoint of several networks keeps its generator."""


class ImportConfig(Config):
    """A generator to import, and what it is to be called."""

    architecture: ArchitectureName
    """The public network: resnet_6blocks, resnet_9blocks, unet_128 or unet_256 (pytorch-CycleGAN-and-pix2pix), fastgan
    (FastGAN-pytorch)."""
    file: Path
    """Its state dict, as those programs save it (.pth), or safetensors."""
    back: Path | None = None
    """The generator of the other direction, which makes the two a CycleGAN."""
    name: str = ""
    """Name of the run; the file's where it is not given."""
    domain_a: str = Field("a", min_length=1, max_length=200)
    """What a CycleGAN's first file translates from."""
    domain_b: str = Field("b", min_length=1, max_length=200)
    """What a CycleGAN's first file translates to."""
    structures: tuple[str, ...] = ()
    """Names of the mask's structures, where the generator is given masks, in the order of its channels."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of a U-Net's deepest maps that is dropped when it draws, so that one picture gives several; 0 for none."""
    size: int = Field(0, ge=0, le=1024)
    """Side of its pictures, in pixels; 0 for the network's usual one."""


def import_generator(config: ImportConfig) -> Run:
    """A finished run with an imported generator; raises BadInput where a file is not what it is said to be."""
    found, tensors = translated(config.architecture, state_dict_in(config.file, ENTRIES), config.file)
    if config.back is None:
        generators = {"generator": tensors}
    else:
        if found.gan != "pix2pix":
            raise BadInput("a way back belongs to a translating network (resnet or unet), not to fastgan")
        found_back, tensors_back = translated(config.architecture, state_dict_in(config.back, ENTRIES), config.back)
        if found_back != found or found.inputs != found.outputs:
            raise BadInput(f"{config.back}: is no way back of {config.file}: sizes, widths or channels differ")
        generators = {"a_to_b": tensors, "b_to_a": tensors_back}
    record = _record(config, found, cyclegan=config.back is not None)
    with torch.device("meta"):
        task = GANS[record.config.gan].task(record.config.model, record.data)
    paths = {"generator": config.file, "a_to_b": config.file, "b_to_a": config.back or config.file}
    for name, state in generators.items():
        check_fit(state, _shapes(task, name), config.architecture, paths[name])
    run = Run.start(record)
    state = {f"{name}.{key}": tensor for name, found_ones in generators.items() for key, tensor in found_ones.items()}
    summary = {"steps": 0, "seconds": 0.0, "items": 0, "imported": config.architecture, "file": config.file.name}
    return run.finish(state, [], summary)


def _shapes(task: GanTask, name: str) -> dict[str, torch.Tensor]:
    shapes: dict[str, torch.Tensor] = task.generators[name].state_dict()
    return shapes


def _record(config: ImportConfig, found: Found, *, cyclegan: bool) -> RunRecord:
    """The run's record: options read off the file, data as the person says."""
    if found.outputs not in {1, 3}:
        raise BadInput(f"{config.file}: draws {found.outputs} channels; images have 1 or 3")
    name = checked_name(config.name or config.file.stem)
    options = found.options | ({"size": config.size} if config.size else {})
    data = {"channels": found.outputs, "structures": config.structures}
    if cyclegan:
        gan = "cyclegan"
        data["classes"] = (config.domain_a, config.domain_b)
    else:
        gan = found.gan
        if gan == "pix2pix":
            options["dropout"] = config.dropout
            options["translation"] = "masks_to_images" if config.structures else "sources_to_images"
            data["source_channels"] = 0 if config.structures else found.inputs
    if config.structures and len(config.structures) != found.inputs:
        raise BadInput(
            f"{config.file}: is given {found.inputs} channels, {len(config.structures)} structures are named"
        )
    train = {
        "version": NETWORKS_VERSION,
        "run": new_id(name),
        "name": name,
        "gan": gan,
        "dataset": "imported",
        "model": options,
        "loop": {"steps": 1},
    }
    return RunRecord(config=TrainConfig.parse(train), data=TrainingData.parse(data), dataset_id="", items=0)
