"""Networks with random weights in place of those that are not at hand, imported as anybody would import weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgan.weights import import_file
from medgan.weights.inception import InceptionV3


def random_inception() -> InceptionV3:
    """The network with random weights whose activations neither vanish nor explode, batch norms included."""
    torch.manual_seed(0)
    network = InceptionV3()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)  # type: ignore[arg-type]
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)  # type: ignore[arg-type]
    return network


@pytest.fixture(scope="session")
def inception_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the format of torch-fidelity's file."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(random_inception().state_dict(), path)
    return path


@pytest.fixture
def inception(inception_file: Path) -> Path:
    """The same, imported."""
    import_file("inception", inception_file, unverified=True)
    return inception_file


def pictures_of(count: int, side: int, channels: int, seed: int = 0) -> Any:
    """Smooth random pictures (n, side, side, channels) of bytes."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.uniform(0, 255, (count, channels, 8, 8)))
    smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 255)
    return smooth.byte().permute(0, 2, 3, 1).contiguous().numpy()
