"""Simple damage to real pictures, to see how far a score moves for it."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from medgan.common.repro import derive_seed
from medgan.metrics.pictures import Pictures, Uint8

BLUR_SHARE = 0.02
"""Standard deviation of the blur, as a share of the side."""
NOISE_LEVELS = 20.0
"""Standard deviation of the noise, in grey levels of 256."""


def blurred(pictures: Pictures, sigma_share: float = BLUR_SHARE) -> Pictures:
    """Pictures under a Gaussian blur; masks are blurred and cut at one half, which rounds their outlines off."""
    sigma = (0, sigma_share * pictures.size, sigma_share * pictures.size, 0)
    images = None if pictures.images is None else _as_bytes(gaussian_filter(pictures.images.astype(np.float32), sigma))
    if pictures.masks is None:
        return Pictures(images)
    return Pictures(images, (gaussian_filter(pictures.masks.astype(np.float32), sigma) >= 0.5).astype(np.uint8))


def noisy(pictures: Pictures, levels: float = NOISE_LEVELS, seed: int = 0) -> Pictures:
    """Pictures with normal noise added, each pixel and channel its own; of masks a share of the pixels is turned over.

    The share for masks is a tenth of the noise's size relative to the whole range.
    """
    rng = np.random.default_rng(derive_seed(seed, "noise"))
    images, masks = pictures.images, pictures.masks
    if images is not None:
        images = _as_bytes(images.astype(np.float32) + rng.normal(0, levels, images.shape).astype(np.float32))
    if masks is not None:
        masks = masks ^ (rng.random(masks.shape) < levels / 2560).astype(np.uint8)
    return Pictures(images, masks)


def _as_bytes(values: NDArray[np.float32]) -> Uint8:
    return np.rint(values).clip(0, 255).astype(np.uint8)
