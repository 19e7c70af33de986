"""Images at a readable size, with captions and texts."""

import io

import numpy as np
import pytest
from PIL import Image

from medgan.app import gallery


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


def test_captions_say_synthetic_seed_and_number() -> None:
    images = np.zeros((2, 16, 16, 1), np.uint8)
    first, second = gallery.synthetic_pictures(images, seed=9, side=32, shows="chest film", first=24)
    assert first.caption == "Synthetic · seed 9 · no. 24"
    assert second.caption.endswith("no. 25")
    assert first.alternative == "Synthetic image: chest film; seed 9, number 24"
    with Image.open(io.BytesIO(first.png)) as picture:
        assert picture.size == (32, 32)
