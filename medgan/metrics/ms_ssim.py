"""MS-SSIM: how alike two pictures are in structure, over several scales (Wang et al. 2003)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from medgan.metrics.pictures import Uint8

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
"""For pictures in [0, 1]."""
AT_A_TIME = 64


def scales_of(side: int) -> int:
    """Scales whose maps still hold the window: 5 from 176 pixels on, 3 at 64."""
    return max(1, min(len(WEIGHTS), int(np.log2(side / WINDOW)) + 1))


def ms_ssim(first_uint8: Uint8, second_uint8: Uint8) -> NDArray[np.float64]:
    """Likeness of each pair of pictures (n, h, w, c), from below 0 to 1 for the same picture; (n,).

    Pictures too small for all five scales take fewer, with the weights of those brought to a sum of 1.
    """
    found = []
    for start in range(0, len(first_uint8), AT_A_TIME):
        pair = (
            torch.from_numpy(np.ascontiguousarray(some[start : start + AT_A_TIME])).permute(0, 3, 1, 2).float() / 255
            for some in (first_uint8, second_uint8)
        )
        found.append(_ms_ssim(*pair))
    return torch.cat(found).double().numpy()


@torch.inference_mode()
def _ms_ssim(x: Tensor, y: Tensor) -> Tensor:
    weights = np.array(WEIGHTS[: scales_of(min(x.shape[2:]))])
    powers = weights / weights.sum()
    likeness = torch.ones(len(x))
    for scale, power in enumerate(powers):
        ssim, contrast = _ssim(x, y)
        last = scale == len(powers) - 1
        likeness *= (ssim if last else contrast).clamp_min(0) ** float(power)  # a negative one has no root
        x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
    return likeness


def _ssim(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean over a picture of its structural likeness, and of that without the term of brightness."""
    mean_x, mean_y = _smooth(x), _smooth(y)
    variance_x, variance_y = _smooth(x * x) - mean_x**2, _smooth(y * y) - mean_y**2
    together = _smooth(x * y) - mean_x * mean_y
    contrast = (2 * together + C2) / (variance_x + variance_y + C2)
    brightness = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return (brightness * contrast).mean((1, 2, 3)), contrast.mean((1, 2, 3))


def _smooth(x: Tensor) -> Tensor:
    """Weighted means under a Gaussian window, where it fits whole."""
    places = torch.arange(WINDOW) - (WINDOW - 1) / 2
    line = torch.exp(-(places**2) / (2 * SIGMA**2))
    line = (line / line.sum()).expand(x.shape[1], 1, 1, WINDOW)
    across = conv2d(x, line, groups=x.shape[1])
    return conv2d(across, line.transpose(2, 3), groups=x.shape[1])
