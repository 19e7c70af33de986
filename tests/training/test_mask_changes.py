"""What sliders do to a mask, in one go."""

import numpy as np

from medgan.data.shaping import Ellipse, grown, shifted
from medgan.training.mask_changes import MaskChange

MASKS = np.stack([Ellipse(0.4, 0.5, 0.4, 0.4).drawn(64), Ellipse(0.8, 0.5, 0.2, 0.2).drawn(64)], axis=2)


def test_nothing_is_changed_by_default() -> None:
    assert np.array_equal(MaskChange()(MASKS), MASKS)


def test_growing_comes_before_moving() -> None:
    change = MaskChange(grow=0.1, right=0.2, down=-0.1)
    assert np.array_equal(change(MASKS), shifted(grown(MASKS, 0.1), 0.2, -0.1))


def test_each_seed_bends_another_way_and_always_the_same() -> None:
    bent = [MaskChange(deform=0.05, seed=seed)(MASKS) for seed in (0, 1, 0)]
    assert bent[0].shape == MASKS.shape
    assert set(np.unique(bent[0])) == {0, 1}
    assert np.array_equal(bent[0], bent[2])
    assert not np.array_equal(bent[0], bent[1])
    assert not np.array_equal(bent[0], MASKS)
