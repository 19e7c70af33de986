"""FastGAN's networks against the authors' description, and their fast operations against the plain ones."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.baselines.fastgan import FastGANDiscriminator, FastGANGenerator
from medgan.common.home import shipped_runs_folder
from medgan.models.fastgan import (
    GENERATOR_UNITS,
    Discriminator,
    Generator,
    ToImage,
    doublings,
    gated,
    is_excited,
    is_noisy,
)
from medgan.models.task import Latent
from medgan.models.upsample import UpsampledConv2d
from medgan.training.run import Run
from medgan.training.sampler import Sampler


def test_doublings() -> None:
    assert doublings(64) == [8, 16, 32, 64]
    assert doublings(64, 64) == [64]
    assert doublings(8, 16) == []


def test_noise_enters_at_8_32_and_128_pixels() -> None:
    assert [r for r in doublings(256) if is_noisy(r)] == [8, 32, 128]


def latent(generator: Generator, count: int = 2) -> Latent:
    noise = {f"noise_{r}": torch.randn(count, 2, r, r) for r in doublings(generator.size) if is_noisy(r)}
    return {"z": torch.randn(count, 16)} | noise


@pytest.mark.parametrize("size", [64, 128, 256, 512, 1024])
def test_it_draws_and_judges_every_size(size: int) -> None:
    small = min(size // 2, 128)
    generator = Generator(size, small, channels=1, width=8, latent_size=16)
    discriminator = Discriminator(size, small, channels=1, width=8)
    with torch.no_grad():
        pictures, smaller = generator(latent(generator))
        assert pictures.shape == (2, 1, size, size)
        assert smaller.shape == (2, 1, small, small)
        logits, maps = discriminator(pictures, smaller)
    # The last map is 8x8 and gives 5x5 fields, for both sizes.
    assert maps[8].shape[-2:] == (8, 8)
    assert max(maps) == min(size, 256)
    assert logits.shape == (2, 50)


def layers_of(network: nn.Module) -> list[str]:
    return [type(layer).__name__.removeprefix("Parametrized") for layer in network.children()]


def test_large_images_reach_256_pixels_by_plain_convolutions() -> None:
    """As the authors do, with batch norm after the second only."""
    assert layers_of(Discriminator(256, 128, 1, 64).stem) == ["Conv2d", "LeakyReLU"]
    assert layers_of(Discriminator(512, 128, 1, 64).stem) == ["Conv2d", "LeakyReLU"]
    assert layers_of(Discriminator(1024, 128, 1, 64).stem) == ["Conv2d", "LeakyReLU", "PlainDown"]


def test_no_excitation_at_1024_pixels() -> None:
    assert [r for r in doublings(1024) if is_excited(r)] == [64, 128, 256, 512]


def test_widths_of_the_discriminator_are_the_authors() -> None:
    """Width 64 at 256 pixels: 16, 32, 64, 128, 256 and 512 channels from the largest map to the smallest."""
    discriminator = Discriminator(256, 128, 1, 64)
    _, maps = discriminator(torch.zeros(2, 1, 256, 256), torch.zeros(2, 1, 128, 128))
    assert {r: features.shape[1] for r, features in maps.items()} == {
        256: 16,
        128: 32,
        64: 64,
        32: 128,
        16: 256,
        8: 512,
    }
    assert [layer.weight.shape[0] for layer in discriminator.to_logits if isinstance(layer, nn.Conv2d)] == [1024, 1]
    assert discriminator.small_to_logits.weight.shape[1] == 256


def test_skip_layer_excitation_links_maps_sixteen_times_apart() -> None:
    generator = Generator(256, 128, channels=3, width=8, latent_size=16)
    assert list(generator.excitations) == ["64", "128", "256"]
    assert list(Discriminator(256, 128, 3, 8).excitations) == ["32", "16", "8"]


def test_reconstruction_loss_is_zero_only_for_a_perfect_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    discriminator = Discriminator(64, 32, channels=1, width=8)
    images = torch.full((2, 1, 64, 64), 0.25)
    maps = discriminator(images, images[..., ::2, ::2])[1]
    assert discriminator.reconstruction_loss(maps, images) > 0.01
    monkeypatch.setattr(discriminator.decode_whole, "forward", lambda _: images)
    monkeypatch.setattr(discriminator.decode_part, "forward", lambda _: images[..., :32, :32])
    assert discriminator.reconstruction_loss(maps, images) == 0


def test_parameter_counts_at_256_pixels() -> None:
    """Counted by hand from the table of channels: width 64, 3 channels, latent 256."""

    def count(network: torch.nn.Module) -> int:
        return sum(p.numel() for p in network.parameters())

    at = {4: 1024, 8: 512, 16: 256, 32: 128, 64: 128, 128: 64, 256: 32}
    start = 256 * 2 * at[4] * 16 + 4 * at[4]
    plain = sum(at[r // 2] * 2 * at[r] * 9 + 4 * at[r] for r in (16, 64, 256))
    noisy = sum((at[r // 2] + at[r]) * 2 * at[r] * 9 + 8 * at[r] + 2 for r in (8, 32, 128))
    excitations = sum(at[r // 16] * at[r] * 16 + at[r] ** 2 for r in (64, 128, 256))
    images = 3 * at[256] * 9 + 3 * at[128]
    assert count(Generator(256, 128, 3, 64, 256)) == start + plain + noisy + excitations + images


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_gating_is_the_gated_linear_unit_in_either_layout(layout: torch.memory_format) -> None:
    features = torch.randn(2, 6, 5, 7, dtype=torch.double).contiguous(memory_format=layout).requires_grad_()
    assert torch.allclose(gated(features), F.glu(features, dim=1), rtol=0, atol=1e-14)
    ours = torch.autograd.grad(gated(features).square().sum(), features)[0]
    expected = torch.autograd.grad(F.glu(features, dim=1).square().sum(), features)[0]
    assert torch.allclose(ours, expected, rtol=0, atol=1e-14)


def test_the_last_convolution_is_the_plain_one() -> None:
    layer = ToImage(6, 2).double()
    features = torch.randn(2, 6, 9, 11, dtype=torch.double, requires_grad=True)
    expected = F.conv2d(features, layer.weight, padding=1)
    assert torch.allclose(layer(features), expected, rtol=0, atol=1e-12)
    ours = torch.autograd.grad(layer(features).square().sum(), [features, layer.weight])
    plain = torch.autograd.grad(expected.square().sum(), [features, layer.weight])
    assert all(torch.allclose(one, other, rtol=0, atol=1e-11) for one, other in zip(ours, plain, strict=True))


def test_runs_of_the_first_version_keep_their_narrow_discriminator() -> None:
    """Half of the published channels at 16 and at 8 pixels, so that their checkpoints fit."""
    narrow = Discriminator(64, 32, 1, 8, GENERATOR_UNITS)
    maps = narrow(torch.zeros(2, 1, 64, 64), torch.zeros(2, 1, 32, 32))[1]
    assert {r: features.shape[1] for r, features in maps.items()} == {64: 8, 32: 16, 16: 16, 8: 32}


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """The weights of a network in one of the same layers under other names."""
    values = source.state_dict().values()
    target.load_state_dict(dict(zip(target.state_dict(), values, strict=True)))


def test_the_plain_networks_of_the_benchmark_are_the_same_functions() -> None:
    """In double precision, at zero noise strength; their layers have the same order."""
    torch.manual_seed(0)
    generator, discriminator = Generator(256, 128, 1, 16, 16).double(), Discriminator(256, 128, 1, 16).double()
    plain_generator, plain_discriminator = FastGANGenerator(1, 16, 16).double(), FastGANDiscriminator(1, 16).double()
    copy_in_order(generator, plain_generator)
    copy_in_order(discriminator, plain_discriminator)
    latents = {name: values.double() for name, values in latent(generator).items()}
    drawn, plainly_drawn = generator(latents), plain_generator(latents["z"])
    for pictures, expected in zip(drawn, plainly_drawn, strict=True):
        assert torch.allclose(pictures, expected, rtol=0, atol=1e-9)
    logits, maps = discriminator(*drawn)
    plain_logits, feat_8, feat_16 = plain_discriminator(*plainly_drawn)
    assert torch.allclose(logits, plain_logits, rtol=0, atol=1e-9)
    torch.manual_seed(1)
    loss = discriminator.reconstruction_loss(maps, drawn[0])
    torch.manual_seed(1)
    assert loss.item() == pytest.approx(
        plain_discriminator.reconstruction_loss(feat_8, feat_16, drawn[0]).item(), abs=1e-5
    )
    loss.backward()
    assert all(parameter.grad is not None for parameter in discriminator.decode_whole.parameters())


def test_names_of_the_weights_are_those_of_earlier_checkpoints() -> None:
    names = set(Generator(64, 32, 1, 8, 16).state_dict())
    for block in (
        "blocks.8.conv_1",
        "blocks.8.conv_2",
        "blocks.16.conv",
        "excitations.64.layers.1",
        "to_image",
        "start",
    ):
        tail = {"original", "0._u", "0._v"}
        assert {f"{block}.parametrizations.weight.{name}" for name in tail} <= names
    assert {"blocks.8.noise_1.strength", "blocks.16.norm.running_mean", "start_norm.weight"} <= names
    assert all(name.startswith(("start", "blocks.", "excitations.", "to_image.", "to_small.")) for name in names)


@pytest.mark.parametrize("folder", sorted(shipped_runs_folder().iterdir()), ids=lambda folder: folder.name)
def test_shipped_generators_draw_as_with_plain_upsampling(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.read(folder)
    assert run.config.gan == "fastgan"
    sampler = Sampler.load(run, "cpu")
    drawn = sampler.draw(4, seed=3).pictures.astype(int)
    monkeypatch.setattr(UpsampledConv2d, "forward", plain_upsampled_convolution)
    expected = sampler.draw(4, seed=3).pictures.astype(int)
    assert drawn.std() > 10
    assert abs(drawn - expected).max() <= 1


def plain_upsampled_convolution(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    return F.conv2d(F.interpolate(maps, scale_factor=2.0), layer.weight, padding=1)
