"""FastGAN's networks against the authors' description."""

import pytest
import torch

from medgan.models.fastgan import Discriminator, Generator, doublings, is_noisy


def test_doublings() -> None:
    assert doublings(64) == [8, 16, 32, 64]
    assert doublings(64, 64) == [64]
    assert doublings(8, 16) == []


def test_noise_enters_at_8_32_and_128_pixels() -> None:
    assert [r for r in doublings(256) if is_noisy(r)] == [8, 32, 128]


@pytest.mark.parametrize("size", [64, 128, 256])
def test_the_last_map_is_8x8_and_gives_5x5_fields_for_both_sizes(size: int) -> None:
    small = min(size // 2, 128)
    discriminator = Discriminator(size, small, channels=1, width=8)
    maps = discriminator.features(torch.zeros(2, 1, size, size))
    assert maps[8].shape[-2:] == (8, 8)
    assert discriminator.logits(maps, torch.zeros(2, 1, small, small)).shape == (2, 50)


def test_skip_layer_excitation_links_maps_sixteen_times_apart() -> None:
    generator = Generator(256, 128, channels=3, width=8, latent_size=16)
    assert list(generator.excitations) == ["64", "128", "256"]
    assert list(Discriminator(256, 128, 3, 8).excitations) == ["32", "16", "8"]


def test_reconstruction_loss_is_zero_only_for_a_perfect_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    discriminator = Discriminator(64, 32, channels=1, width=8)
    images = torch.full((2, 1, 64, 64), 0.25)
    maps = discriminator.features(images)
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
