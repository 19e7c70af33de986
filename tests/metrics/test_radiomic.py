"""Radiomic columns against hand counts, scikit-image and closed forms, and which way their distance moves."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops
from skimage.measure import regionprops

from medgan.common.errors import BadInput
from medgan.data.phantoms import draw
from medgan.metrics.frechet import frechet_distance, moments
from medgan.metrics.pictures import Pictures
from medgan.metrics.radiomic import Radiomic
from medgan.metrics.radiomic_texture import ANGLES, DISTANCES, cooccurrence_matrices, run_length_matrix

Uint8 = NDArray[np.uint8]
RADIOMIC = Radiomic()


def columns(image: Uint8 | None = None, mask: Uint8 | None = None) -> dict[str, float]:
    """Features of one image (h, w) or (h, w, 3), one mask (h, w), or both, by name."""
    images = None if image is None else image.reshape(1, *image.shape[:2], -1)
    pictures = Pictures(images, None if mask is None else mask[None, :, :, None])
    return dict(zip(RADIOMIC.names(pictures), RADIOMIC(pictures).pool[0].tolist(), strict=True))


def shape(mask: NDArray[np.generic]) -> dict[str, float]:
    return {name.removeprefix("structure1_"): value for name, value in columns(mask=mask.astype(np.uint8)).items()}


def random_image(size: int = 32, channels: int = 1, seed: int = 0) -> Uint8:
    """A smooth random image (size, size, channels) over most of the range."""
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(size, size, channels)), (1.5, 1.5, 0))
    return np.clip(128 + values / values.std() * 50, 0, 255).astype(np.uint8)


def disc(size: int, radius: float, squeeze: float = 1.0) -> NDArray[np.bool_]:
    y, x = np.indices((size, size)) - (size - 1) / 2
    return (y / squeeze) ** 2 + x**2 <= radius**2


# Grey levels


def test_first_order_columns_are_those_of_the_pixels() -> None:
    image = random_image()[..., 0]
    found, values = columns(image), image.astype(np.float64)
    centred, variance = values - values.mean(), values.var() + 1 / 12
    expected = {
        "intensity_mean": values.mean() / 255,
        "intensity_spread": values.std() / 255,
        "intensity_skewness": np.arcsinh((centred**3).mean() / variance**1.5),
        "intensity_kurtosis": np.log1p((centred**4).mean() / variance**2),
        "intensity_deviation": np.abs(centred).mean() / 255,
        "intensity_percentile_50": np.percentile(values, 50, method="inverted_cdf") / 255,
        "intensity_percentile_95": np.percentile(values, 95, method="inverted_cdf") / 255,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)


def test_columns_of_half_black_half_white() -> None:
    image = np.zeros((16, 16), np.uint8)
    image[:, 8:] = 255
    found = columns(image)
    expected = {
        "intensity_mean": 0.5,
        "intensity_spread": 0.5,
        "intensity_entropy": 1 / 5,
        "intensity_uniformity": 0.5**0.5,
        "intensity_black": 0.5**0.5,
        "layout_zone_11": 0.0,
        "layout_zone_12": 3 / 5,  # columns 6 to 10, white from 8
        "layout_zone_33": 1.0,
        "gradient_direction": 1.0,
        "run_percentage": (32 + 16 + 2 * diagonal_runs(image)) / 4 / 256,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-4)
    assert found["layout_symmetry"] == pytest.approx(-1, abs=1e-4)


def diagonal_runs(image: Uint8) -> int:
    """Runs of equal values along the diagonals of an image, counted one pixel at a time."""
    lines = [image.diagonal(offset) for offset in range(1 - len(image), len(image))]
    return sum(1 + int(np.count_nonzero(np.diff(line.astype(int)))) for line in lines)


# Texture


def test_cooccurrence_matrices_are_scikit_images() -> None:
    image = random_image()[..., 0]
    found = cooccurrence_matrices(image)
    for row, distance in enumerate(DISTANCES):
        for column, angle in enumerate((0, 3 * np.pi / 4, np.pi / 2, np.pi / 4)):
            # scikit-image's angles turn downward, and it counts diagonal distances in pixel sides, IBSI in steps
            steps = distance * (np.sqrt(2) if column % 2 else 1)
            reference = graycomatrix(image // 8, [steps], [angle], levels=32, symmetric=True, normed=True)
            np.testing.assert_allclose(found[row, column], reference[..., 0, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("name", "scaled"),
    [
        ("contrast", np.log1p),
        ("homogeneity", np.asarray),
        ("energy", np.asarray),
        ("correlation", np.asarray),
        ("entropy", lambda nats: nats / np.log(2) / 10),
    ],
)
def test_cooccurrence_columns_are_scikit_images(name: str, scaled: Callable[[object], NDArray[np.float64]]) -> None:
    image = random_image(seed=1)[..., 0]
    pairs = graycomatrix(image // 8, [1], [0, np.pi / 2], levels=32, symmetric=True, normed=True)
    aslant = [np.pi / 4, 3 * np.pi / 4]
    diagonal = graycomatrix(image // 8, [np.sqrt(2)], aslant, levels=32, symmetric=True, normed=True)
    reference = scaled(graycoprops(np.concatenate([pairs, diagonal], axis=3), name)).mean()
    assert columns(image)[f"cooccurrence_{name}_1"] == pytest.approx(reference, rel=1e-6)


def test_runs_of_a_picture_counted_by_hand() -> None:
    image = np.array([[0, 0, 8, 8], [0, 8, 8, 8], [16, 16, 16, 16], [16, 0, 0, 8]], np.uint8)
    by_angle = {
        0: {(0, 1): 1, (0, 2): 2, (1, 1): 1, (1, 2): 1, (1, 3): 1, (2, 1): 1, (2, 4): 1},
        2: {(0, 1): 3, (0, 2): 1, (1, 1): 2, (1, 2): 2, (2, 1): 3, (2, 2): 1},
        3: {(0, 1): 5, (1, 1): 4, (1, 2): 1, (2, 1): 5},
        1: {(0, 1): 3, (0, 2): 1, (1, 1): 2, (1, 2): 2, (2, 1): 3, (2, 2): 1},
    }
    for angle, expected in by_angle.items():
        runs = run_length_matrix(image, angle)
        found = {(int(bin_), int(length) + 1): int(runs[bin_, length]) for bin_, length in np.argwhere(runs)}
        assert found == expected, ANGLES[angle]


def test_run_columns_of_stripes() -> None:
    image = np.zeros((16, 16), np.uint8)
    image[::2] = 255  # along rows 16 runs of 16, across and aslant runs of 1
    found = columns(image)
    assert found["run_percentage"] == pytest.approx((16 / 256 + 3) / 4)
    assert found["run_short_emphasis"] == pytest.approx((1 / 256 + 3) / 4)
    assert found["run_long_emphasis"] == pytest.approx((np.log(257) + 3 * np.log(2)) / 4)
    assert found["run_length_variance"] == pytest.approx(0)
    assert found["run_grey_non_uniformity"] == pytest.approx(0.5**0.5)
    assert found["run_high_grey_emphasis"] == pytest.approx((1 + 32**2) / 2 / 32**2)


# Frequencies


def test_white_noise_has_its_variance_in_every_band() -> None:
    image = np.rint(np.random.default_rng(0).normal(128, 20, (512, 512))).clip(0, 255).astype(np.uint8)
    found = columns(image)
    bands = [found[f"fourier_band_{band}"] for band in range(1, 9)]
    waves = [found[f"wavelet_{way}_{scale}"] for way in ("horizontal", "vertical", "diagonal") for scale in (1, 2, 3)]
    np.testing.assert_allclose(bands + waves, np.log10(400), atol=0.12)
    assert found["wavelet_evenness_1"] == pytest.approx(np.sqrt(2 / np.pi), abs=0.01)
    assert found["fourier_checkerboard"] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("period", "band"), [(2.5, 7), (3.2, 6), (5, 5), (6.5, 4), (12, 3), (24, 2), (64, 1)])
def test_a_wave_is_found_in_the_band_of_its_period(period: float, band: int) -> None:
    wave = 128 + 100 * np.sin(2 * np.pi * np.arange(128) / period)
    found = columns(np.tile(wave.astype(np.uint8), (128, 1)))
    assert max(range(1, 9), key=lambda number: found[f"fourier_band_{number}"]) == band


def test_a_pattern_of_the_pixel_raster_stands_out() -> None:
    image = random_image(64)[..., 0].astype(int)
    checkered = image + 6 * (-1) ** np.indices(image.shape).sum(axis=0)
    before, after = columns(image.astype(np.uint8)), columns(checkered.clip(0, 255).astype(np.uint8))
    assert after["fourier_checkerboard"] > before["fourier_checkerboard"] + 0.5


# Colour


def test_colour_columns_see_what_grey_levels_do_not() -> None:
    red, blue = np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 97
    blue[..., 2] = 254
    first, second = columns(red), columns(blue)
    grey_columns = list(first)[:90]
    assert {name: first[name] for name in grey_columns} == {name: second[name] for name in grey_columns}
    assert (first["red_mean"], first["saturation_mean"]) == pytest.approx((97 / 255, 1))
    assert (first["red_green_mean"], second["yellow_blue_mean"]) == pytest.approx((97 / 255, -254 / 255))


# Shape


@pytest.mark.parametrize(("radius", "squeeze"), [(20, 1.0), (25, 0.5), (12, 0.8)])
def test_shape_columns_are_scikit_images(radius: float, squeeze: float) -> None:
    turned = ndimage.rotate(disc(96, radius, squeeze).astype(np.uint8), 30, reshape=False, order=0)
    mask = np.roll(turned, (5, -9), (0, 1))
    (region,) = regionprops(mask)
    found = shape(mask)
    assert found["area"] == pytest.approx(region.area / mask.size)
    assert (found["centre_y"], found["centre_x"]) == pytest.approx((np.array(region.centroid) + 0.5) / 96)
    assert found["extent"] == pytest.approx(region.extent)
    assert found["perimeter"] == pytest.approx(np.log1p(region.perimeter_crofton / 192))
    assert found["eccentricity"] == pytest.approx(region.eccentricity, abs=0.02)
    assert found["solidity"] == pytest.approx(region.solidity, abs=0.05)
    assert found["circularity"] == pytest.approx(min(4 * np.pi * region.area / region.perimeter_crofton**2, 1))


def test_shape_columns_of_a_rectangle() -> None:
    mask = np.zeros((32, 64), np.uint8)
    mask[4:12, 8:40] = 1
    found = shape(mask)
    expected = {"present": 1, "area": 1 / 8, "width": 0.5, "height": 0.25, "extent": 1, "solidity": 1, "border": 0}
    expected |= {"centre_x": 24 / 64, "centre_y": 8 / 32, "pieces": np.log(2), "largest_piece": 1, "holes": 0}
    expected |= {"elongation_axis": (32**2 - 8**2) / (32**2 + 8**2), "elongation_diagonal": 0}
    expected["eccentricity"] = np.sqrt(1 - (8 / 32) ** 2)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_pieces_holes_and_the_picture_s_border_are_counted() -> None:
    mask = np.zeros((32, 32), np.uint8)
    mask[0:8, 0:8] = 1
    mask[12:24, 12:24] = 1
    mask[14:16, 14:16] = mask[18:20, 18:20] = 0
    found = shape(mask)
    assert found["pieces"] == pytest.approx(np.log(3))
    assert found["holes"] == pytest.approx(np.log(3))
    assert found["largest_piece"] == pytest.approx(136 / 200)
    assert found["border"] == pytest.approx(15 / 124)


def test_an_empty_mask_has_zeros_and_a_full_one_no_contrast() -> None:
    image = random_image(16)[..., 0]
    empty, full = columns(image, np.zeros((16, 16), np.uint8)), columns(image, np.ones((16, 16), np.uint8))
    assert {value for name, value in empty.items() if name.startswith("structure1")} == {0.0}
    assert {value for name, value in full.items() if "structure1_contrast" in name} == {0.0}
    assert full["structure1_area"] == full["structure1_border"] == full["structure1_solidity"] == 1


def test_the_more_ragged_an_outline_the_rougher_and_the_less_round() -> None:
    y, x = np.indices((128, 128)) - 63.5
    angle, radius = np.arctan2(y, x), np.hypot(y, x)
    found = [shape(radius < 36 + height * np.sin(40 * angle)) for height in (0, 1, 2, 4, 6)]
    assert (np.diff([one["roughness"] for one in found]) > 0).all()
    for name in ("circularity", "convexity", "solidity"):
        assert (np.diff([one[name] for one in found]) < 0).all(), name
    assert found[0]["circularity"] > 0.97


def test_eccentricity_grows_as_a_disc_is_squeezed() -> None:
    found = [shape(disc(96, 40, squeeze))["eccentricity"] for squeeze in (1, 0.8, 0.6, 0.4, 0.2)]
    assert (np.diff(found) > 0).all()


# Inside against outside


def test_contrast_columns_of_a_bright_disc() -> None:
    mask = disc(64, 16)
    image = np.where(mask, 180, 60).astype(np.uint8)
    noise = np.random.default_rng(0).integers(-20, 21, image.shape)
    found = columns((image + noise * ~mask).astype(np.uint8), mask.astype(np.uint8))
    assert found["structure1_inside_mean"] == pytest.approx(180 / 255)
    assert found["structure1_contrast_mean"] == pytest.approx(120 / 255, abs=0.01)
    assert found["structure1_contrast_rim"] == pytest.approx(120 / 255, abs=0.02)
    assert found["structure1_contrast_histogram"] == 1
    assert found["structure1_contrast_edge"] > 0.5
    assert found["structure1_contrast_spread"] < -2
    assert found["structure1_contrast_gradient"] < -2
    assert found["structure1_contrast_homogeneity"] > 0.3
    assert found["structure1_contrast_entropy"] < -0.4


def test_contrast_columns_turn_their_sign_with_the_mask() -> None:
    image, mask = random_image(64, 3), disc(64, 16).astype(np.uint8)
    inside, outside = columns(image, mask), columns(image, 1 - mask)
    for name in ("mean", "spread", "entropy", "gradient", "homogeneity", "rim", "red", "chroma"):
        assert inside[f"structure1_contrast_{name}"] == pytest.approx(-outside[f"structure1_contrast_{name}"], abs=1e-6)


# Any picture


@st.composite
def any_pictures(draw_: st.DrawFn) -> Pictures:
    """One picture of a few levels, anywhere and in any share, under two masks that are as arbitrary."""
    size, channels = draw_(st.integers(16, 24)), draw_(st.sampled_from([1, 3]))
    binary = arrays(np.uint8, (1, size, size, 2), elements=st.integers(0, 1), fill=st.just(0))
    levels = draw_(st.lists(st.integers(0, 255), min_size=2 * channels, max_size=2 * channels))
    image = np.where(draw_(binary)[..., :1] > 0, np.uint8(levels[:channels]), np.uint8(levels[channels:]))
    return Pictures(image, draw_(binary))


@given(any_pictures())
@settings(max_examples=50, deadline=None)
def test_every_feature_of_any_picture_is_finite_and_of_order_one(pictures: Pictures) -> None:
    pool = RADIOMIC(pictures).pool
    assert pool.dtype == np.float32
    assert np.isfinite(pool).all()
    assert np.abs(pool).max() < 20


@pytest.mark.parametrize("size", [16, 17, 255, 1024])
@pytest.mark.parametrize("level", [0, 255])
def test_constant_pictures_and_masks_of_one_pixel_have_finite_features(size: int, level: int) -> None:
    images, masks = np.full((1, size, size, 3), level, np.uint8), np.zeros((1, size, size, 3), np.uint8)
    masks[0, 0, 0, 0] = masks[0, size // 2, size // 2, 1] = 1
    masks[0, :, 3, 2] = 1
    pool = RADIOMIC(Pictures(images, masks)).pool
    assert np.isfinite(pool).all()
    assert np.abs(pool).max() < 20


def test_a_row_depends_on_its_own_picture_only_to_the_last_bit() -> None:
    images = np.stack([random_image(37, 3, seed) for seed in range(6)])
    masks = (images[..., :2] > 128).astype(np.uint8)
    whole = RADIOMIC(Pictures(images, masks)).pool
    order = np.array([4, 0, 5, 2, 1, 3])
    np.testing.assert_array_equal(RADIOMIC(Pictures(images, masks)[order]).pool, whole[order])
    for row in range(6):
        alone = Pictures(np.asfortranarray(images[row : row + 1]), masks[row : row + 1])
        np.testing.assert_array_equal(RADIOMIC(alone).pool[0], whole[row])


@pytest.mark.parametrize(
    ("channels", "structures", "count"), [(1, 0, 90), (3, 0, 107), (0, 2, 42), (1, 2, 150), (3, 1, 141)]
)
def test_each_column_has_a_name_of_its_own(channels: int, structures: int, count: int) -> None:
    pictures = Pictures(
        np.zeros((2, 16, 16, channels), np.uint8) if channels else None,
        np.zeros((2, 16, 16, structures), np.uint8) if structures else None,
    )
    names = RADIOMIC.names(pictures)
    assert len(set(names)) == count == RADIOMIC(pictures).pool.shape[1]


def test_pictures_too_small_are_refused() -> None:
    with pytest.raises(BadInput, match=r"15 x 20 pixels are too small .* at least 16"):
        RADIOMIC(Pictures(np.zeros((1, 20, 15, 1), np.uint8)))


# The distance between sets


@pytest.fixture(scope="module", params=["chest_xray", "chest_ct", "dermoscopy"])
def halves(request: pytest.FixtureRequest) -> tuple[Pictures, Pictures]:
    """Two halves, of 40 each, of phantoms of one family."""
    classes = {"chest_xray": "normal", "chest_ct": "ct", "dermoscopy": "lesion"}
    drawn = [draw(request.param, classes[request.param], 64, 0, index) for index in range(80)]
    images = Pictures(np.stack([one.image for one in drawn]))
    return images[slice(0, 40)], images[slice(40, 80)]


def distance(real: Pictures, other: Pictures) -> float:
    """Frechet distance after each column is brought to the real set's mean 0 and spread 1."""
    first, second = RADIOMIC(real).pool, RADIOMIC(other).pool
    mean, spread = first.mean(axis=0), np.maximum(first.std(axis=0), 1e-3)
    return frechet_distance(moments((first - mean) / spread), moments((second - mean) / spread))


def blurred(images: Uint8, sigma: float) -> Uint8:
    return np.rint(ndimage.gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0))).astype(np.uint8)


def noisy(images: Uint8, spread: float) -> Uint8:
    noise = np.random.default_rng(1).normal(size=images.shape) * spread
    return np.rint(images + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("damaged", "doses"), [(blurred, (0, 0.5, 1, 2, 4)), (noisy, (0, 4, 8, 16, 32))])
def test_the_distance_grows_with_blur_and_noise(
    halves: tuple[Pictures, Pictures], damaged: Callable[[Uint8, float], Uint8], doses: tuple[float, ...]
) -> None:
    real, other = halves
    assert other.images is not None
    images = other.images
    found = [distance(real, Pictures(damaged(images, dose))) for dose in doses]
    assert (np.diff(found) > 0).all(), found


def flipped(masks: Uint8, share: float) -> Uint8:
    """Masks with a share of their pixels turned over, the same ones and more for a larger share."""
    return masks ^ (np.random.default_rng(0).random(masks.shape) < share).astype(np.uint8)


def ragged(masks: Uint8, pixels: float) -> Uint8:
    """Masks whose outlines wander to and fro, by so many pixels of standard deviation."""
    wander = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=masks.shape), (0, 1.5, 1.5, 0))
    planes = np.moveaxis(masks, 3, 1).reshape(-1, *masks.shape[1:3])
    depth = [ndimage.distance_transform_edt(plane) - ndimage.distance_transform_edt(1 - plane) for plane in planes]
    depths = np.moveaxis(np.reshape(depth, (len(masks), -1, *masks.shape[1:3])), 1, 3)
    return (depths + pixels * wander / wander.std() > 0).astype(np.uint8)


@pytest.mark.parametrize(("damaged", "doses"), [(flipped, (0, 0.002, 0.01, 0.05)), (ragged, (0, 1, 2, 4))])
@pytest.mark.parametrize(("family", "label"), [("chest_ct", "ct"), ("dermoscopy", "lesion")])
def test_the_distance_between_masks_grows_as_their_outlines_decay(
    family: str, label: str, damaged: Callable[[Uint8, float], Uint8], doses: tuple[float, ...]
) -> None:
    masks = np.stack([draw(family, label, 64, 0, index).masks for index in range(80)])
    found = [distance(Pictures(masks=masks[:40]), Pictures(masks=damaged(masks[40:], dose))) for dose in doses]
    assert (np.diff(found) > 0).all(), found
