"""Feature spaces of torchvision's networks: their features, logits and maps are those of the plain network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from medgan.metrics.networks import TorchvisionNetwork, as_input
from medgan.metrics.pictures import Pictures
from medgan.weights import INPUTS, PRETRAINED, import_file, input_of

from .conftest import pictures_of


class SmallVGG(nn.Module):
    """VGG16's parts, narrow: its layers are as many, so that its taps are where VGG16's are."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width, count in ((4, 2), (6, 2), (8, 3), (8, 3), (8, 3)):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Linear(8 * 49, 32), nn.ReLU(True), nn.Dropout(), nn.Linear(32, 32), nn.ReLU(True), nn.Dropout(),
            nn.Linear(32, 10),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> Any:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


BUILDS = {"vgg16": SmallVGG, "mobilenet_v2": models.mobilenet_v2, "squeezenet1_0": models.squeezenet1_0}
INPUT = "signed"


@pytest.fixture(params=BUILDS)
def network(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, nn.Module]:
    """A network with random weights, imported as one that wants its pictures from -1 to 1."""
    name = request.param
    torch.manual_seed(0)
    built = BUILDS[name]()
    for module in built.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 1.5)  # type: ignore[arg-type]
    torch.save(built.state_dict(), tmp_path / "file.pth")
    monkeypatch.setitem(PRETRAINED, name, replace(PRETRAINED[name], build=BUILDS[name]))
    import_file(name, tmp_path / "file.pth", unverified=True, input=INPUT)
    return name, built.eval()


def test_logits_and_features_are_the_plain_networks(network: tuple[str, nn.Module]) -> None:
    name, plain = network
    images = pictures_of(3, 96, 3)
    seen = as_input(torch.from_numpy(images).permute(0, 3, 1, 2), INPUTS[INPUT])
    with torch.inference_mode():
        logits, maps = plain(seen).flatten(1).numpy(), plain.get_submodule("features")(seen)
    found = TorchvisionNetwork(name)(Pictures(images))
    assert found.logits is not None
    assert np.abs(found.logits - logits).max() <= 1e-4 * np.abs(logits).max()
    if name == "vgg16":
        assert found.pool.shape == (3, 32)
    else:
        pool = maps.mean((2, 3)).numpy()
        assert np.abs(found.pool - pool).max() <= 1e-4 * np.abs(pool).max()


def test_maps_are_of_unit_length_and_differ_between_pictures(network: tuple[str, nn.Module]) -> None:
    name, _ = network
    maps = TorchvisionNetwork(name).maps(Pictures(pictures_of(2, 96, 1)))
    assert len(maps) >= 5
    for seen in maps:
        lengths = seen.norm(dim=1)
        assert ((lengths - 1).abs() < 1e-4).logical_or(lengths < 1e-6).all()
    assert any((seen[0] - seen[1]).abs().max() > 1e-3 for seen in maps)


class TestInputs:
    picture = torch.tensor([255, 0, 51], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 8, 8)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("imagenet", [(255 - 123.675) / 58.395, -116.28 / 57.12, (51 - 103.53) / 57.375]),
            ("signed", [1, -1, -0.6]),
            ("bgr", [51 - 103.939, 0 - 116.779, 255 - 123.68]),
        ],
    )
    def test_each_is_shifted_and_scaled_in_its_own_order(self, name: str, expected: list[float]) -> None:
        found = as_input(self.picture, INPUTS[name])
        assert found.shape[-1] == INPUTS[name].side
        assert found[0, :, 5, 5].tolist() == pytest.approx(expected, abs=1e-4)

    def test_known_files_need_no_word_and_others_may_be_told(self, shared_weights: Path) -> None:
        import_file("squeezenet1_1", shared_weights / "squeezenet1_1_imagenet_features.pth", unverified=True)
        assert input_of("squeezenet1_1") == INPUTS["bgr"]
        import_file("mobilenet_v2", shared_weights / "mobilenet_v2_imagenet.pth", unverified=True, input="imagenet")
        assert input_of("mobilenet_v2") == INPUTS["imagenet"]
