"""An image, its translation and the way back, as pictures; the difference as a heat map."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from medgan.app.cycle_models import Turn
from medgan.app.gallery import Picture, enlarged
from medgan.app.words import plain
from medgan.common.pictures import encode_png
from medgan.training.round_trip import RoundTrip, brighter

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]
SIDE = 320
FINEST = 128
"""Cells a side of a heat map; finer ones cannot be seen and take long to send."""
LEAST_RANGE = 16
"""Grey levels at either end of the scale, at least: smaller differences stay pale."""
SHARE_IN_RANGE = 99.5
COLOURS = "RdBu_r"
"""ColorBrewer's red to blue, which colour-blind eyes tell apart; white is no difference."""


def pictures(turn: Turn, trip: RoundTrip, name: str, *, learned: bool) -> list[Picture]:
    """The real image, its translation, the way back, in this order."""
    first, second = turn.words
    images = [trip.given[0], trip.translated[0], trip.back[0]]
    captions = [
        f"Real · {first} · {name}" + (" · the model learned from it" if learned else ""),
        f"Synthetic · turned into {second}",
        f"Synthetic · turned back into {first}",
    ]
    texts = [
        f"Real image {name}, class {first}",
        f"Synthetic image: {name} turned into {second}",
        f"Synthetic image: {name} turned into {second} and back into {first}",
    ]
    return [
        Picture(encode_png(enlarged(image, SIDE)), plain(caption), text)
        for image, caption, text in zip(images, captions, texts, strict=True)
    ]


def heat_map(before: Uint8, after: Uint8, height: int) -> go.Figure:
    """Where an image (h, w, c) became brighter (red) or darker (blue); height in screen pixels."""
    levels = _coarse(brighter(before, after))
    reach = max(LEAST_RANGE, float(np.percentile(np.abs(levels), SHARE_IN_RANGE)))
    figure = go.Figure(
        go.Heatmap(
            z=np.round(levels).astype(int),
            zmin=-reach,
            zmax=reach,
            colorscale=COLOURS,
            hovertemplate="%{z:+d} grey levels<extra></extra>",
            colorbar={
                "orientation": "h", "y": -0.02, "yanchor": "top", "thickness": 12, "len": 1.0,
                "title": {"text": "grey levels of 255", "side": "bottom"},
            },
        )
    )  # fmt: skip
    axis = {"visible": False, "constrain": "domain"}
    return figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x", "autorange": "reversed", "constraintoward": "top"},
    )


def heat_map_text(before: Uint8, after: Uint8, words: str) -> str:
    """The heat map in words: how much, and where most."""
    levels = brighter(before, after)
    row, column = np.unravel_index(int(np.abs(levels).argmax()), levels.shape)
    down = ("upper", "middle", "lower")[3 * int(row) // levels.shape[0]]
    across = ("left", "centre", "right")[3 * int(column) // levels.shape[1]]
    return (
        f"Heat map of the difference between the real image and {words}: {np.abs(levels).mean():.1f} grey levels of "
        f"255 on average, from {levels.min():+.0f} to {levels.max():+.0f}, most in the {down} {across} third"
    )


def _coarse(levels: Floats) -> Floats:
    if max(levels.shape) <= FINEST:
        return levels
    resized = Image.fromarray(levels.astype(np.float32)).resize((FINEST, FINEST), Image.Resampling.BOX)
    return np.asarray(resized, np.float64)
