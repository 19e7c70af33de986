"""However a volume is stored, it is seen the same way."""

from itertools import permutations, product

import numpy as np
import pytest

from medgan.data.volumes.volume import Volume, affine_of, axial, plane_of, tilt_degrees

SEEN = np.arange(2 * 3 * 4).reshape(2, 3, 4)
STEPS = np.array([[0.0, 0.0, 0.7], [0.0, 0.8, 0.0], [3.0, 0.0, 0.0]])  # of k, j, i as columns: axial, from feet to head
ORIGIN = np.array([-50.0, -60.0, 700.0])


def stored(order: tuple[int, ...], reversed_: tuple[bool, ...]) -> Volume:
    """What is to be seen, with its axes swapped and some of them reversed, and the affine that tells so."""
    affine = affine_of(ORIGIN, STEPS)
    voxels = SEEN
    for axis in (axis for axis in range(3) if reversed_[axis]):
        affine[:3, 3] += affine[:3, axis] * (voxels.shape[axis] - 1)
        affine[:3, axis] *= -1
        voxels = np.flip(voxels, axis)
    return Volume(voxels.transpose(order), affine[:, [*order, 3]])


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("reversed_", list(product((False, True), repeat=3)))
def test_all_48_orientations_are_seen_alike(order: tuple[int, ...], reversed_: tuple[bool, ...]) -> None:
    seen = axial(stored(order, reversed_))
    np.testing.assert_array_equal(seen.voxels, SEEN)
    np.testing.assert_allclose(seen.affine, affine_of(ORIGIN, STEPS))
    np.testing.assert_allclose(seen.spacing_mm, (3.0, 0.8, 0.7))


@pytest.mark.parametrize(
    ("order", "plane"), [((0, 1, 2), "axial"), ((1, 0, 2), "coronal"), ((2, 0, 1), "sagittal"), ((2, 1, 0), "sagittal")]
)
def test_plane_of_the_stored_slices(order: tuple[int, ...], plane: str) -> None:
    assert plane_of(stored(order, (False, True, False))) == plane


@pytest.mark.parametrize("degrees", [0, 12, 40])
def test_oblique_volume_takes_its_nearest_axes(degrees: int) -> None:
    turn = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    volume = Volume(SEEN, affine_of(ORIGIN, about_x @ STEPS))
    assert tilt_degrees(volume) == pytest.approx(degrees)
    np.testing.assert_array_equal(axial(volume).voxels, SEEN)


def test_colours_stay_last() -> None:
    volume = stored((2, 0, 1), (True, False, True))
    coloured = Volume(np.stack([volume.voxels, -volume.voxels], axis=-1), volume.affine)
    np.testing.assert_array_equal(axial(coloured).voxels, np.stack([SEEN, -SEEN], axis=-1))
