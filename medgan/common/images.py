"""The one place where pixels change their range: bytes in files, floats in [-1, 1] in networks."""

import numpy as np
import torch
from numpy.typing import NDArray


def to_float(images_uint8: torch.Tensor) -> torch.Tensor:
    """Bytes (n, h, w, c) to floats (n, c, h, w) in [-1, 1]."""
    return images_uint8.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0).contiguous()


def to_uint8(images: torch.Tensor) -> NDArray[np.uint8]:
    """Floats (n, c, h, w) in [-1, 1] to bytes (n, h, w, c); values outside are clipped."""
    scaled = images.detach().float().add(1.0).mul(127.5).round().clamp_(0, 255)
    return scaled.byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()
