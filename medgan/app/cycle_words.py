"""What the difference between an image and its translation says, and what it does not."""

import pandas as pd
from numpy import isnan

from medgan.app.cycle_models import Turn
from medgan.app.cycle_turning import Usual
from medgan.app.words import NOTHING, counted
from medgan.training.round_trip import RoundTrip

NOT_A_FINDING = (
    "What changed is what the model believes tells the two classes apart; it is not a finding, and it may be wrong: "
    "it may follow exposure, framing or another clinic's machine."
)
MUCH = 0.5
"""Share of the change from which on it is said to come with any image."""
NO_PROOF = (
    "A faithful way back is no proof that the anatomy was kept: such models can hide the original in faint patterns "
    "and find it again (Chu et al. 2017, arXiv:1712.02950)."
)


def colours(turn: Turn, *, of_the_way_back: bool) -> str:
    """How to read the heat map."""
    first, second = turn.words
    what = f"after the way back into {first}" if of_the_way_back else f"as {second}"
    return f"Red: brighter {what} than in the real image; blue: darker; white: the same."


def figures(trip: RoundTrip, usual: Usual, turn: Turn) -> pd.DataFrame:
    """This image's figures beside those of others, in mean grey levels of 255."""
    first, second = turn.words
    rows = {
        f"Changed by turning it into {second}": (trip.change[0], usual.change),
        "Off the real image after the way back": (trip.loss[0], usual.loss),
        f"Changed although {second} already": (None, usual.needless),
        f"Two different real images, {first}": (None, usual.apart),
    }
    others = counted(usual.images, "image")
    return pd.DataFrame(
        [(name, _level(this), _level(mean)) for name, (this, mean) in rows.items()],
        columns=["Mean difference, grey levels of 255", "This image", f"Mean of {others} of this part"],
    )


def reading(trip: RoundTrip, usual: Usual, turn: Turn) -> str:
    """One line on the figures."""
    second = turn.words[1]
    line = (
        f"The way back differs from the real image by {trip.loss[0]:.1f} of 255 on average; over "
        f"{counted(usual.images, 'real image')} of this part by {usual.loss:.1f}; 0 would be perfect."
    )
    if isnan(usual.needless) or usual.change == 0:
        return line
    verdict = (
        "so much of the change comes with any image, whatever its class"
        if usual.needless > MUCH * usual.change
        else "so it changes little where nothing is to change"
    )
    return (
        f"{line} Images that are {second} already, and so need no change, are changed by {usual.needless:.1f}, "
        f"those to be turned by {usual.change:.1f}: {verdict}."
    )


def _level(value: float | None) -> str:
    return NOTHING if value is None or isnan(value) else f"{value:.1f}"
