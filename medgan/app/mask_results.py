"""What models paint into a mask: the mask, their images, and the real image, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import given, mask_scores
from medgan.app.gallery import Picture, enlarged, mask_picture, with_outlines
from medgan.app.mask_sources import ChosenMask, resized
from medgan.app.words import plain
from medgan.common.pictures import encode_png
from medgan.training.run import Run

Uint8 = NDArray[np.uint8]
SIDE = 320
HARDLY = 3.0
"""Grey levels of 255 below which two results look the same to the eye."""
WIDEST_ROW = 5
"""Pictures that stand in one row and can still be seen well."""


@dataclass(frozen=True)
class Painted:
    """What one model painted into a mask."""

    run: Run
    images: Uint8
    """(n, h, w, c) bytes."""
    masks: Uint8
    """(h, w, structures) of 0/1, as this model sees them."""
    scores: tuple[float, ...]
    """How well each image follows the mask; nan where it cannot be told."""

    @property
    def apart(self) -> float | None:
        """How far the images lie apart on average, in grey levels of 255; None for a single one."""
        if len(self.images) < 2:
            return None
        return float(np.abs(self.images[1:].astype(np.int16) - self.images[:1]).mean())


def painted(run: Run, masks: Uint8, count: int, seed: int) -> Painted:
    """Images 0 to count - 1 of a seed, painted by a model into a mask of any size."""
    seen = resized(masks, run.config.model.size)
    images = given.draw(run, "masks", seen[None], count, seed).images
    assert images is not None
    return Painted(run, images, seen, mask_scores.scores(images, seen))


@dataclass(frozen=True)
class Shown:
    """Everything that is on the screen for one mask."""

    chosen: ChosenMask
    """The mask as it was, with its real image."""
    masks: Uint8
    """The mask as it was changed."""
    models: Sequence[Painted]
    seed: int
    outlined: bool

    @property
    def changed(self) -> bool:
        return not np.array_equal(self.masks, self.chosen.masks)

    def mask(self) -> Picture:
        words = f"Mask{' (changed)' if self.changed else ''} · {self.chosen.name}"
        return Picture(encode_png(mask_picture(self.masks, SIDE)), plain(words), words.replace(" · ", " "))

    def result(self, model: Painted, number: int) -> Picture:
        """An image that a model painted, with its score."""
        several, score = len(self.models) > 1, model.scores[number]
        words = ["Synthetic", model.run.name if several else "", f"seed {self.seed}", f"no. {number}"]
        words.append("" if isnan(score) else f"follows the mask {score:.2f}")
        by = f" by {model.run.name}" if several else ""
        alternative = (
            f"Synthetic image painted{by} into the mask {self.chosen.name}{self._over()}; "
            f"seed {self.seed}, number {number}"
        )
        png = encode_png(_seen(model.images[number], model.masks if self.outlined else None))
        return Picture(png, plain(" · ".join(word for word in words if word)), alternative)

    def real(self) -> Picture | None:
        """The image that the mask was drawn on, under the mask as it was."""
        image, chosen = self.chosen.real, self.chosen
        if image is None:
            return None
        score = mask_scores.scores(image[None], resized(chosen.masks, image.shape[0]))[0]
        words = ["Real image", "the model learned from it" if chosen.learned else ""]
        words += [
            "under the mask as it was" if self.changed else "",
            "" if isnan(score) else f"follows the mask {score:.2f}",
        ]
        png = encode_png(_seen(image, chosen.masks if self.outlined else None))
        return Picture(png, " · ".join(word for word in words if word), f"Real image {chosen.name}{self._over()}")

    def _over(self) -> str:
        return ", with the outline of the mask" if self.outlined else ""

    def rows(self) -> list[list[Picture | None]]:
        """Pictures row by row; None leaves a cell free.

        One model: its results one after the other. Several: a column each, so that they can be compared.
        """
        count = len(self.models[0].images)
        if len(self.models) == 1:
            results = [self.result(self.models[0], number) for number in range(count)]
            real = self.real()
            line: list[Picture | None] = [self.mask(), *results, *([real] if real else [])]
            wide = len(line) if len(line) <= WIDEST_ROW else -(-len(line) // 2)
            padded = line + [None] * (-len(line) % wide)
            return [padded[start : start + wide] for start in range(0, len(padded), wide)]
        first, last = [self.mask(), *[None] * (count - 1)], [self.real(), *[None] * (count - 1)]
        return [
            [first[number], *(self.result(model, number) for model in self.models), last[number]]
            for number in range(count)
        ]

    def show(self) -> None:
        for row in self.rows():
            for cell, picture in zip(st.columns(len(row), gap="small"), row, strict=True):
                if picture:
                    cell.image(
                        picture.png,
                        caption=picture.caption,
                        alt=picture.alternative,
                        width="stretch",
                        output_format="PNG",
                    )


def _seen(image: Uint8, masks: Uint8 | None) -> Uint8:
    """An image at the size of the screen, with outlines where masks are given."""
    return enlarged(image, SIDE) if masks is None else with_outlines(image, masks, SIDE)
