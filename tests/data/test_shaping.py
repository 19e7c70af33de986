"""Masks from an ellipse, moved, grown and shrunk; masks from files that people hand over."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from medgan.common.errors import BadInput
from medgan.data.mask_file import mask_of_file
from medgan.data.shaping import Ellipse, grown, shifted

Uint8 = NDArray[np.uint8]


def centre(mask: Uint8) -> tuple[float, float]:
    """Centre of gravity, from the left and from the top, in share of the side."""
    down, right = ndimage.center_of_mass(mask)
    return (right + 0.5) / mask.shape[1], (down + 0.5) / mask.shape[0]


class TestEllipse:
    @pytest.mark.parametrize("size", [64, 128])
    def test_place_and_area_are_as_asked_at_every_size(self, size: int) -> None:
        mask = Ellipse(0.4, 0.6, 0.5, 0.3).drawn(size)
        assert centre(mask) == pytest.approx((0.4, 0.6), abs=0.01)
        assert mask.mean() == pytest.approx(np.pi / 4 * 0.5 * 0.3, rel=0.03)

    def test_it_turns_anticlockwise(self) -> None:
        turned = Ellipse(0.5, 0.5, 0.8, 0.2, angle=45).drawn(64)
        assert turned[16, 48] == 1  # its right end points up
        assert turned[16, 16] == 0
        level, upright = Ellipse(width=0.6, height=0.3).drawn(64), Ellipse(width=0.6, height=0.3, angle=90).drawn(64)
        assert np.array_equal(upright, level.T)

    def test_what_lies_beyond_the_border_is_cut_off(self) -> None:
        mask = Ellipse(0.0, 0.5, 0.5, 0.5).drawn(64)
        assert mask.mean() == pytest.approx(np.pi / 8 * 0.25, rel=0.05)


class TestChanges:
    mask = Ellipse(width=0.5, height=0.5).drawn(64)[..., None]

    def test_a_shift_moves_and_loses_what_leaves(self) -> None:
        moved = shifted(self.mask, 0.125, -0.25)
        assert centre(moved[..., 0]) == pytest.approx((0.625, 0.25), abs=0.01)
        assert moved.sum() == self.mask.sum()
        assert 0 < shifted(self.mask, 0.5, 0).sum() < 0.6 * self.mask.sum()
        assert not shifted(self.mask, 0, 0.9).any()

    def test_growing_and_shrinking_move_the_outline_by_the_distance(self) -> None:
        for by in (0.1, -0.1):
            radius = np.sqrt(grown(self.mask, by).mean() / np.pi)
            assert radius == pytest.approx(0.25 + by, abs=0.012)
        assert np.array_equal(grown(self.mask, 0), self.mask)
        assert not grown(self.mask, -0.3).any()

    def test_structures_change_by_themselves_and_without_an_outline_nothing_does(self) -> None:
        masks = np.concatenate([self.mask, np.zeros_like(self.mask), np.ones_like(self.mask)], axis=2)
        larger = grown(masks, 0.1)
        assert larger[..., 0].sum() > masks[..., 0].sum()
        assert not larger[..., 1].any()
        assert larger[..., 2].all()

    def test_what_the_border_cuts_off_stays_cut_off(self) -> None:
        half = np.zeros((64, 64, 1), np.uint8)
        half[:, :32] = 1
        assert np.array_equal(grown(half, -0.125)[..., 0].sum(1), np.full(64, 24))


def png(picture: Uint8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


class TestFiles:
    def test_a_black_and_white_picture_becomes_a_mask_and_keeps_its_shape(self) -> None:
        picture = np.zeros((100, 200), np.uint8)
        picture[25:75, 50:150] = 255
        mask = mask_of_file(png(picture), "mask.png", 64)
        assert mask.shape == (64, 64)
        assert set(np.unique(mask)) == {0, 1}
        assert mask.sum() == 16 * 32  # padded, not squashed

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"no picture", "mask.png", "not what its name says"),
            (png(np.zeros((9, 9), np.uint8)), "mask.png", "black all over"),
            (png(np.full((9, 9), 255, np.uint8)), "mask.png", "white all over"),
            (png(np.arange(81, dtype=np.uint8).reshape(9, 9) * 3), "mask.png", "81 values"),
            (png(np.zeros((9, 9, 3), np.uint8) + np.arange(3, dtype=np.uint8)), "mask.png", "coloured"),
            (b"", "mask.gif", "cannot be read as a mask"),
            (
                png(np.eye(400, dtype=np.uint8)[:, :1] * np.eye(400, dtype=np.uint8)[:1] * 255),
                "dot.png",
                "smaller than",
            ),
        ],
    )
    def test_a_bad_file_is_one_line_that_says_what_to_do(self, content: bytes, name: str, words: str) -> None:
        with pytest.raises(BadInput) as raised:
            mask_of_file(content, name, 64)
        message = str(raised.value)
        assert message.startswith(name)
        assert words in message
        assert "\n" not in message
        assert ";" in message
