"""Images at a readable size, with captions and texts."""

import numpy as np
import pytest

from medgan.app import gallery
from medgan.common.pictures import STRUCTURE_COLOURS


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("exact", [False, True])
def test_small_images_grow_and_large_ones_stay(channels: int, exact: bool) -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 32, channels), np.uint8)
    assert gallery.enlarged(image, 160, exact=exact).shape == (160, 80, channels)
    assert gallery.enlarged(image, 64, exact=exact) is image
    assert gallery.enlarged(image, 20, exact=exact) is image


def test_exact_pixels_are_neither_invented_nor_mixed() -> None:
    image = np.array([[[0], [255]], [[90], [160]]], np.uint8)
    larger = gallery.enlarged(image, 8, exact=True)
    assert set(np.unique(larger)) == {0, 90, 160, 255}
    assert (larger[:4, :4] == 0).all()


def test_outlines_are_drawn_and_the_inside_is_left_alone() -> None:
    image = np.full((32, 32, 1), 100, np.uint8)
    masks = np.zeros((32, 32, 1), np.uint8)
    masks[8:24, 8:24] = 1
    drawn = gallery.with_outlines(image, masks, 128)
    assert drawn.shape == (128, 128, 3)
    assert (drawn[64, 64] == 100).all()
    assert (drawn[32:36, 64] != 100).any()


def test_masks_are_white_or_in_the_colours_of_their_outlines() -> None:
    one = np.zeros((16, 16, 1), np.uint8)
    one[4:12, 4:12] = 1
    picture = gallery.mask_picture(one, 64)
    assert picture.shape == (64, 64, 1)
    assert set(np.unique(picture)) == {0, 255}
    two = np.concatenate([one, np.roll(one, 6, axis=1)], axis=2)
    coloured = gallery.mask_picture(two, 16)
    assert {tuple(pixel) for pixel in coloured.reshape(-1, 3)} == {(0, 0, 0), *STRUCTURE_COLOURS[:2]}


def test_pictures_side_by_side_take_the_larger_height_and_colour() -> None:
    grey, colour = np.zeros((8, 8, 1), np.uint8), np.full((16, 16, 3), 9, np.uint8)
    row = gallery.beside([grey, colour])
    assert row.shape == (16, 32 + gallery.GAP, 3)
    assert (row[:, -16:] == 9).all()
