"""Numbers to bytes, pictures to squares, mask files to masks."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from medgan.data.fit import fit_image, fit_mask
from medgan.data.intensity import Intensity, is_grey
from medgan.data.masks import binary_mask
from medgan.data.problems import Unusable


def test_hounsfield_units_are_windowed() -> None:
    pixels = np.array([[[-3024], [-1000], [-300], [400], [2000]]], np.int16)
    np.testing.assert_array_equal(Intensity().to_bytes(pixels)[0, :, 0], [0, 0, 128, 255, 255])
    soft = Intensity(low_hu=-160, high_hu=240)
    np.testing.assert_array_equal(soft.to_bytes(pixels)[0, :, 0], [0, 0, 0, 255, 255])


def test_unsigned_16_bit_takes_its_own_range_so_12_bit_films_are_not_black() -> None:
    film = np.linspace(0, 4095, 10_000).astype(np.uint16).reshape(100, 100, 1)
    film[0, 0] = 65535  # a hot pixel
    shown = Intensity().to_bytes(film)
    assert shown.min() == 0
    assert shown.max() == 255
    assert 120 < np.median(shown) < 136


def test_scaling_can_be_told() -> None:
    pixels = np.array([[[0], [100], [200]]], np.uint16)
    np.testing.assert_array_equal(Intensity("window", 0, 400).to_bytes(pixels)[0, :, 0], [0, 64, 128])
    signed = np.array([[[-500], [0], [500]]], np.int16)
    np.testing.assert_array_equal(Intensity("range").to_bytes(signed)[0, 1, 0], 128)


def test_bytes_stay_and_flat_or_infinite_pictures_do_not_crash() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert Intensity().to_bytes(pixels) is pixels or (Intensity().to_bytes(pixels) == pixels).all()
    assert Intensity().to_bytes(np.full((4, 4, 1), 7, np.uint16)).max() == 0
    assert Intensity().to_bytes(np.array([[[np.nan], [1.0], [2.0]]], np.float32)).dtype == np.uint8


def test_is_grey() -> None:
    grey = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    assert is_grey(grey)
    assert is_grey(grey[..., :1])
    coloured = grey.copy()
    coloured[3, 3] = (200, 40, 40)
    assert not is_grey(coloured)


@pytest.mark.parametrize(("height", "width"), [(40, 80), (80, 40), (1, 300), (13, 13)])
def test_padding_keeps_the_shape_and_squashing_fills(height: int, width: int) -> None:
    white = np.full((height, width, 1), 255, np.uint8)
    padded = fit_image(white, 64, 1, "pad")[..., 0] > 0
    rows, columns = padded.any(axis=1).sum(), padded.any(axis=0).sum()
    assert max(rows, columns) == 64
    assert min(rows, columns) == max(1, round(64 * min(height, width) / max(height, width)))
    assert fit_image(white, 64, 1, "squash").min() == 255


def test_resizing_is_antialiased() -> None:
    stripes = np.zeros((512, 512, 1), np.uint8)
    stripes[:, ::2] = 255
    small = fit_image(stripes, 64, 1, "pad")
    assert small.min() > 120
    assert small.max() < 136


def test_colour_becomes_grey_and_grey_rgb() -> None:
    grey = fit_image(np.full((8, 8, 3), (255, 0, 0), np.uint8), 16, 1, "pad")
    assert grey.shape == (16, 16, 1)
    assert grey.min() == grey.max() == 76  # ITU-R 601 luma
    assert fit_image(np.zeros((8, 8, 1), np.uint8), 16, 3, "pad").shape == (16, 16, 3)


def test_mask_stays_binary_and_lies_where_its_image_does() -> None:
    disc = np.hypot(*np.mgrid[-60:60, -100:100]) < 50
    for fit in ("pad", "squash"):
        mask = fit_mask(disc, 64, fit)
        image = fit_image((disc * np.uint8(255))[..., None], 64, 1, fit)[..., 0]
        assert set(np.unique(mask)) == {0, 1}
        assert (mask != (image >= 128)).mean() < 0.01


@pytest.mark.parametrize("white", [1, 3, 255, 65535])
def test_two_values_are_a_mask(white: int) -> None:
    pixels = np.zeros((8, 8, 1), np.uint16)
    pixels[2:4] = white
    mask, forgiven = binary_mask(pixels)
    assert mask.sum() == 16
    assert not forgiven


def test_rgb_empty_and_full_masks() -> None:
    assert binary_mask(np.zeros((8, 8, 3), np.uint8))[0].sum() == 0
    assert binary_mask(np.full((8, 8, 3), 255, np.uint8))[0].sum() == 64


def test_jpeg_mask_is_accepted_with_a_note() -> None:
    picture = Image.fromarray((np.hypot(*np.mgrid[-64:64, -64:64]) < 40) * np.uint8(255))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7)))[..., None]
    mask, forgiven = binary_mask(soft)
    assert forgiven
    assert abs(int(mask.sum()) - np.pi * 40**2) < 60


@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 127, 255), (100, 200), (0, 60, 120, 180, 240)])
def test_labels_and_greys_are_no_mask(levels: tuple[int, ...]) -> None:
    pixels = np.zeros((60, 60, 1), np.uint8)
    for index, level in enumerate(levels):
        pixels[index * 10 : index * 10 + 10] = level
    pixels[len(levels) * 10 :] = levels[0]
    with pytest.raises(Unusable, match="not two") as caught:
        binary_mask(pixels)
    assert caught.value.kind == "mask_not_binary"


def test_small_second_label_is_no_soft_edge() -> None:
    pixels = np.zeros((100, 100, 1), np.uint8)
    pixels[:50] = 255
    pixels[80:84, 80:84] = 127  # 0.16 % of the pixels
    with pytest.raises(Unusable, match="not two"):
        binary_mask(pixels)


def test_coloured_mask_is_refused() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4, :, 0] = 255
    with pytest.raises(Unusable, match="coloured"):
        binary_mask(pixels)
