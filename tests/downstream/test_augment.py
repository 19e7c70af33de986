"""Classical augmentation: within its bounds, masks with their images, the same for a seed, off where it is off."""

import pytest
import torch
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.downstream.augment import Augmentation, Moves

SIDE = 65  # odd: a pixel in the middle


def smooth(count: int = 4, channels: int = 1) -> Tensor:
    """Random pictures in [-1, 1] without sharp edges."""
    coarse = torch.rand(count, channels, 5, 5, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bilinear", align_corners=True)


def blob(row: int, column: int) -> Tensor:
    """A bright patch of 5 x 5 pixels on black."""
    picture = torch.full((1, 1, SIDE, SIDE), -1.0)
    picture[..., row - 2 : row + 3, column - 2 : column + 3] = 1
    return picture


def centre_of(picture: Tensor) -> tuple[float, float]:
    """Row and column of what is bright, relative to the middle."""
    weight = (picture[0, 0].double() + 1) / 2
    places = torch.arange(SIDE).double() - (SIDE - 1) / 2
    return float((weight.sum(1) * places).sum() / weight.sum()), float((weight.sum(0) * places).sum() / weight.sum())


def one(degrees: float = 0, zoom: float = 1, flipped: bool = False) -> Moves:
    return Moves(torch.tensor([flipped]), torch.tensor([float(degrees)]), torch.tensor([float(zoom)]))


def test_draws_fill_their_bounds_and_do_not_leave_them() -> None:
    drawn = Augmentation().drawn(4000, seed=1)
    assert 0.45 < drawn.flipped.float().mean() < 0.55
    for values, low, high in ((drawn.degrees, -36, 36), (drawn.zoom, 0.9, 1.1)):
        assert low <= values.min() < low + 0.01 * (high - low)
        assert high >= values.max() > high - 0.01 * (high - low)
    assert abs(torch.corrcoef(torch.stack([drawn.degrees, drawn.zoom]))[0, 1]) < 0.05


def test_directions_are_as_said() -> None:
    right = blob(32, 52)  # 20 pixels right of the middle
    turned, _ = Augmentation().moved(right, None, one(degrees=30))
    assert centre_of(turned) == pytest.approx((10, 17.32), abs=0.1)  # clockwise: down
    larger, _ = Augmentation().moved(right, None, one(zoom=1.1))
    assert centre_of(larger) == pytest.approx((0, 22), abs=0.1)
    mirrored, _ = Augmentation().moved(right, None, one(flipped=True))
    assert centre_of(mirrored) == pytest.approx((0, -20), abs=0.1)


def test_masks_move_with_their_images_and_keep_their_values() -> None:
    images = smooth(8)
    masks = torch.cat([(images > 0.2), (images < -0.3)], dim=1).to(torch.uint8)
    moved, moved_masks = Augmentation().augmented(images, masks, seed=3)
    assert moved_masks is not None
    assert (moved_masks.dtype, set(moved_masks.unique().tolist())) == (torch.uint8, {0, 1})
    assert not torch.equal(moved_masks, masks)
    again = torch.cat([(moved > 0.2), (moved < -0.3)], dim=1)
    assert (again == moved_masks).float().mean() > 0.98


def test_the_same_seed_makes_the_same_changes() -> None:
    images = smooth()
    first, _ = Augmentation().augmented(images, None, seed=5)
    assert torch.equal(first, Augmentation().augmented(images, None, seed=5)[0])
    assert not torch.equal(first, Augmentation().augmented(images, None, seed=6)[0])
    assert first.min() >= -1
    assert first.max() <= 1


def test_what_is_done_is_told_in_words() -> None:
    assert Augmentation().in_words() == "flip, rotation up to 36 degrees, zoom up to 10 %"
    assert Augmentation(flip=False, zoom_share=0).in_words() == "rotation up to 36 degrees"
    assert Augmentation(flip=False, rotation_degrees=0, zoom_share=0).in_words() == "nothing"


def test_each_change_can_be_switched_off() -> None:
    images = smooth(channels=3)
    masks = (images > 0).float()
    for off in (Augmentation(enabled=False), Augmentation(flip=False, rotation_degrees=0, zoom_share=0)):
        for before, after in zip((images, masks), off.augmented(images, masks, seed=1), strict=True):
            assert torch.equal(before, after)  # type: ignore[arg-type]
    only_flips, _ = Augmentation(rotation_degrees=0, zoom_share=0).augmented(images, None, seed=1)
    for before, after in zip(images, only_flips, strict=True):
        assert torch.equal(after, before) or torch.equal(after, before.flip(-1))
    unturned = Augmentation(flip=False, rotation_degrees=0).drawn(100, seed=1)
    assert not unturned.flipped.any()
    assert not unturned.degrees.any()
    assert unturned.zoom.std() > 0.03


@pytest.mark.parametrize("bad", [{"rotation_degrees": 200}, {"zoom_share": 1}, {"zoom_share": -0.1}, {"turn": 3}])
def test_bad_options_are_one_line(bad: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=next(iter(bad))):
        Augmentation.parse(bad)
