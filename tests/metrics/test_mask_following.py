"""The score of how well an image follows its mask: on phantoms, whose masks are exact."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from medgan.data.phantoms import draw
from medgan.data.shaping import Ellipse, shifted
from medgan.metrics.mask_following import following, reference

Uint8 = NDArray[np.uint8]
MASK = Ellipse(0.5, 0.5, 0.4, 0.3).drawn(64)[..., None]


@cache
def lesions(count: int = 24) -> tuple[Uint8, Uint8]:
    """Phantom lesions with their exact masks."""
    drawn = [draw("dermoscopy", "lesion", 64, 0, index) for index in range(count)]
    return np.stack([each.image for each in drawn]), np.stack([each.masks for each in drawn])


@pytest.mark.parametrize(("inside", "outside"), [(40, 200), (200, 40)])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_that_is_its_mask_scores_one_whether_bright_or_dark(inside: int, outside: int, channels: int) -> None:
    image = np.repeat(np.where(MASK, inside, outside).astype(np.uint8), channels, axis=2)
    assert following(image, MASK) > 0.93  # the smoothing rounds the raster's corners


def test_it_falls_as_the_mask_is_moved_away() -> None:
    images, masks = lesions()
    means = [
        np.nanmean([following(image, shifted(mask, by, 0)) for image, mask in zip(images, masks, strict=True)])
        for by in (0.0, 0.06, 0.12, 0.25)
    ]
    assert means[0] > 0.7
    assert list(means) == sorted(means, reverse=True)
    assert means[0] - means[2] > 0.15


def test_real_pairs_stand_out_from_other_images_masks() -> None:
    real = reference(*lesions())
    assert real.told
    assert np.median(real.own) > np.median(real.others) + 0.1


def test_noise_that_knows_no_mask_scores_as_chance_does() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert following(noise, MASK) < 0.6


def test_an_image_without_anything_in_it_scores_nothing() -> None:
    assert following(np.full((64, 64, 3), 120, np.uint8), MASK) == 0


def test_what_cannot_be_judged_is_no_number_and_is_left_out() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 1)).astype(np.uint8)
    for mask in (np.zeros_like(MASK), np.ones_like(MASK)):
        assert np.isnan(following(image, mask))
    both = np.concatenate([MASK, np.zeros_like(MASK)], axis=2)
    assert following(image, both) == following(image, MASK)
    assert not reference(np.stack([image] * 4), np.zeros((4, *MASK.shape), np.uint8)).told
