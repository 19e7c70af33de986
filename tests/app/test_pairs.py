"""Drawn items with masks, and beside what they were drawn from: how they are shown, and what is said of them."""

import io

import numpy as np
import pytest
from PIL import Image

from medgan.app.pairs import Pairs, cell_width
from medgan.training.drawn import Drawn

IMAGES = np.full((2, 16, 16, 3), 120, np.uint8)
MASKS = np.zeros((2, 16, 16, 1), np.uint8)
MASKS[:, 4:12, 4:12] = 1


def pairs(drawn: Drawn, given: Drawn | None = None, **more: object) -> Pairs:
    return Pairs(drawn, 9, "lesions", given=given, structures=("lesion",), **more)  # type: ignore[arg-type]


CASES = {
    "images": (pairs(Drawn(IMAGES, None)), ["alone"], "Synthetic · seed 9 · no. 0"),
    "masks": (pairs(Drawn(None, MASKS)), ["alone"], "Synthetic mask · seed 9 · no. 0"),
    "both": (pairs(Drawn(IMAGES, MASKS)), ["outline", "beside", "alone"], "Synthetic image and mask · seed 9 · no. 0"),
    "from masks": (
        pairs(Drawn(IMAGES, MASKS), Drawn(None, MASKS)),
        ["outline", "beside", "alone"],
        "Left mask, right synthetic · seed 9 · no. 0",
    ),
    "from images": (
        pairs(Drawn(IMAGES, None), Drawn(IMAGES, None)),
        ["beside", "alone"],
        "Left real, right synthetic · seed 9 · no. 0",
    ),
    "masks from images": (
        pairs(Drawn(None, MASKS), Drawn(IMAGES, None)),
        ["outline", "beside", "alone"],
        "Left real, right synthetic mask · seed 9 · no. 0",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_ways_to_show_them_and_what_is_synthetic(name: str) -> None:
    items, modes, words = CASES[name]
    assert list(items.modes()) == modes
    fullest = "beside" if "beside" in modes else "alone"
    assert items.pictures(fullest, 32)[0].caption == words
    for mode in items.modes():
        for picture in items.pictures(mode, 32):
            assert "ynthetic" in picture.caption
            assert "ynthetic" in picture.alternative


@pytest.mark.parametrize("name", CASES)
def test_width_follows_the_number_of_pictures(name: str) -> None:
    items = CASES[name][0]
    for mode in items.modes():
        with Image.open(io.BytesIO(items.pictures(mode, 32)[0].png)) as picture:
            assert picture.width >= cell_width(mode, 32)
            assert picture.height == 32


def test_a_real_image_under_a_synthetic_outline_is_called_real() -> None:
    items = CASES["masks from images"][0]
    assert items.pictures("outline", 32)[0].caption.startswith("Real image, synthetic outline")


def test_names_classes_and_numbers_are_told() -> None:
    items = pairs(Drawn(IMAGES, None), first=24, names=("film_1", "film_2"), labels=("normal", "viral_pneumonia"))
    first, second = items.pictures("alone", 32)
    assert first.caption == r"Synthetic · normal · seed 9 · no. 24 · from film\_1"
    assert "viral pneumonia" in second.caption
    assert "number 25" in second.alternative


@pytest.mark.parametrize("name", CASES)
def test_one_item_alone_is_shown_and_called_as_among_the_others(name: str) -> None:
    items = CASES[name][0]
    for mode in items.modes():
        assert items[1].pictures(mode, 32) == items.pictures(mode, 32)[1:]


def test_numbers_and_words_that_a_seed_does_not_tell() -> None:
    scattered = pairs(Drawn(IMAGES, None), numbers=(3, 41))
    assert [picture.caption for picture in scattered.pictures("alone", 32)][1] == "Synthetic · seed 9 · no. 41"
    moved = pairs(Drawn(IMAGES, None), which=("seed 9 · no. 3", "seed 9 · 30 % from no. 3 to no. 5"))
    assert moved[1].pictures("alone", 32)[0].caption == "Synthetic · seed 9 · 30 % from no. 3 to no. 5"
    assert "30 % from no. 3" in moved.pictures("alone", 32)[1].alternative


def test_only_images_are_seen_otherwise() -> None:
    items = CASES["from masks"][0].seen_as(lambda images: 255 - images)
    assert items.drawn.images is not None
    assert (items.drawn.images == 135).all()
    assert items.drawn.masks is MASKS
    assert items.given is not None
    assert items.given.masks is MASKS
