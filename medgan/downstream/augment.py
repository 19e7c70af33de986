"""Classical augmentation of training images: mirrored, turned and enlarged at random, masks alike.

The published comparison's: horizontal flip, rotation within 36 degrees, zoom within 10 %.
"""

from dataclasses import dataclass

import torch
from kornia.geometry.transform import get_affine_matrix2d, warp_affine
from pydantic import Field
from torch import Tensor

from medgan.common.config import Config
from medgan.common.repro import derive_seed


@dataclass(frozen=True)
class Moves:
    """What is done to each of n images."""

    flipped: Tensor
    """(n,) whether left and right change places."""
    degrees: Tensor
    """(n,) clockwise."""
    zoom: Tensor
    """(n,) factor; more than 1 enlarges."""


class Augmentation(Config):
    """Random changes that leave an image's class alone; each image gets its own."""

    enabled: bool = True
    """Whether training images are changed at random; validation and test images never are."""
    flip: bool = True
    """Whether half of the images are mirrored, left to right."""
    rotation_degrees: float = Field(36, ge=0, le=180)
    """Images are turned by up to so many degrees, either way; 0 turns none."""
    zoom_share: float = Field(0.1, ge=0, lt=1)
    """Images are enlarged or shrunk by up to this share of their side; 0 leaves their size."""

    def in_words(self) -> str:
        """`flip, rotation up to 36 degrees, zoom up to 10 %`; `nothing` where all are off."""
        found = ["flip"] if self.flip else []
        found += [f"rotation up to {self.rotation_degrees:g} degrees"] if self.rotation_degrees else []
        found += [f"zoom up to {self.zoom_share:.0%}".replace("%", " %")] if self.zoom_share else []
        return ", ".join(found) or "nothing"

    def augmented(self, images: Tensor, masks: Tensor | None, seed: int) -> tuple[Tensor, Tensor | None]:
        """Images (n, c, h, w) of any range, and their masks (n, structures, h, w), changed alike.

        Masks keep their values (nearest neighbour); what comes in from outside repeats the border in both. The same
        seed makes the same changes.
        """
        return self.moved(images, masks, self.drawn(len(images), seed))

    def drawn(self, count: int, seed: int) -> Moves:
        """Random changes for so many images, each independent of the others."""
        generator = torch.Generator().manual_seed(derive_seed(seed, "augmentation"))
        flips, turns, zooms = torch.rand(3, count, generator=generator)
        return Moves(
            (flips < 0.5) & self.flip,
            (2 * turns - 1) * self.rotation_degrees,
            1 + (2 * zooms - 1) * self.zoom_share,
        )

    def moved(self, images: Tensor, masks: Tensor | None, moves: Moves) -> tuple[Tensor, Tensor | None]:
        """Given changes made; where none is asked for, every pixel stays as it is."""
        if not self.enabled:
            return images, masks
        images, masks = _mirrored(images, moves), None if masks is None else _mirrored(masks, moves)
        if not (self.rotation_degrees or self.zoom_share):
            return images, masks
        return _warped(images, moves, "bilinear"), None if masks is None else _warped(masks, moves, "nearest")


def _mirrored(pictures: Tensor, moves: Moves) -> Tensor:
    flipped = moves.flipped.to(pictures.device).view(-1, 1, 1, 1)
    return torch.where(flipped, pictures.flip(-1), pictures)


def _warped(pictures: Tensor, moves: Moves, interpolation: str) -> Tensor:
    """Turned and enlarged about their centre."""
    count, _, height, width = pictures.shape
    centre = torch.tensor([(width - 1) / 2, (height - 1) / 2]).expand(count, 2)
    matrices = get_affine_matrix2d(torch.zeros(count, 2), centre, moves.zoom[:, None].expand(count, 2), moves.degrees)
    moved: Tensor = warp_affine(
        pictures.float(),
        matrices[:, :2].to(pictures.device),
        (height, width),
        mode=interpolation,
        padding_mode="border",
        align_corners=True,
    )
    return moved.to(pictures.dtype)
