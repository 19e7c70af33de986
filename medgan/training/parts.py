"""Parts of data as networks see them: bytes on disk in, tensors of the network's size and range out."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.common.images import to_float
from medgan.data.dataset import PreparedDataset

CPU = torch.device("cpu")


def rows_of(dataset: PreparedDataset, part: str) -> NDArray[np.uint8]:
    """The array of a part, one row an item; raises BadInput where the data set does not have it."""
    arrays = {"images": dataset.images, "images_b": dataset.images, "masks": dataset.masks}
    # Any images can be a source to draw from; pairs to learn from are demanded where networks are built.
    arrays["sources"] = dataset.images if dataset.sources is None else dataset.sources
    rows = arrays[part]
    if rows is None:
        raise BadInput(f"data set {dataset.name} has no {part}, and they are needed here: choose one that has")
    return rows


def as_part(part: str, rows: NDArray[np.uint8], size: int, device: torch.device = CPU) -> Tensor:
    """Bytes (n, h, w, c) as a part of a batch: pictures in [-1, 1], masks -1 outside and 1 inside."""
    tensor = torch.from_numpy(rows).to(device)
    if part != "masks":
        return resized(to_float(tensor), size)
    masks = resized(tensor.permute(0, 3, 1, 2).float().contiguous(), size)
    return (masks >= 0.5).float() * 2 - 1


def resized(pictures: Tensor, size: int) -> Tensor:
    if pictures.shape[-1] == size:
        return pictures
    return F.interpolate(pictures, size, mode="bilinear", antialias=True, align_corners=False)
