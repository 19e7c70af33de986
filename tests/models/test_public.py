"""Generators of the public implementations draw here what they draw there.

The networks of this file have the layers and tensor names of the public ones, plainly put.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies.origins import origin_of
from medgan.studies.synthesis import generate, generate_config
from medgan.studies.training_distances import holds_training_images
from medgan.training.importing import ImportConfig, import_generator
from medgan.training.sampler import Sampler


class ResnetBlock(nn.Module):
    def __init__(self, channels: int, dropout: bool) -> None:
        super().__init__()
        half = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)]
        other = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)]
        self.conv_block = nn.Sequential(*half, nn.ReLU(True), *([nn.Dropout(0.5)] if dropout else []), *other)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)  # type: ignore[no-any-return]


class PublicResnet(nn.Module):
    def __init__(self, blocks: int, width: int, channels: int = 3, dropout: bool = False) -> None:
        super().__init__()
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7), nn.InstanceNorm2d(width), nn.ReLU(True)]
        for inner in (width, 2 * width):
            layers += [nn.Conv2d(inner, 2 * inner, 3, 2, 1), nn.InstanceNorm2d(2 * inner), nn.ReLU(True)]
        layers += [ResnetBlock(4 * width, dropout) for _ in range(blocks)]
        for inner in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(inner, inner // 2, 3, 2, 1, 1)
            layers += [up, nn.InstanceNorm2d(inner // 2), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # type: ignore[no-any-return]


class Level(nn.Module):
    """One level of the public U-Net: it holds the levels below it."""

    def __init__(self, outer: int, inner: int, below: nn.Module | None, inputs: int = 0) -> None:
        super().__init__()
        self.outermost = inputs > 0
        down = nn.Conv2d(inputs or outer, inner, 4, 2, 1, bias=False)
        if below is None:
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False)
            self.model = nn.Sequential(nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, nn.BatchNorm2d(outer))
        elif self.outermost:
            up = nn.ConvTranspose2d(2 * inner, outer, 4, 2, 1)
            self.model = nn.Sequential(down, below, nn.ReLU(True), up, nn.Tanh())
        else:
            up = nn.ConvTranspose2d(2 * inner, outer, 4, 2, 1, bias=False)
            before = [nn.LeakyReLU(0.2, True), down, nn.BatchNorm2d(inner)]
            self.model = nn.Sequential(*before, below, nn.ReLU(True), up, nn.BatchNorm2d(outer))

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.model(x)
        return changed if self.outermost else torch.cat([x, changed], 1)


class PublicUnet(nn.Module):
    """Without its dropout: that has no weights."""

    def __init__(self, depth: int, width: int, channels: int = 3) -> None:
        super().__init__()
        level = Level(8 * width, 8 * width, None)
        for _ in range(depth - 5):
            level = Level(8 * width, 8 * width, level)
        for factor in (4, 2, 1):
            level = Level(factor * width, 2 * factor * width, level)
        self.model = Level(channels, width, level, inputs=channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # type: ignore[no-any-return]


def conv(*arguments: Any) -> nn.Module:
    return spectral_norm(nn.Conv2d(*arguments, bias=False))


class PublicNoise(nn.Module):
    noise: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight * self.noise


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.glu(x, dim=1)


class Init(nn.Module):
    def __init__(self, latent: int, channels: int) -> None:
        super().__init__()
        first = spectral_norm(nn.ConvTranspose2d(latent, 2 * channels, 4, 1, 0, bias=False))
        self.init = nn.Sequential(first, nn.BatchNorm2d(2 * channels), Gate())


class Excite(nn.Module):
    def __init__(self, small: int, large: int) -> None:
        super().__init__()
        rest = [nn.SiLU(), conv(large, large, 1, 1, 0), nn.Sigmoid()]
        self.main = nn.Sequential(nn.AdaptiveAvgPool2d(4), conv(small, large, 4, 1, 0), *rest)

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        return large * self.main(small)  # type: ignore[no-any-return]


UNITS = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1, 256: 0.5, 512: 0.25, 1024: 0.125}
NOISY = (8, 32, 128, 512)


class PublicFastGAN(nn.Module):
    def __init__(self, size: int, width: int, latent: int) -> None:
        super().__init__()
        at = {side: int(units * width) for side, units in UNITS.items()}
        self.sides = [side for side in UNITS if 4 < side <= size]
        self.init = Init(latent, at[4])
        for side in self.sides:
            setattr(self, f"feat_{side}", self.up(at[side // 2], at[side], side in NOISY))
            if 64 <= side <= 512:
                setattr(self, f"se_{side}", Excite(at[side // 16], at[side]))
        self.to_128 = conv(at[128], 3, 1, 1, 0)
        self.to_big = conv(at[size], 3, 3, 1, 1)

    def up(self, inputs: int, outputs: int, noisy: bool) -> nn.Sequential:
        def half(before: int) -> list[nn.Module]:
            noise = [PublicNoise()] if noisy else []
            return [conv(before, 2 * outputs, 3, 1, 1), *noise, nn.BatchNorm2d(2 * outputs), Gate()]

        return nn.Sequential(nn.Upsample(scale_factor=2), *half(inputs), *(half(outputs) if noisy else []))

    def forward(self, z: Tensor) -> Tensor:
        maps = {4: self.init.init(z[:, :, None, None])}
        for side in self.sides:
            maps[side] = getattr(self, f"feat_{side}")(maps[side // 2])
            if 64 <= side <= 512:
                maps[side] = getattr(self, f"se_{side}")(maps[side // 16], maps[side])
        picture: Tensor = self.to_big(maps[self.sides[-1]])
        return torch.tanh(picture) if self.sides[-1] == 1024 else picture


def shuffled(network: nn.Module) -> nn.Module:
    """The network with statistics and scales that are not those of a fresh one."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def saved(network: nn.Module, path: Path, wrap: bool = False) -> Path:
    state = {f"module.{key}" if wrap else key: value for key, value in network.state_dict().items()}
    torch.save({"g": state} if wrap else state, path)
    return path


@pytest.mark.parametrize(
    ("architecture", "make"),
    [
        ("resnet_6blocks", lambda: PublicResnet(6, 8)),
        ("resnet_9blocks", lambda: PublicResnet(9, 8, channels=1)),
        ("resnet_9blocks", lambda: PublicResnet(9, 8, dropout=True)),
        ("unet_128", lambda: PublicUnet(7, 8)),
        ("unet_256", lambda: PublicUnet(8, 8, channels=1)),
    ],
)
def test_a_translating_generator_draws_the_same(tmp_path: Path, architecture: Any, make: Any) -> None:
    torch.manual_seed(0)
    network = shuffled(make())
    run = import_generator(ImportConfig(architecture=architecture, file=saved(network, tmp_path / "latest_net_G.pth")))
    assert run.finished
    assert run.can_sample
    assert holds_training_images("any-data-set", run), "nobody knows what it learned from: copies are to be shown"
    task = Sampler.load(run).task
    size, channels = run.config.model.size, run.record.data.channels
    pictures = torch.rand(2, channels, size, size) * 2 - 1
    with torch.no_grad():
        expected = network(pictures)
        found = task.decode({}, {"sources": pictures})["images"]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.01


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_a_fastgan_generator_draws_the_same(tmp_path: Path, size: int) -> None:
    torch.manual_seed(2)
    network = PublicFastGAN(size, width=32, latent=16)
    for noise in network.modules():
        if isinstance(noise, PublicNoise):
            noise.noise = torch.zeros(1)
    for _ in range(5):  # fresh spectral norms are far off: let them settle
        network(torch.randn(2, 16))
    network.eval()
    path = saved(network, tmp_path / "all.pth", wrap=True)
    task = Sampler.load(import_generator(ImportConfig(architecture="fastgan", file=path))).task
    latent = task.seeded_latent(0, 0, 2)
    for side in (side for side in NOISY if side <= size):
        first, second = (module for module in getattr(network, f"feat_{side}") if isinstance(module, PublicNoise))
        first.noise, second.noise = latent[f"noise_{side}"][:, :1], latent[f"noise_{side}"][:, 1:]
    with torch.no_grad():
        expected = network(latent["z"]).clamp(-1, 1)
        found = task.decode(latent, {})["images"]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert expected.std() > 0.01


def test_two_files_are_a_cyclegan_that_translates_a_data_set(tmp_path: Path, phantoms: PreparedDataset) -> None:
    run = import_generator(
        ImportConfig(
            architecture="resnet_6blocks",
            file=saved(PublicResnet(6, 4, channels=1), tmp_path / "latest_net_G_A.pth"),
            back=saved(PublicResnet(6, 4, channels=1), tmp_path / "latest_net_G_B.pth"),
            size=64,
            name="both",
            domain_a="normal",
            domain_b="tuberculosis",
        )
    )
    drawn = {}
    for label, becomes in (("normal", "tuberculosis"), ("tuberculosis", "normal")):
        made = generate(generate_config("both", count=3, source="phantoms", part="test", label=label))
        assert set(made.items["label"]) == {becomes}
        drawn[label] = made.drawn.pictures
    assert not np.array_equal(drawn["normal"], drawn["tuberculosis"])
    with pytest.raises(BadInput, match="say from which data set"):
        origin_of(run)


def test_a_single_generator_translates_any_images(tmp_path: Path, phantoms: PreparedDataset) -> None:
    path = saved(PublicResnet(6, 4, channels=1), tmp_path / "G.pth")
    import_generator(ImportConfig(architecture="resnet_6blocks", file=path, size=64))
    made = generate(generate_config("G", count=2, source="phantoms", part="test"))
    assert made.drawn.pictures.shape == (2, 64, 64, 1)


def test_what_is_no_such_network_is_refused_in_one_line(tmp_path: Path) -> None:
    path = saved(PublicResnet(6, 4), tmp_path / "G.pth")
    with pytest.raises(BadInput, match=r"is no unet_256 of pytorch-CycleGAN-and-pix2pix: it has no tensor"):
        import_generator(ImportConfig(architecture="unet_256", file=path))
    state = torch.load(path, weights_only=True)
    del state["model.10.conv_block.1.weight"]
    state["model.99.weight"] = torch.zeros(1)
    torch.save(state, path)
    with pytest.raises(BadInput, match=r"1 missing \(layers.10.layers.1.weight\); 1 unexpected \(layers.99.weight\)"):
        import_generator(ImportConfig(architecture="resnet_6blocks", file=path))
    for odd in ({"epoch": torch.zeros(())}, {"model.1.weight": torch.zeros(3), "model.23.weight": torch.zeros(())}):
        torch.save(odd, path)
        for architecture in ("resnet_6blocks", "unet_128", "fastgan"):
            with pytest.raises(BadInput, match=f"is no {architecture} of"):
                import_generator(ImportConfig(architecture=architecture, file=path))
    torch.save(nn.Linear(2, 2), path)
    with pytest.raises(BadInput, match="refused, it holds more than plain tensors"):
        import_generator(ImportConfig(architecture="resnet_6blocks", file=path))
    with pytest.raises(BadInput, match="no such file"):
        import_generator(ImportConfig(architecture="resnet_6blocks", file=tmp_path / "none.pth"))
