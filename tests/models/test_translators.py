"""The image-to-image networks against the papers: sizes, fields, pool, jitter."""

import itertools

import pytest
import torch
from torch import nn

from medgan.models.jitter import jittered
from medgan.models.patchgan import STRIDES, Field, MultiScalePatchGAN, PatchGAN, receptive_field
from medgan.models.pool import ImagePool
from medgan.models.resnet import ResNet, blocks_for
from medgan.models.unet import UNet


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_unet_for_256_pixels_has_the_published_number_of_parameters() -> None:
    """54.4 million for RGB (the figure that the public implementation prints), derived layer by layer."""
    encoder = [64, 128, 256, 512, 512, 512, 512, 512]
    first = 3 * 64 * 16
    downs = sum(before * after * 16 for before, after in itertools.pairwise(encoder))
    ups_in = [512, 1024, 1024, 1024, 1024, 512, 256]
    ups_out = [512, 512, 512, 512, 256, 128, 64]
    ups = sum(before * after * 16 for before, after in zip(ups_in, ups_out, strict=True))
    norms = 2 * (sum(encoder[1:-1]) + sum(ups_out))  # none after the first map and the map of one pixel
    last = 128 * 3 * 16 + 3
    found = count(UNet(256, 3, 3, 64, "batch", 0.5))
    assert found == first + downs + ups + norms + last
    assert round(found / 1e6, 1) == 54.4


def test_the_unet_for_128_pixels_has_one_block_fewer_on_either_side() -> None:
    """As the published comparison lists it: 41.8 million for RGB; the blocks that went have 2 x 6.3 million."""
    block_down = 512 * 512 * 16 + 2 * 512
    block_up = 1024 * 512 * 16 + 2 * 512
    network = UNet(128, 3, 3, 64, "batch", 0.5)
    assert count(UNet(256, 3, 3, 64, "batch", 0.5)) - count(network) == block_down + block_up
    encoder = [network.first.out_channels, *(down[1].out_channels for down in network.downs)]
    decoder = [up[1].out_channels for up in network.ups]
    assert encoder == [64, 128, 256, 512, 512, 512, 512]
    assert decoder == [512, 512, 512, 256, 128, 64]
    assert list(network.noise_shapes) == ["dropout_0", "dropout_1"]  # CD512-CD512


def test_the_resnets_have_the_published_numbers_of_parameters() -> None:
    """11.38 million with nine blocks for RGB, 7.84 with six; a block has two convolutions with bias."""
    ends = (3 * 49 * 64 + 64) + (64 * 49 * 3 + 3)
    downs = (64 * 9 * 128 + 128) + (128 * 9 * 256 + 256)
    ups = (256 * 9 * 128 + 128) + (128 * 9 * 64 + 64)
    block = 2 * (256 * 9 * 256 + 256)
    nine, six = (count(ResNet(3, 3, 64, blocks, "instance")) for blocks in (9, 6))
    assert nine == ends + downs + ups + 9 * block
    assert six == ends + downs + ups + 6 * block
    assert round(nine / 1e6, 2) == 11.38
    assert (blocks_for(128), blocks_for(256)) == (6, 9)


def test_the_patchgan_of_field_70_has_the_published_number_of_parameters() -> None:
    """2.77 million for two RGB pictures."""
    channels = [6, 64, 128, 256, 512]
    convolutions = sum(before * after * 16 for before, after in itertools.pairwise(channels))
    found = count(PatchGAN(6, 70, 64, "batch"))
    assert found == convolutions + 64 + 2 * (128 + 256 + 512) + (512 * 16 + 1)
    assert round(found / 1e6, 2) == 2.77


@pytest.mark.parametrize("field", STRIDES)
def test_a_logit_sees_exactly_the_field_that_the_discriminator_is_named_by(field: Field) -> None:
    """By gradient: the pixels that move one logit in the middle span a square of that side."""
    torch.manual_seed(0)
    network = PatchGAN(1, field, 8, "instance_affine").double()
    for module in network:
        if isinstance(module, nn.InstanceNorm2d):  # a norm over the whole picture would let every pixel in
            module.forward = lambda maps: maps  # type: ignore[method-assign]
    pictures = torch.randn(1, 1, 160, 160, dtype=torch.double, requires_grad=True)
    logits = network(pictures)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    assert pictures.grad is not None
    rows, columns = pictures.grad[0, 0].nonzero(as_tuple=True)
    assert int(rows.max() - rows.min()) + 1 == field
    assert int(columns.max() - columns.min()) + 1 == field
    assert receptive_field(STRIDES[field]) == field


def test_each_further_discriminator_sees_half_the_resolution() -> None:
    network = MultiScalePatchGAN(2, 10, 8, "instance", scales=3)
    logits = network(torch.randn(2, 2, 64, 64))
    assert [tuple(one.shape) for one in logits] == [(2, 1, 31, 31), (2, 1, 15, 15), (2, 1, 7, 7)]


def test_dropout_noise_from_outside_drops_the_maps_it_says() -> None:
    network = UNet(64, 1, 1, 8, "instance_affine", 0.25).eval()
    ((name, shape),) = network.noise_shapes.items()
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(4, *shape, generator=generator)
    maps = torch.ones(4, *shape)
    dropped = network._drop(maps, noise)
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert (dropped == 0).float().mean() == pytest.approx(0.25, abs=0.06)
    assert name == "dropout_0"


def test_the_pool_fills_first_and_then_shows_earlier_fakes_half_of_the_time() -> None:
    torch.manual_seed(0)
    pool = ImagePool(50, (1, 2, 2))

    def fakes(first: int, number: int) -> torch.Tensor:
        return torch.arange(first, first + number, dtype=torch.float).reshape(-1, 1, 1, 1).expand(-1, 1, 2, 2) / 1024

    for first in range(0, 50, 5):
        assert torch.equal(pool.exchange(fakes(first, 5)), fakes(first, 5))
    shown = torch.cat([pool.exchange(fakes(first, 5)) for first in range(50, 450, 5)])
    numbers = (shown[:, 0, 0, 0] * 1024).round().long()
    earlier = numbers != torch.arange(50, 450)
    assert 150 < int(earlier.sum()) < 250
    assert (numbers[earlier] < torch.arange(50, 450)[earlier]).all()
    state = pool.state_dict()
    again = ImagePool(50, (1, 2, 2))
    again.load_state_dict(state)
    torch.manual_seed(3)
    expected = pool.exchange(fakes(450, 8))
    torch.manual_seed(3)
    assert torch.equal(again.exchange(fakes(450, 8)), expected)


def test_jitter_moves_image_and_mask_together_and_keeps_masks_binary() -> None:
    torch.manual_seed(0)
    masks = -torch.ones(6, 1, 64, 64)
    masks[:, :, 20:44, 20:44] = 1
    batch = {"images": masks.clone(), "masks": masks}
    moved = jittered(batch)
    assert moved["masks"].shape == masks.shape
    assert set(moved["masks"].unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(moved["images"] >= 0, moved["masks"] > 0)
    sides = (moved["masks"] > 0).sum(dim=(1, 2, 3)).float().sqrt()
    assert (sides - 24 * 286 / 256).abs().max() < 1.5
    places = {tuple(mask[0].gt(0).nonzero().float().mean(0).round().int().tolist()) for mask in moved["masks"]}
    assert len(places) > 1
