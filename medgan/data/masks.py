"""What a mask file means: which pixels belong to the structure, or why that cannot be told."""

import numpy as np
from numpy.typing import NDArray

from medgan.data.formats import Pixels
from medgan.data.problems import Unusable

# Up to this share of in-between pixels is taken for the soft edge of a binary mask.
SOFT_EDGE_SHARE = 0.05


def binary_mask(pixels: Pixels) -> tuple[NDArray[np.bool_], bool]:
    """The mask (h, w) that pixels (h, w, c) show, and whether they had to be thresholded to get it.

    Accepts two values, the lower one 0 (0/1, 0/255, or a lone label such as 0/3), and near-binary 8-bit
    masks such
    as JPEG leaves: values around 0 and around the highest, with a thin soft edge between.
    Raises Unusable (mask_not_binary) for colours, several labels, or grey pictures.
    """
    plane = _single_plane(pixels)
    levels = np.unique(plane)
    if levels[0] < 0:
        raise Unusable("mask_not_binary", f"mask holds negative values (lowest {levels[0]:g})")
    if levels.size == 1:
        return np.full(plane.shape, bool(levels[0])), False
    if levels.size == 2 and levels[0] == 0:
        return plane > 0, False
    if not _is_near_binary(plane):
        shown = ", ".join(f"{level:g}" for level in levels[:6]) + (", ..." if levels.size > 6 else "")
        raise Unusable("mask_not_binary", f"mask holds {levels.size} values ({shown}), not two")
    return plane > float(levels[-1]) / 2, True


def _single_plane(pixels: Pixels) -> Pixels:
    if not (pixels == pixels[..., :1]).all():
        raise Unusable("mask_not_binary", "mask is coloured; one structure a file, in black and white, is expected")
    return pixels[..., 0]


def _is_near_binary(plane: Pixels) -> bool:
    """Whether all but a thin edge lies within an eighth of black or of white.

    A second label is told from a soft edge by its inside: a 3 x 3 block of one in-between value.
    """
    values = plane.astype(np.float32)
    highest = float(values.max())
    if highest < 128:  # few numbers, as labels have: 0, 1, 2
        return False
    between = (values > highest / 8) & (values < highest * 7 / 8)
    if between.mean() > SOFT_EDGE_SHARE:
        return False
    rows, columns = plane.shape
    if rows < 3 or columns < 3:
        return True
    blocks = np.lib.stride_tricks.sliding_window_view(plane, (3, 3))
    centres = between[1:-1, 1:-1]
    inside = blocks[centres]  # (in-between pixels, 3, 3): few, so this copy is small
    return not bool((inside == inside[:, 1:2, 1:2]).all(axis=(1, 2)).any())
