"""Moving among the random numbers behind images: on the way between two, around one, closer to the average.

Nothing here knows of a GAN: each block of standard-normal numbers is moved by itself. Nearly all of them lie at a
distance of about sqrt(d) from 0, and a straight line between two would lead through the empty middle, where no
generator has learned anything (White 2016, Sampling Generative Networks, arXiv:1609.04468, section 2); so the way
follows the sphere.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.models.task import Latent

PARALLEL = 1e-4
"""Angle in radians to 0 or to a half turn below which no great circle can be told and a straight line is taken."""


def slerp(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Spherical interpolation of directions (Shoemake 1985, Animating rotation with quaternion curves, section 3.3).

        (sin((1 - t) w) a + sin(t w) b) / sin w,  w the angle between the unit vectors a and b

    The length goes evenly from that of the first to that of the second. first, second: (n, ...) or (1, ...), none of
    length 0; share: (n,), 0 for the first, 1 for the second. Each row is one vector, whatever its shape.
    """
    count = max(len(first), len(second), len(share))
    t = share.to(first)[:, None]
    lengths = [rows.flatten(1).norm(dim=1, keepdim=True) for rows in (first, second)]
    a, b = (rows.flatten(1) / length for rows, length in zip((first, second), lengths, strict=True))
    angle = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos()
    sine = angle.sin()
    curved = (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / sine
    direction = torch.where(sine > PARALLEL, curved, (1 - t) * a + t * b)
    moved: Tensor = direction * ((1 - t) * lengths[0] + t * lengths[1])
    return moved.reshape(count, *first.shape[1:])


def between(first: Latent, second: Latent, shares: Sequence[float]) -> Latent:
    """Latents on the way from one to another, one row each.

    shares: of the way, 0 to 1. Raises BadInput outside.
    """
    if not all(0 <= share <= 1 for share in shares):
        raise BadInput("a point on the way between two images lies at a share from 0 to 1 of it")
    t = torch.tensor(list(shares))
    return {name: slerp(first[name], second[name], t) for name in first}


def around(centre: Latent, others: Latent, share: float) -> Latent:
    """Neighbours of one latent (one row): as many as there are others, each that share of the way to one of them.

    Others are independent, so they lie about a right angle away in every direction. Raises BadInput for a share below
    0 or above 1.
    """
    if not 0 <= share <= 1:
        raise BadInput("neighbours lie at a share from 0 to 1 of the way to another image")
    t = torch.full((len(next(iter(others.values()))),), share)
    return {name: slerp(centre[name], others[name], t) for name in centre}


def truncated(latents: Latent, variety: float) -> Latent:
    """Latents drawn towards their mean, which is 0: each number times `variety`, from 0 (the average) to 1 (as drawn).

    The truncation of Karras et al. 2019 (A Style-Based Generator Architecture, arXiv:1812.04948, appendix B), applied
    to the latents themselves, as if they had been drawn from N(0, variety^2): images become more alike and, down to a
    point, cleaner. Not every generator bears it (Brock et al. 2019, arXiv:1809.11096, section 3.1). Raises BadInput
    outside of 0 to 1.
    """
    if not 0 <= variety <= 1:
        raise BadInput("variety lies between 0 (the average) and 1 (as trained)")
    return {name: rows * variety for name, rows in latents.items()}
