"""What label volumes say, and where: names, numbers, layers, grids."""

import numpy as np
import pytest

from medgan.data.problems import Unusable
from medgan.data.volumes.labels import (
    Wanted,
    chosen,
    in_order_of_numbers,
    label_volume,
    masks_of,
    onto,
    parse_wanted,
    with_names,
)
from medgan.data.volumes.volume import Label, Volume, affine_of, axial


def grid(voxels: np.ndarray, spacing: tuple[float, float, float] = (4, 2, 1.5), at=(-12.0, 20, 100)) -> Volume:
    return Volume(voxels, affine_of(np.array(at), np.diag(spacing[::-1])[:, ::-1]))


def test_wanted_labels_by_name_and_by_number() -> None:
    assert parse_wanted(" 3=heart, 1 = Left Lung ,liver,") == (
        Wanted("heart", 3),
        Wanted("left_lung", 1),
        Wanted("liver"),
    )
    assert parse_wanted("") == ()


@pytest.mark.parametrize("text", ["3", "3=", "=heart", "1=2=heart", "1=3"])
def test_what_names_no_structure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a structure"):
        parse_wanted(text)


def test_labels_are_named_by_their_file_or_by_hint_and_number() -> None:
    voxels = np.array([[[0, 1, 2, 7]]], np.uint8)
    found = label_volume(grid(voxels), [Label(2, "Left Lung")]).found
    assert [label.name for label in with_names(found, "", ())] == ["label_1", "left_lung", "label_7"]
    assert [label.name for label in with_names(found, "heart", ())] == ["heart_1", "left_lung", "heart_7"]
    lone = label_volume(grid(voxels // 7), []).found
    assert [label.name for label in with_names(lone, "heart", {"heart"})] == ["heart"]
    assert [label.name for label in with_names(lone, "", {""})] == ["mask"]
    assert sorted(["label_10", "label_9"], key=in_order_of_numbers) == ["label_9", "label_10"]


def test_chosen_labels_may_be_joined() -> None:
    labels = [Label(1, "left"), Label(2, "right"), Label(3, "heart")]
    assert chosen(labels, parse_wanted("1=lung, 2=lung")) == {"lung": labels[:2]}
    assert chosen(labels, parse_wanted("heart")) == {"heart": labels[2:]}
    assert set(chosen(labels, ())) == {"left", "right", "heart"}


def test_layers_that_overlap() -> None:
    voxels = np.zeros((1, 2, 2, 2), np.uint8)
    voxels[0, 0, :, 0] = voxels[0, :, 0, 1] = 1
    read = label_volume(grid(voxels), [Label(1, "a", 0), Label(1, "b", 1)])
    masks = masks_of(voxels[0], chosen(read.found, ()), ["a", "b"])
    np.testing.assert_array_equal(masks[..., 0], [[True, True], [False, False]])
    np.testing.assert_array_equal(masks[..., 1], [[True, False], [True, False]])


@pytest.mark.parametrize("voxels", [np.array([[[0.5, 1]]], np.float32), np.array([[[-1, 1]]], np.int16)])
def test_grey_pictures_are_no_labels(voxels: np.ndarray) -> None:
    with pytest.raises(Unusable) as caught:
        label_volume(grid(voxels), [])
    assert caught.value.kind == "mask_not_binary"


def test_whole_numbers_stored_as_fractions_are_labels() -> None:
    assert label_volume(grid(np.array([[[0, 3]]], np.float32)), []).found == (Label(3),)


def test_labels_on_another_grid_are_put_in_place(body) -> None:
    image = grid(body.voxels)
    finer = np.repeat(np.repeat(body.labels, 2, axis=1), 3, axis=2)  # pixels of 1 by 0.5 mm
    labels = grid(finer, (4, 1, 0.5), (-12 - 0.5, 20 - 0.5, 100))
    np.testing.assert_array_equal(onto(labels, image, axial(image)), body.labels)


def test_labels_of_a_part_of_the_image(body) -> None:
    image = grid(body.voxels)
    part = grid(body.labels[2:7, 1:9, 3:14], at=(-12 + 3 * 1.5, 20 + 1 * 2, 100 + 2 * 4))
    expected = np.zeros_like(body.labels)
    expected[2:7, 1:9, 3:14] = body.labels[2:7, 1:9, 3:14]
    np.testing.assert_array_equal(onto(part, image, axial(image)), expected)


def test_labels_stored_along_other_axes(body) -> None:
    image = grid(body.voxels)
    turned = Volume(body.labels.transpose(2, 0, 1)[:, ::-1], grid(body.labels).affine[:, [2, 0, 1, 3]].copy())
    turned.affine[:3, 3] += turned.affine[:3, 1] * 7
    turned.affine[:3, 1] *= -1
    np.testing.assert_array_equal(onto(turned, image, axial(image)), body.labels)


@pytest.mark.parametrize("layers", [False, True])
def test_oblique_labels_on_a_straight_image(body, layers: bool) -> None:
    """A ball, labelled on a grid that is turned by 30 degrees about the body's long axis."""
    image = grid(np.zeros((12, 40, 40), np.int16), (1, 1, 1), (-20.0, -20, -6))
    turn = np.radians(30)
    axes = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    first = axes @ np.array([-25.0, -25, -6])
    affine = affine_of(first, axes[:, ::-1])
    voxels = np.zeros((12, 50, 50), np.uint8)
    ball = np.array([5.0, -4, 0])  # mm
    places = np.moveaxis(np.indices(voxels.shape), 0, -1).astype(float)
    where = places @ affine[:3, :3].T + affine[:3, 3]
    voxels[np.linalg.norm(where - ball, axis=-1) < 5] = 1
    labels = Volume(voxels[..., None] if layers else voxels, affine)
    placed = onto(labels, image, axial(image))
    placed = placed[..., 0] if layers else placed
    centre = np.argwhere(placed).mean(axis=0) @ image.affine[:3, :3].T + image.affine[:3, 3]
    np.testing.assert_allclose(centre, ball, atol=0.3)
    assert placed.sum() == pytest.approx(voxels.sum(), rel=0.05)


def test_labels_without_a_place_are_matched_voxel_by_voxel(body) -> None:
    image = grid(body.voxels[::-1].copy())
    image.affine[:3, 3] += image.affine[:3, 0] * 7
    image.affine[:3, 0] *= -1  # stored from head to feet
    labels = Volume(body.labels[::-1], np.eye(4), placed=False)
    np.testing.assert_array_equal(onto(labels, image, axial(image)), body.labels)
    with pytest.raises(Unusable, match=r"is 16 x 12 x 7 voxels, its image 16 x 12 x 8") as caught:
        onto(Volume(body.labels[:7], np.eye(4), placed=False), image, axial(image))
    assert caught.value.kind == "size_differs"


def test_labels_elsewhere_in_the_patient_are_refused(body) -> None:
    image = grid(body.voxels)
    with pytest.raises(Unusable, match="elsewhere"):
        onto(grid(body.labels, at=(-12, 20, 400)), image, axial(image))
