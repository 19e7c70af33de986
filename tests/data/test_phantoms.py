"""Phantoms: the same arguments give the same pixels, masks are true, and classes differ the way diseases do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from medgan.common.errors import BadInput
from medgan.data.phantoms import PHANTOMS, draw

EVERY_CLASS = [(family.name, label) for family in PHANTOMS.values() for label in family.classes]
FAMILIES = list(PHANTOMS)
SAMPLE = 24


def grey(family: str, label: str, size: int, index: int, seed: int = 5) -> NDArray[np.float64]:
    """One phantom as grey levels (size, size)."""
    return draw(family, label, size, seed, index).image.mean(axis=2)


def correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
@pytest.mark.parametrize("size", [32, 48, 128, 512])
def test_shapes_and_ranges(family: str, label: str, size: int) -> None:
    kind = PHANTOMS[family]
    phantom = draw(family, label, size, 1, 0)
    assert phantom.image.shape == (size, size, kind.channels)
    assert phantom.masks.shape == (size, size, len(kind.structures))
    assert phantom.image.dtype == np.uint8
    assert phantom.masks.dtype == np.uint8
    assert set(np.unique(phantom.masks)) <= {0, 1}


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
def test_same_arguments_same_pixels(family: str, label: str) -> None:
    first, again = draw(family, label, 64, 7, 3), draw(family, label, 64, 7, 3)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.masks, again.masks)


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
def test_drawing_is_independent_of_what_was_drawn_before(family: str, label: str) -> None:
    before = draw(family, label, 64, 7, 3)
    draw(family, label, 96, 8, 4)
    np.testing.assert_array_equal(before.image, draw(family, label, 64, 7, 3).image)


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
def test_indices_and_seeds_give_different_patients(family: str, label: str) -> None:
    masks = [draw(family, label, 64, 1, index).masks[:, :, 0] for index in range(12)]
    masks += [draw(family, label, 64, 2, index).masks[:, :, 0] for index in range(12)]
    for number, mask in enumerate(masks):
        for other in masks[:number]:
            assert np.mean(mask != other) > 0.005


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
def test_first_structure_is_neither_empty_nor_everything(family: str, label: str) -> None:
    for index in range(SAMPLE):
        share = draw(family, label, 64, 3, index).masks[:, :, 0].mean()
        assert 0.005 < share < 0.98


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
def test_every_size_shows_the_same_picture(family: str, label: str) -> None:
    for index in range(6):
        large = Image.fromarray(grey(family, label, 256, index).astype(np.uint8))
        for size in (32, 64):
            small = np.asarray(large.resize((size, size), Image.Resampling.BOX), dtype=np.float64)
            assert correlation(small, grey(family, label, size, index)) > 0.9


@pytest.mark.parametrize(("family", "label"), EVERY_CLASS)
def test_masks_agree_between_sizes(family: str, label: str) -> None:
    for index in range(6):
        large = draw(family, label, 256, 5, index).masks[::4, ::4, 0]
        small = draw(family, label, 64, 5, index).masks[:, :, 0]
        assert np.mean(large != small) < 0.05


def test_classes_have_different_patients() -> None:
    normal, ill = draw("chest_xray", "normal", 64, 1, 0), draw("chest_xray", "tuberculosis", 64, 1, 0)
    assert np.mean(normal.masks != ill.masks) > 0.005


def test_lungs_are_darker_than_the_rest_of_the_chest() -> None:
    for index in range(SAMPLE):
        phantom = draw("chest_xray", "normal", 64, 1, index)
        lungs = phantom.masks[:, :, 0].astype(bool)
        middle = phantom.image[20:60, 28:36, 0]
        assert phantom.image[lungs].mean() < middle.mean() - 15


def zone_brightness(label: str, index: int) -> NDArray[np.float64]:
    """Grey of (upper, lower) x (right, left) lung zones against the film's mediastinum and air."""
    phantom = draw("chest_xray", label, 128, 11, index)
    film = phantom.image[:, :, 0].astype(np.float64)
    lungs = phantom.masks[:, :, 0].astype(bool)
    rows = np.flatnonzero(lungs.any(axis=1))
    middle = rows[0] + int(0.45 * (rows[-1] - rows[0]))
    low, high = np.percentile(film, [2, 95])
    zones = [
        film[half, side][lungs[half, side]].mean()
        for half in (slice(0, middle), slice(middle, None))
        for side in (slice(0, 64), slice(64, None))
    ]
    return (np.array(zones).reshape(2, 2) - low) / (high - low)


@pytest.fixture(scope="module")
def zones() -> dict[str, NDArray[np.float64]]:
    """Zone brightness (films, 2, 2) of each class of chest film."""
    labels = PHANTOMS["chest_xray"].classes
    return {label: np.stack([zone_brightness(label, index) for index in range(60)]) for label in labels}


def test_tuberculosis_lies_in_the_upper_zones(zones: dict[str, NDArray[np.float64]]) -> None:
    upper_over_lower = {label: (zone[:, 0] - zone[:, 1]).max(axis=1).mean() for label, zone in zones.items()}
    assert upper_over_lower["tuberculosis"] > upper_over_lower["normal"] + 0.02


def test_tuberculosis_is_mostly_of_one_side(zones: dict[str, NDArray[np.float64]]) -> None:
    lopsided = {label: np.abs(zone[:, 0, 0] - zone[:, 0, 1]).mean() for label, zone in zones.items()}
    assert lopsided["tuberculosis"] > 1.3 * lopsided["normal"]
    assert lopsided["tuberculosis"] > 1.3 * lopsided["viral_pneumonia"]


def test_viral_pneumonia_is_bilateral(zones: dict[str, NDArray[np.float64]]) -> None:
    normal = zones["normal"].mean(axis=(0, 1))
    pneumonia = zones["viral_pneumonia"].mean(axis=(0, 1))
    assert (pneumonia > normal + 0.03).all()


def test_ct_lung_is_air_and_heart_is_tissue() -> None:
    hearts = tracheas = 0
    for index in range(40):
        phantom = draw("chest_ct", "ct", 128, 2, index)
        slice_grey = phantom.image[:, :, 0]
        lung, heart, trachea = (phantom.masks[:, :, number].astype(bool) for number in range(3))
        assert np.median(slice_grey[lung]) < 90
        assert not (lung & heart).any()
        if heart.any():
            hearts += 1
            assert np.median(slice_grey[heart]) > 150
        if trachea.any():
            tracheas += 1
            assert np.median(slice_grey[trachea]) < 110
    assert hearts >= 15
    assert tracheas >= 3


def test_lesion_has_another_colour_than_skin() -> None:
    contrasts = []
    for index in range(SAMPLE):
        phantom = draw("dermoscopy", "lesion", 96, 2, index)
        inside = phantom.masks[:, :, 0].astype(bool)
        photo = phantom.image.astype(np.float64)
        contrasts.append(np.linalg.norm(np.median(photo[inside], axis=0) - np.median(photo[~inside], axis=0)))
    assert np.median(contrasts) > 40


def test_unknown_family_is_refused() -> None:
    with pytest.raises(BadInput, match="chest_xray"):
        draw("knee", "normal", 64, 0, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_unknown_class_is_refused(family: str) -> None:
    with pytest.raises(BadInput, match=PHANTOMS[family].classes[0]):
        draw(family, "measles", 64, 0, 0)


@pytest.mark.parametrize("size", [0, 15, 1025, -4])
def test_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(BadInput, match="16 to 1024"):
        draw("dermoscopy", "lesion", size, 0, 0)


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1)])
def test_negative_seed_or_index_is_refused(seed: int, index: int) -> None:
    with pytest.raises(BadInput, match="negative"):
        draw("dermoscopy", "lesion", 32, seed, index)
