"""A study in small: a line an arm, where it lies beside real images alone."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from medgan.app.charts import BLUE, VERMILION
from medgan.app.words import listed
from medgan.common.pictures import encode_png
from medgan.studies.study import Study

WIDTH, HEIGHT, MARGIN = 320, 160, 16
MOST = 8
"""Arms that are shown: as many lines as can be told apart."""
GREY = "#808a93"
COLOURS = {"helps": BLUE, "hurts": VERMILION}


def thumbnail(study: Study) -> tuple[bytes, str]:
    """A PNG with the 95 % interval of each arm's difference, zero as a line across, and the same in words."""
    found = study.verdicts()[:MOST]
    picture = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))  # on the card's own ground, light or dark
    _draw(ImageDraw.Draw(picture), [(one["low"], one["difference"], one["high"], one["label"]) for one in found])
    words = listed([f"{one['arm']} {one['difference']:+.3f}" for one in found])
    return encode_png(np.asarray(picture)), f"Differences to real images alone: {words}"


def _draw(pen: ImageDraw.ImageDraw, arms: Sequence[tuple[float, float, float, str]]) -> None:
    furthest = max([abs(end) for low, _, high, _ in arms for end in (low, high)] or [0]) or 1

    def across(difference: float) -> float:
        return WIDTH / 2 + difference / furthest * (WIDTH / 2 - MARGIN)

    pen.line([(WIDTH / 2, 4), (WIDTH / 2, HEIGHT - 4)], fill=GREY, width=1)
    for number, (low, difference, high, verdict) in enumerate(arms):
        colour, down = COLOURS.get(verdict, GREY), (number + 0.5) * HEIGHT / len(arms)
        pen.line([(across(low), down), (across(high), down)], fill=colour, width=4)
        pen.circle((across(difference), down), 7, fill=colour)
