"""Copies are flagged, unseen real images not more often than stated, and the numbers are those of the definitions."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import beta, binom

from medgan.common.errors import BadInput
from medgan.data.phantoms import draw
from medgan.metrics.nearest import aligned_nearest, nearest_rows
from medgan.metrics.screening import Distances, Screening, leave_one_out_share, p_value, screen

Uint8 = NDArray[np.uint8]
Float64 = NDArray[np.float64]


def kind(synthetic: list[float] | Float64, held_out: list[float] | Float64) -> Distances:
    return Distances(np.arange(len(synthetic)), np.asarray(synthetic, float), np.asarray(held_out, float))


# Definitions


def test_p_values_are_those_of_the_definition() -> None:
    held_out = np.array([3.0, 1.0, 2.0, 2.0])
    p = p_value(np.array([0.5, 1.0, 2.0, 9.0]), held_out)
    np.testing.assert_allclose(p, [1 / 5, 2 / 5, 4 / 5, 1.0])


def test_an_image_is_flagged_by_either_kind_at_half_the_rate() -> None:
    held_out = np.arange(1.0, 80.0)  # 79: the level of a kind, 0.025, is p = 2 / 80 exactly
    features, pixels = kind([1.5, 50, 2.5, 50], held_out), kind([50, 0.5, 50, 50], held_out)
    found = screen({"radiomic": features, "pixels": pixels}, rate=0.05)
    np.testing.assert_array_equal(found.flagged, [True, True, False, False])
    np.testing.assert_allclose(found.p_values["radiomic"][:3], [2 / 80, 51 / 80, 3 / 80])
    assert (found.rate, found.note) == (0.05, "")
    assert (found.count, found.held_out_count, found.flagged_count, found.share) == (4, 79, 2, 0.5)


def test_the_interval_is_clopper_pearsons() -> None:
    found = screen({"pixels": kind([0.0] * 3 + [50.0] * 17, np.arange(1.0, 80.0))})
    assert found.flagged_count == 3
    np.testing.assert_allclose(found.interval, (beta.ppf(0.025, 3, 18), beta.ppf(0.975, 4, 17)))


def test_too_few_held_out_images_raise_the_rate_and_say_so() -> None:
    few = np.arange(1.0, 10.0)
    found = screen({"radiomic": kind([0.5, 1.0], few), "pixels": kind([9.0, 9.0], few)}, rate=0.05)
    np.testing.assert_array_equal(found.flagged, [True, False])
    assert found.rate == pytest.approx(2 / 10)
    assert re.search("9 held-out images are too few .* 0.05, which takes 39: .* up to 0.2$", found.note)
    enough = np.arange(1.0, 40.0)
    assert screen({"radiomic": kind([0.5], enough), "pixels": kind([9.0], enough)}, rate=0.05).note == ""


def test_the_gallery_starts_with_the_most_suspect() -> None:
    held_out = np.arange(1.0, 101.0)
    features, pixels = kind([0.9, 200, 60, 0.1, 2.5], held_out), kind([2, 0.0002, 0.05, 2, 2], held_out / 1000)
    found = screen({"radiomic": features, "pixels": pixels})
    np.testing.assert_array_equal(found.closest(4), [3, 1, 0, 4])
    assert len(found.closest(99)) == 5


def test_held_out_copies_of_training_images_are_no_fault() -> None:
    found = screen({"pixels": kind([0.0, 1.0], np.zeros(50))})
    assert not found.flagged.any()
    np.testing.assert_array_equal(found.closest(2), [0, 1])


@pytest.mark.parametrize(
    ("kinds", "rate", "message"),
    [
        ({}, 0.05, "one kind"),
        ({"pixels": kind([1.0], [1.0])}, 0.0, "between 0 and 1"),
        ({"pixels": kind([1.0], [1.0])}, 1.0, "between 0 and 1"),
        ({"pixels": kind([], [1.0])}, 0.05, "at least one"),
        ({"pixels": kind([1.0], [])}, 0.05, "at least one"),
        ({"pixels": kind([np.nan], [1.0])}, 0.05, "pixels.* not finite"),
        ({"pixels": kind([1.0], [1.0]), "radiomic": kind([1.0], [1.0, 2.0])}, 0.05, "same images"),
    ],
)
def test_what_cannot_be_screened_is_told(kinds: dict[str, Distances], rate: float, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        screen(kinds, rate)


# The stated rate


@pytest.mark.parametrize(("count", "rate"), [(79, 0.05), (100, 0.05), (60, 0.2), (9, 0.05)])
@pytest.mark.parametrize("alike", [0.0, 0.9, 1.0])
def test_unseen_images_are_flagged_at_most_at_the_stated_rate(count: int, rate: float, alike: float) -> None:
    """Over many draws of held-out and unseen images, for kinds that agree not at all, mostly, or wholly."""
    rng = np.random.default_rng(1)
    flagged = 0
    draws = 4000
    for _ in range(draws):
        common, own = rng.normal(size=(2, count + 1, 1)), rng.normal(size=(2, count + 1, 1))
        seen = alike * common[0] + (1 - alike) * np.concatenate([own[0], own[1]], 1)
        kinds = {str(k): kind(seen[:1, k], seen[1:, k]) for k in (0, 1)}
        found = screen(kinds, rate)
        flagged += int(found.flagged[0])
    assert flagged <= binom.ppf(0.999, draws, found.rate)
    assert flagged >= binom.ppf(0.001, draws, found.rate / 4)  # it does flag: no test that nothing can fail


def test_each_held_out_image_against_the_others() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(2, 100))
    assert leave_one_out_share({"a": first}, rate=0.05) == 0.05
    assert leave_one_out_share({"a": first, "b": first}, rate=0.05) == 0.02
    assert 0.02 <= leave_one_out_share({"a": first, "b": second}, rate=0.05) <= 0.04
    by_hand = [screen({"a": kind(first[[i]], np.delete(first, i))}, 0.1).flagged[0] for i in range(100)]
    assert leave_one_out_share({"a": first}, rate=0.1) == np.mean(by_hand)
    with pytest.raises(BadInput, match="two images or more"):
        leave_one_out_share({"a": first[:1]})


# Copies and unseen images


def shifted(images: Uint8, by: int) -> Uint8:
    side = images.shape[1]
    padded = np.pad(images, ((0, 0), (by, by), (by, by), (0, 0)), mode="edge")
    return padded[:, 2 * by : 2 * by + side, :side]


def noisy(images: Uint8) -> Uint8:
    noise = np.random.default_rng(0).normal(0, 10, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


COPIES: dict[str, Callable[[Uint8], Uint8]] = {
    "equal": lambda images: images,
    "noisy": noisy,
    "mirrored": lambda images: images[:, :, ::-1],
    "brighter": lambda images: np.clip(images * 1.05 + 8, 0, 255).astype(np.uint8),
    "3 % shifted": lambda images: shifted(images, 2),
    "5 % shifted": lambda images: shifted(images, 3),
}


def screened(images: Uint8, training: Uint8, held_out: Uint8) -> Screening:
    """Screening by pixels, and by blurred levels as a small feature space."""
    kinds = {}
    blurred = [seen.reshape(-1, 8, 8, 8, 8).mean((2, 4)).reshape(-1, 64).astype(np.float32) for seen in
               (images, training, held_out)]  # fmt: skip
    rows, real_rows = nearest_rows(blurred[0], blurred[1]), nearest_rows(blurred[2], blurred[1])
    kinds["blurred"] = Distances(rows.indices[:, 0], rows.distances[:, 0], real_rows.distances[:, 0])
    found, real = aligned_nearest(images, training), aligned_nearest(held_out, training)
    kinds["pixels"] = Distances(found.indices, found.distances, real.distances)
    return screen(kinds)


@pytest.fixture(scope="module")
def films() -> Uint8:
    """240 phantom chest films (240, 64, 64, 1)."""
    drawn = [draw("chest_xray", "normal", 64, 5, index).image.reshape(64, 64, 1) for index in range(240)]
    return np.stack(drawn)


@pytest.fixture(scope="module")
def real_films() -> tuple[Uint8, NDArray[np.str_]]:
    """Real chest films (403, 64, 64, 1), and whose they are."""
    folder = Path(__file__).parents[3] / "shared" / "data" / "pneumonia_cxr" / "normal"
    if not folder.is_dir():
        pytest.skip(f"real images are not at hand: no folder {folder}")
    files = sorted(folder.glob("*.png"))
    images = [np.asarray(Image.open(path).convert("L").resize((64, 64), Image.Resampling.BOX)) for path in files]
    patients = [match[0] for path in files if (match := re.match(r".*IM-\d+", path.name))]
    assert len(patients) == len(files)
    return np.stack(images)[..., None], np.array(patients)


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_phantoms_are_flagged(films: Uint8, way: str) -> None:
    found = screened(COPIES[way](films[:30]), films[:80], films[120:])
    assert found.flagged.all()
    np.testing.assert_array_equal(found.distances["pixels"].nearest, np.arange(30))


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_real_films_are_flagged(real_films: tuple[Uint8, NDArray[np.str_]], way: str) -> None:
    images, patients = real_films
    training, held_out = by_patient(patients, 0)
    found = screened(COPIES[way](images[training][:40]), images[training], images[held_out])
    assert found.flagged_count >= 39
    assert (found.distances["pixels"].nearest == np.arange(40)).sum() >= 39


def by_patient(patients: NDArray[np.str_], seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two thirds of the patients to train on, and the rest."""
    held_out = np.isin(patients, np.random.default_rng(seed).permutation(np.unique(patients))[::3])
    return ~held_out, held_out


def test_unseen_phantoms_are_flagged_at_most_at_the_stated_rate(films: Uint8) -> None:
    """Over random choices of which of the same films are held out and which count as synthetic."""
    training, unseen = films[:80], films[80:]
    pixels, levels = aligned_nearest(unseen, training).distances, unseen.mean((1, 2, 3), dtype=np.float64)
    shares = []
    for seed in range(200):
        order = np.random.default_rng(seed).permutation(len(unseen))
        first, rest = order[:80], order[80:]
        found = screen({"pixels": kind(pixels[first], pixels[rest]), "levels": kind(levels[first], levels[rest])})
        shares.append(found.share)
    assert np.mean(shares) <= 0.05
    assert np.mean(shares) > 0.01
    assert leave_one_out_share({"pixels": pixels, "levels": levels}) <= 0.05


def test_unseen_real_films_are_flagged_at_most_at_the_stated_rate(
    real_films: tuple[Uint8, NDArray[np.str_]],
) -> None:
    images, patients = real_films
    training, rest = by_patient(patients, 1)
    pixels = aligned_nearest(images[rest], images[training]).distances
    halves = [np.random.default_rng(seed).permutation(len(pixels)) for seed in range(200)]
    shares = [screen({"pixels": kind(pixels[order[:50]], pixels[order[50:]])}).share for order in halves]
    assert 0.01 < np.mean(shares) <= 0.05
