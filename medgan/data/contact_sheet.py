"""Many items of a data set in one picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medgan.common.pictures import grid, overlay
from medgan.data.dataset import PreparedDataset


def contact_sheet(
    dataset: PreparedDataset,
    indices: Sequence[int] | NDArray[np.int64],
    columns: int | None = None,
    overlay_masks: bool = False,
) -> NDArray[np.uint8]:
    """The items tiled into one picture (H, W, 1 or 3), RGB with outlines where masks are overlaid.

    Raises ValueError where there is no item to show.
    """
    if len(indices) == 0:
        raise ValueError("a contact sheet needs at least one item")
    images = [np.asarray(dataset.images[index]) for index in indices]
    if overlay_masks and dataset.masks is not None:
        images = [overlay(image, dataset.masks[index]) for image, index in zip(images, indices, strict=True)]
    return grid(np.stack(images), columns)
