"""Anti-aliased shapes: polygons and tapering lines painted large and then averaged down.

A Canvas is painted in image places (fractions of the side) with grey values 0..255; later paint covers earlier.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFilter

from medgan.data.phantoms.fields import Field, Pose

Points = NDArray[np.float64]
UPRIGHT = Pose()


class Canvas:
    """A grey sheet that is painted on in patient places and then brought to the image size.

    By default at least 512 pixels a side, so that a 32-pixel and a 256-pixel image get the same shapes; soft shapes
    that will be blurred can do with a smaller one.
    """

    def __init__(self, size: int, grey: int = 0, side: int = 0, pose: Pose = UPRIGHT) -> None:
        """size: of the image. grey: of the empty sheet. side: of the sheet, 0 for the usual. pose: of the patient."""
        self.size = size
        self.side = side or max(512, 2 * size)
        self.pose = pose
        turn, shift = pose.affine
        self._turn, self._shift = turn * self.side, shift * self.side - 0.5
        self._sheet = Image.new("L", (self.side, self.side), grey)
        self._pen = ImageDraw.Draw(self._sheet)

    def _pixels(self, points: ArrayLike) -> list[float]:
        """Patient places (..., 2) as a flat list of sheet coordinates."""
        flat: list[float] = (np.asarray(points, dtype=np.float64) @ self._turn + self._shift).ravel().tolist()
        return flat

    def polygon(self, points: ArrayLike, grey: int) -> None:
        """Fill the outline (n, 2)."""
        self._pen.polygon(self._pixels(points), fill=int(grey))

    def line(self, points: ArrayLike, width: float, grey: int) -> None:
        """A line through (n, 2) of one width (fraction of the side)."""
        pixels = max(1, round(width * self.side * self.pose.zoom))
        self._pen.line(self._pixels(points), fill=int(grey), width=pixels)

    def lines(self, paths: NDArray[np.float64], widths: NDArray[np.float64], greys: NDArray[np.float64]) -> None:
        """Many lines at once: paths (n, steps, 2), widths (n,), greys (n,)."""
        flat = np.asarray(self._pixels(paths)).reshape(len(paths), -1)
        pixels = np.maximum(1, np.rint(widths * (self.side * self.pose.zoom))).astype(int)
        for row, width, grey in zip(flat.tolist(), pixels.tolist(), greys.astype(int).tolist(), strict=True):
            self._pen.line(row, fill=grey, width=width)

    def oval(self, x: float, y: float, radius_x: float, radius_y: float, grey: int) -> None:
        """Fill an ellipse that stays upright however the patient lies."""
        (centre,) = self.pose.to_image([(x, y)])
        reach = np.array([radius_x, radius_y]) * self.pose.zoom
        box = np.concatenate([centre - reach, centre + reach]) * self.side - 0.5
        self._pen.ellipse(box.tolist(), fill=int(grey))

    def clip(self, inside: Canvas, grey: int = 0) -> None:
        """Paint everything outside the other canvas's painted (non-zero) part in one grey."""
        blank = Image.new("L", self._sheet.size, grey)
        self._sheet = Image.composite(self._sheet, blank, inside._sheet)
        self._pen = ImageDraw.Draw(self._sheet)

    def paste(self, painted: Canvas, where: Canvas) -> None:
        """Cover this sheet with another where a third one is painted (its grey, 0..255, is the opacity)."""
        self._sheet.paste(painted._sheet, (0, 0), where._sheet)

    def blur(self, radius: float) -> None:
        """Soften by a Gaussian of the given deviation (fraction of the side)."""
        self._sheet = self._sheet.filter(ImageFilter.GaussianBlur(radius * self.side))
        self._pen = ImageDraw.Draw(self._sheet)

    def field(self) -> Field:
        """The sheet averaged down to the image size, values 0..255."""
        if self.side == self.size:
            small = self._sheet
        elif self.side < self.size:
            small = self._sheet.resize((self.size, self.size), Image.Resampling.BICUBIC)
        elif self.side % self.size == 0:
            small = self._sheet.reduce(self.side // self.size)
        else:
            small = self._sheet.resize((self.size, self.size), Image.Resampling.BOX)
        return np.asarray(small, dtype=np.float32)


def bent_line(start: ArrayLike, end: ArrayLike, bend: float, steps: int = 12) -> Points:
    """A shallow arc (steps + 1, 2) from start to end, bowed sideways by `bend` times its length."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    share, bow = _arc(steps)
    along = last - first
    sideways = np.array([-along[1], along[0]])
    return first + share * along + bow * (bend * sideways)


@lru_cache(maxsize=16)
def _arc(steps: int) -> tuple[Points, Points]:
    """Shares of the way (steps + 1, 1) and the height of a unit arc there."""
    share = np.linspace(0.0, 1.0, steps + 1)[:, None]
    return share, 4.0 * share * (1.0 - share)


@lru_cache(maxsize=16)
def _circle(steps: int) -> Points:
    """The unit circle (steps, 2)."""
    turn = np.linspace(0.0, 2.0 * np.pi, steps, endpoint=False)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def band(path: Points, start_width: float, end_width: float) -> Points:
    """The outline (2 n, 2) of a ribbon along a path (n, 2) whose width runs from one value to the other."""
    along = np.gradient(path, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    half = 0.5 * np.linspace(start_width, end_width, len(path))[:, None]
    sideways = half * np.stack([-along[:, 1], along[:, 0]], axis=1)
    return np.concatenate([path + sideways, (path - sideways)[::-1]])


def ring(x: float, y: float, radius_x: float, radius_y: float, angle: float = 0.0, steps: int = 40) -> Points:
    """The outline (steps, 2) of a turned ellipse; angle in radians, clockwise on the screen."""
    cosine, sine = math.cos(angle), math.sin(angle)
    stretch = np.array([[radius_x * cosine, radius_x * sine], [-radius_y * sine, radius_y * cosine]])
    outline: Points = _circle(steps) @ stretch + np.array([x, y])
    return outline


def wobbly(rng: np.random.Generator, points: Points, amount: float, harmonics: int = 4) -> Points:
    """The same outline (n, 2), made irregular: pushed in and out about its centre by low harmonics of size `amount`."""
    centre = points.mean(axis=0)
    turn = np.linspace(0.0, 2.0 * np.pi, len(points), endpoint=False)
    orders = np.arange(1, harmonics + 1)
    phases = rng.uniform(0.0, 2.0 * np.pi, harmonics)
    sizes = rng.normal(0.0, amount, harmonics) / orders
    factor = 1.0 + (sizes[:, None] * np.cos(orders[:, None] * turn + phases[:, None])).sum(axis=0)
    outline: Points = centre + (points - centre) * factor[:, None]
    return outline
