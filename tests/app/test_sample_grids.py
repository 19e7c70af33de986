"""Sample grids on a page: whole pairs, whatever the number of images that a training draws."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgan.app.cached import first_of_grid
from medgan.app.sample_grids import MOST
from medgan.common.pictures import grid
from medgan.training.conditions import columns_of

EMPTY = 96
"""Grey level of the places that a grid leaves free."""


@pytest.mark.parametrize("samples", [2, 4, 5, 8, 9, 16, 25, 36])
def test_pairs_are_shown_whole(samples: int, tmp_path: Path) -> None:
    cells = np.array([np.full((8, 8, 1), place, np.uint8) for place in range(samples)])
    Image.fromarray(grid(cells, columns_of(samples))[..., 0]).save(tmp_path / "grid.png")
    columns = min(MOST, columns_of(samples))
    assert columns % 2 == 0  # so a pair begins in an even column of what is shown, too
    shown = first_of_grid(tmp_path / "grid.png", 8, MOST, columns)[:, 0, 0, 0].tolist()
    pairs = [pair for pair in zip(shown[::2], shown[1::2], strict=True) if EMPTY not in pair]
    assert len(pairs) == min(samples // 2, len(shown) // 2)
    assert all(left % 2 == 0 and right == left + 1 for left, right in pairs)
