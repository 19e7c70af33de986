"""Pixel ranges, grids and overlays."""

import io

import numpy as np
import torch
from PIL import Image

from medgan.common.images import to_float, to_uint8
from medgan.common.pictures import encode_png, grid, outline, overlay
from medgan.common.repro import derive_seed, seed_everything


def test_every_byte_survives_the_way_to_floats_and_back() -> None:
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1)
    floats = to_float(levels)
    assert (floats.min(), floats.max()) == (-1, 1)
    assert np.array_equal(to_uint8(floats), levels.numpy())


def test_values_outside_the_range_are_clipped() -> None:
    assert to_uint8(torch.tensor([[[[-3.0, 3.0]]]])).flatten().tolist() == [0, 255]


def test_a_grid_has_every_image_in_reading_order() -> None:
    images = np.stack([np.full((4, 4, 1), value, np.uint8) for value in (10, 20, 30)])
    sheet = grid(images, columns=2, gap=1)
    assert sheet.shape == (9, 9, 1)
    assert (sheet[0, 0, 0], sheet[0, 5, 0], sheet[5, 0, 0]) == (10, 20, 30)


def test_png_round_trip_is_exact_in_grey_and_colour() -> None:
    for channels in (1, 3):
        image = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
        read = np.asarray(Image.open(io.BytesIO(encode_png(image))))
        assert np.array_equal(read.reshape(5, 7, channels), image)


def test_the_outline_is_the_border_inside_the_mask() -> None:
    mask = np.zeros((5, 5), np.uint8)
    mask[1:4, 1:4] = 1
    border = outline(mask)
    assert border.sum() == 8
    assert not border[2, 2]
    drawn = overlay(np.zeros((5, 5, 1), np.uint8), mask[..., None])
    assert drawn.shape == (5, 5, 3)
    assert drawn[1, 1].any()
    assert not drawn[2, 2].any()


def test_seeds_depend_on_every_part() -> None:
    assert derive_seed(1, "a") == derive_seed(1, "a")
    assert len({derive_seed(1, "a"), derive_seed(2, "a"), derive_seed(1, "b"), derive_seed(1), derive_seed("1a")}) == 5
    seed_everything(5)
    first = torch.rand(3), np.random.rand(3)
    seed_everything(5)
    assert torch.equal(first[0], torch.rand(3))
    assert np.array_equal(first[1], np.random.rand(3))
