"""A study in small: lines lie on the side of the difference, in the verdict's colour."""

import io
from typing import cast

import numpy as np
from PIL import Image, ImageColor

from medgan.app.study_thumbnail import COLOURS, GREY, WIDTH, thumbnail
from medgan.studies.study import Study


class Told:
    """A study that came to two verdicts."""

    def verdicts(self) -> list[dict[str, object]]:
        return [
            {"arm": "real + films 100%", "difference": 0.05, "low": 0.02, "high": 0.08, "label": "helps"},
            {"arm": "real + copies 100%", "difference": -0.01, "low": -0.03, "high": 0.01, "label": "cannot be told"},
        ]


def columns_of(pixels: np.ndarray, colour: str) -> np.ndarray:
    return np.flatnonzero((pixels[..., :3] == ImageColor.getrgb(colour)).all(axis=2)[:, :].any(axis=0))


def test_each_arm_lies_where_its_interval_does() -> None:
    png, words = thumbnail(cast(Study, Told()))
    pixels = np.asarray(Image.open(io.BytesIO(png)))
    helps = columns_of(pixels[: pixels.shape[0] // 2], COLOURS["helps"])
    assert helps.min() > WIDTH / 2
    untold = columns_of(pixels[pixels.shape[0] // 2 :], GREY)
    assert untold.min() < WIDTH / 2 < untold.max()
    assert words == "Differences to real images alone: real + films 100% +0.050 and real + copies 100% -0.010"


def test_a_study_of_one_arm_is_empty() -> None:
    class Alone:
        def verdicts(self) -> list[dict[str, object]]:
            return []

    png, _ = thumbnail(cast(Study, Alone()))
    assert Image.open(io.BytesIO(png)).size[0] == WIDTH
