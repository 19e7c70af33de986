"""There and back: which way each network is asked, and what the figures mean."""

import numpy as np
import pytest
from numpy.typing import NDArray

from medgan.training.round_trip import brighter, distance, round_trip

Uint8 = NDArray[np.uint8]
IMAGES = np.full((2, 8, 8, 1), 100, np.uint8)


def translate(domain: str, images: Uint8) -> Uint8:
    """From a to b everything becomes 30 brighter; from b to a 20 darker."""
    return images + np.uint8(30) if domain == "images" else images - np.uint8(20)


def test_both_directions_and_the_figures_of_each() -> None:
    trip = round_trip(translate, "images", "images_b", IMAGES)
    assert (trip.translated == 130).all()
    assert (trip.back == 110).all()
    assert trip.change == pytest.approx([30, 30])
    assert trip.loss == pytest.approx([10, 10])
    other = round_trip(translate, "images_b", "images", IMAGES)
    assert (other.translated == 80).all()
    assert other.loss == pytest.approx([10, 10])


def test_differences_do_not_wrap_around() -> None:
    dark, bright = np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 3), 255, np.uint8)
    assert distance(dark, bright) == distance(bright, dark) == [255]
    assert brighter(dark[0], bright[0]).tolist() == np.full((4, 4), 255).tolist()
    assert brighter(bright[0], dark[0]).min() == -255
