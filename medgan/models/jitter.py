"""Random jitter of Pix2Pix: enlarge by an eighth, crop back at random (Isola et al. 2017, section 6.2)."""

import torch
import torch.nn.functional as F

from medgan.models.task import Batch, count_of

ENLARGED = 286 / 256


BINARY = ("masks",)


def jittered(batch: Batch) -> Batch:
    """Every item enlarged and cropped at its own place, all its parts alike; masks stay masks."""
    count = count_of(batch)
    places = torch.rand(count, 2)
    return {name: _cropped(part, places, name in BINARY) if part.ndim == 4 else part for name, part in batch.items()}


def _cropped(pictures: torch.Tensor, places: torch.Tensor, binary: bool) -> torch.Tensor:
    """Pictures (n, c, size, size) cropped at places (n, 2) in [0, 1)."""
    size = pictures.shape[-1]
    enlarged = round(size * ENLARGED)
    large = F.interpolate(pictures, enlarged, mode="bilinear", align_corners=False)
    if binary:
        large = torch.where(large >= 0, 1.0, -1.0)
    starts = (places * (enlarged - size + 1)).long().tolist()
    crops = zip(large, starts, strict=True)
    return torch.stack([picture[:, top : top + size, left : left + size] for picture, (top, left) in crops])
