"""Augmented views of images whose features are kept: what each looks like is decided by the image and its number."""

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.common.images import to_float, to_uint8
from medgan.common.repro import derive_seed
from medgan.downstream.augment import Augmentation, Moves
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import picture_digests

Uint8 = NDArray[np.uint8]


def view_of(images: Uint8, augmentation: Augmentation | None, view: int) -> Uint8:
    """Images (n, h, w, channels) in their view of a number; view 0 is the images themselves.

    It does not depend on the other images nor on a training's seed, so that trainings can share what is made of it.
    """
    if augmentation is None or view == 0:
        return np.asarray(images)
    moves = [augmentation.drawn(1, derive_seed(digest, view)) for digest in picture_digests(Pictures(images))]
    together = Moves(*(torch.cat([getattr(move, name) for move in moves]) for name in ("flipped", "degrees", "zoom")))
    moved, _ = augmentation.moved(to_float(torch.from_numpy(np.ascontiguousarray(images))), None, together)
    return to_uint8(moved)
