"""Each GAN learns: a short run brings its images closer to the real ones, by a stated margin."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.origins import origin_of
from medgan.training.config import train_config
from medgan.training.drawn import Drawn
from medgan.training.feed import indices_of
from medgan.training.loop import train
from medgan.training.run import Run
from medgan.training.sampler import Sampler

Uint8 = NDArray[np.uint8]
SMALL: dict[str, Any] = {"size": 64, "sample_every": 1000, "checkpoint_every": 1000, "samples": 1, "ema_decay": 0.9}


@pytest.fixture
def lesions(medgan_home: object) -> PreparedDataset:
    """Dermoscopy phantoms: a dark lesion on skin, and its mask."""
    return prepare_phantoms(PhantomConfig(family="dermoscopy", count=160, size=64, name="lesions"))


@pytest.fixture
def films(medgan_home: object) -> PreparedDataset:
    return prepare_phantoms(PhantomConfig(family="chest_xray", count=120, size=64, name="films"))


def sliced_distance(first: Uint8, second: Uint8) -> float:
    """Sliced Wasserstein distance of 8x8 thumbnails (n, h, w, c): mean over 256 fixed directions, in grey levels."""

    def projected(pictures: Uint8) -> NDArray[np.float64]:
        side = pictures.shape[1] // 8
        small = pictures.reshape(-1, 8, side, 8, side, pictures.shape[3]).mean(axis=(2, 4)).reshape(len(pictures), -1)
        directions = np.random.default_rng(0).normal(size=(small.shape[1], 256))
        return small @ (directions / np.linalg.norm(directions, axis=0))

    quantiles = np.linspace(0, 1, 64)
    a, b = (np.quantile(projected(pictures), quantiles, axis=0) for pictures in (first, second))
    return float(np.abs(a - b).mean())


def drawn(run: Run, count: int = 64) -> Drawn:
    return Sampler.load(run).draw(count, 0, conditions=origin_of(run).conditions)


def untrained_and_trained(
    gan: str, dataset: PreparedDataset, steps: int, label: str | None = None, **options: Any
) -> tuple[Run, Run]:
    runs = []
    for number in (1, steps):
        config = train_config(
            gan, dataset.id, label=label, name=f"{gan}-{number}", options=SMALL | options | {"steps": number}
        )
        runs.append(train(config))
    return runs[0], runs[1]


def test_the_distance_is_nothing_between_equals_and_grows_with_the_difference(films: PreparedDataset) -> None:
    images = np.asarray(films.images)
    assert sliced_distance(images, images) == 0
    brighter = [np.clip(images.astype(int) + shift, 0, 255).astype(np.uint8) for shift in (10, 40)]
    assert 0 < sliced_distance(images, brighter[0]) < sliced_distance(images, brighter[1])


@pytest.mark.parametrize(
    ("gan", "steps", "options"),
    [
        ("dcgan", 150, {"width": 8, "batch_size": 16, "learning_rate": 1e-3}),
        ("fastgan", 140, {"width": 8, "batch_size": 8, "learning_rate": 1e-3, "latent_size": 32}),
    ],
)
def test_images_from_noise_come_closer_to_the_real_ones(
    films: PreparedDataset, gan: str, steps: int, options: dict[str, Any]
) -> None:
    """To less than half of the untrained network's distance."""
    real = films.images[films.indices("train", "normal")]
    before, after = untrained_and_trained(gan, films, steps, label="normal", **options)
    assert sliced_distance(drawn(after).pictures, real) < 0.5 * sliced_distance(drawn(before).pictures, real)


def test_masks_come_closer_to_the_real_ones(lesions: PreparedDataset) -> None:
    """To less than half of the untrained network's distance."""
    assert lesions.masks is not None
    real = lesions.masks[lesions.indices("train")] * 255
    before, after = untrained_and_trained(
        "dcgan", lesions, 200, content="masks", network="lesion_mask", width=8, batch_size=16, learning_rate=1e-3
    )
    masks = [drawn(run).masks for run in (before, after)]
    assert masks[0] is not None
    assert masks[1] is not None
    assert set(np.unique(masks[1])) == {0, 1}
    assert sliced_distance(masks[1] * 255, real) < 0.5 * sliced_distance(masks[0] * 255, real)


def test_pix2pix_puts_the_lesion_where_the_mask_is(lesions: PreparedDataset) -> None:
    """Pixels darker than halfway between centre and rim agree with masks it has not seen: mean IoU over 0.6."""
    before, after = untrained_and_trained(
        "pix2pix", lesions, 150, width=8, discriminator_width=8, field=22, batch_size=4, learning_rate=1e-3
    )
    overlaps = [mean_overlap(run, lesions) for run in (before, after)]
    assert overlaps[1] > 0.6
    assert overlaps[1] > overlaps[0] + 0.2
    real = lesions.images[lesions.indices("test")]
    distances = [sliced_distance(translations(run, lesions)[0], real) for run in (before, after)]
    assert distances[1] < 0.5 * distances[0]


def translations(run: Run, dataset: PreparedDataset) -> tuple[Uint8, Uint8]:
    """Images drawn from the masks of the test part, and those masks (n, h, w)."""
    origin = origin_of(run, dataset.id, "test")
    made = Sampler.load(run).draw(len(dataset.indices("test")), 0, conditions=origin.conditions)
    assert made.images is not None
    assert made.masks is not None
    return made.images, made.masks[..., 0]


def mean_overlap(run: Run, dataset: PreparedDataset) -> float:
    """Mean intersection over union of the dark part of each translation and its mask."""
    images, masks = translations(run, dataset)
    grey = images.mean(axis=3)
    overlaps = []
    for picture, mask in zip(grey, masks.astype(bool), strict=True):
        low, high = np.quantile(picture, [0.02, 0.98])
        dark = picture < (low + high) / 2
        overlaps.append((dark & mask).sum() / max(1, (dark | mask).sum()))
    return float(np.mean(overlaps))


def test_cyclegan_draws_like_the_other_domain(films: PreparedDataset) -> None:
    """Translations of test films come to less than half of the untrained network's distance from the other class."""
    before, after = untrained_and_trained(
        "cyclegan",
        films,
        120,
        width=8,
        discriminator_width=8,
        field=22,
        batch_size=2,
        learning_rate=1e-3,
        network="resnet",
        domain_a="normal",
        domain_b="tuberculosis",
    )
    for place, label in enumerate(("normal", "tuberculosis")):
        config, data = after.config, after.record.data
        real = films.images[indices_of(config, films, data)[1 - place]]
        distances = []
        for run in (before, after):
            origin = origin_of(run, films.id, "test", label)
            made = Sampler.load(run).draw(16, 0, conditions=origin.conditions)
            distances.append(sliced_distance(made.pictures, real))
        assert distances[1] < 0.5 * distances[0], label
