"""Deformed masks: still masks, in one piece, the same for a seed and a number, and kept by the set."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.marks import mark
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.deform import Deformation
from medgan.training.loop import train
from medgan.training.parts import as_part
from medgan.training.run import Run

TINY: dict[str, Any] = {"size": 64, "width": 8, "batch_size": 2, "steps": 1, "samples": 1}


@pytest.fixture
def slices() -> PreparedDataset:
    """Masks of heart, lung and trachea."""
    return prepare_phantoms(PhantomConfig(family="chest_ct", count=12, size=64, name="slices"))


@pytest.fixture
def painter(slices: PreparedDataset) -> Run:
    options = TINY | {"discriminator_width": 8, "dropout": 0.0}
    return train(train_config("pix2pix", "slices", name="painter", options=options))


def painted(count: int = 3, **options: Any) -> SyntheticSet:
    return generate(generate_config("painter", count=count, **options))


def masks_of(made: SyntheticSet) -> NDArray[np.uint8]:
    assert made.drawn.masks is not None
    return np.asarray(made.drawn.masks)


def pieces(mask: NDArray[np.bool_]) -> int:
    """Pieces of more than a twentieth of the largest: the edge of a raster may lose crumbs."""
    areas = np.bincount(ndimage.label(mask)[0].ravel())[1:]
    return int((areas > 0.05 * areas.max(initial=0)).sum())


@pytest.mark.parametrize("strength", [0.02, 0.05, 0.1])
def test_structures_change_and_stay_in_one_piece(slices: PreparedDataset, strength: float) -> None:
    assert slices.masks is not None
    masks = as_part("masks", np.array(slices.masks), 64)
    moved = Deformation(strength, seed=0)(masks, 0)
    assert set(np.unique(moved.numpy())) == {-1.0, 1.0}
    for before, after in zip(masks.flatten(0, 1) > 0, moved.flatten(0, 1) > 0, strict=True):
        assert pieces(after.numpy()) == pieces(before.numpy())
    assert int(((moved > 0).sum(1) > 1).sum()) <= int(((masks > 0).sum(1) > 1).sum())  # they do not run into each other
    assert ((moved > 0) != (masks > 0)).float().mean() > 0.2 * strength


def test_the_strength_is_how_far_points_move_in_the_middle() -> None:
    half = -torch.ones(1, 1, 64, 64)
    half[..., 32:] = 1
    moved = torch.cat([Deformation(0.05, seed)(half, 0) for seed in range(200)])
    shift = (moved[:, 0, 32] > 0).sum(1).numpy() - 32  # of an upright edge, at half height
    assert 0.04 < np.sqrt(np.mean((shift / 64.0) ** 2)) < 0.06


def test_what_fills_the_image_or_touches_its_border_still_does() -> None:
    whole = torch.ones(1, 1, 64, 64)
    assert bool((Deformation(0.1, 0)(whole, 0) == 1).all())
    left = -torch.ones(1, 1, 64, 64)
    left[..., 20:44, :12] = 1
    for number in range(20):
        moved = Deformation(0.1, 0)(left, number)
        assert bool((moved[..., 0] > 0).any())
        assert not bool((moved[..., -12:] > 0).any())


def test_every_number_of_a_seed_is_deformed_its_own_way(painter: Run) -> None:
    """Image 7 is the same alone and among others, and unlike every other."""
    mask = as_part("masks", np.pad(np.ones((1, 32, 32, 1), np.uint8), ((0, 0), (16, 16), (16, 16), (0, 0))), 64)
    many = Deformation(0.05, 3)(mask.expand(12, -1, -1, -1), 0)
    alone = Deformation(0.05, 3)(mask, 7)
    assert torch.equal(alone[0], many[7])
    assert len({tuple(moved.flatten().tolist()) for moved in many}) == 12
    assert not torch.equal(Deformation(0.05, 4)(mask, 7)[0], many[7])


def test_a_set_is_drawn_from_the_deformed_masks_and_keeps_them(painter: Run, slices: PreparedDataset) -> None:
    plain, deformed, longer = painted(), painted(deform=0.05), painted(count=11, deform=0.05)
    assert slices.masks is not None
    assert np.array_equal(masks_of(plain), slices.masks[slices.indices("train")[:3]])
    assert set(np.unique(masks_of(deformed))) == {0, 1}
    assert all((a != b).any() for a, b in zip(masks_of(plain), masks_of(deformed), strict=True))
    assert plain.drawn.images is not None
    assert deformed.drawn.images is not None
    assert (plain.drawn.images != deformed.drawn.images).any()
    assert np.array_equal(masks_of(longer)[:3], masks_of(deformed))
    assert np.array_equal(longer.drawn.pictures[:3], deformed.drawn.pictures)
    repeated = masks_of(longer)[[0, len(slices.indices("train"))]]  # the same mask again, another deformation
    assert (repeated[0] != repeated[1]).any()
    assert plain.items["drawn_from"].tolist() == deformed.items["drawn_from"].tolist()


def test_the_image_belongs_to_the_deformed_mask(painter: Run) -> None:
    """What the network paints into a deformed mask is what it paints into that mask when it is simply given."""
    deformed = painted(deform=0.05)
    again = generate(generate_config("painter", count=3, source=deformed.id))
    assert np.array_equal(masks_of(again), masks_of(deformed))
    assert np.array_equal(again.drawn.pictures, deformed.drawn.pictures)


def test_masks_of_a_set_are_deformed_as_well(painter: Run, slices: PreparedDataset) -> None:
    train(train_config("dcgan", "slices", name="masks", options=TINY | {"content": "masks"}))
    source = generate(generate_config("masks", count=3, name="mask-set"))
    made = painted(source="mask-set", deform=0.05)
    assert (masks_of(made) != masks_of(source)).any()


def test_masks_that_a_person_rejected_are_not_drawn_from(painter: Run) -> None:
    train(train_config("dcgan", "slices", name="masks", options=TINY | {"content": "masks"}))
    source = generate(generate_config("masks", count=4, name="mask-set"))
    mark(source, [0, 2], "rejected")
    made = painted(source="mask-set")
    assert np.array_equal(masks_of(made), masks_of(source)[[1, 3, 1]])
    assert made.items["drawn_from"].tolist() == source.items["file"].iloc[[1, 3, 1]].tolist()
    mark(source, [1, 3], "rejected")
    with pytest.raises(BadInput, match="every one of its masks was rejected"):
        painted(source="mask-set")


@pytest.mark.parametrize("gan", ["dcgan", "cyclegan"])  # from noise, from images
def test_a_run_that_is_given_no_masks_refuses(phantoms: PreparedDataset, gan: str) -> None:
    options: dict[str, Any] = TINY | ({"domain_a": "normal", "domain_b": "tuberculosis"} if gan == "cyclegan" else {})
    train(train_config(gan, "phantoms", name="other", options=options))
    with pytest.raises(BadInput, match="run 'other' draws from no masks, and only masks can be deformed"):
        generate(generate_config("other", count=1, deform=0.05))


def test_the_strength_is_bounded() -> None:
    for strength in (-0.01, 0.5):
        with pytest.raises(BadInput, match="deform: "):
            generate_config("painter", deform=strength)
