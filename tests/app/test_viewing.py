"""Window and level: what is on screen, and that nothing else changes."""

import numpy as np
import pytest

from medgan.app.viewing import Viewing

LEVELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def test_the_full_window_changes_nothing() -> None:
    assert Viewing()(LEVELS) is LEVELS
    inverted_twice = Viewing(inverted=True)(Viewing(inverted=True)(LEVELS))
    np.testing.assert_array_equal(inverted_twice, LEVELS)


def test_a_narrow_window_spreads_its_levels_and_clips_the_others() -> None:
    """The example of DICOM PS3.3, C.11.2.1.2: with centre c and width w, levels at most c - 0.5 - (w-1)/2 are black."""
    shown = Viewing(level=100, window=64)(LEVELS).ravel().astype(int)
    assert (shown[:69] == 0).all()
    assert shown[68] == 0 < shown[69]
    assert (shown[131:] == 255).all()
    assert shown[130] < 255
    assert np.diff(shown[69:131]).min() >= 4
    assert abs(shown[99] + shown[100] - 255) <= 1  # the middle of the window is the middle of the screen


@pytest.mark.parametrize("shape", [(4, 8, 8, 3), (8, 8, 1)])
def test_the_image_itself_stays(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    before = image.copy()
    shown = Viewing(level=90, window=40, inverted=True)(image)
    np.testing.assert_array_equal(image, before)
    assert shown.shape == image.shape
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(255 - shown, Viewing(level=90, window=40)(image))
