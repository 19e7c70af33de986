"""Smooth fields over the unit square: coordinates, soft edges, curves, noise and round blobs.

A field is a float32 array (size, size). Places and lengths are fractions of the image side, x to the right and y
downwards, so that one description draws the same picture at every size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Field = NDArray[np.float32]

TABLE_STEPS = 1024
"""Entries of a curve table; finer than a pixel at the largest usual size."""


@lru_cache(maxsize=16)
def unit_grid(size: int) -> tuple[Field, Field]:
    """x and y of the pixel centres in [0, 1], read-only because they are shared."""
    centres = ((np.arange(size) + 0.5) / size).astype(np.float32)
    x = np.ascontiguousarray(np.broadcast_to(centres[None, :], (size, size)))
    y = np.ascontiguousarray(np.broadcast_to(centres[:, None], (size, size)))
    x.flags.writeable = False
    y.flags.writeable = False
    return x, y


@dataclass(frozen=True)
class Pose:
    """How the patient lies in the frame: patient places are turned, scaled about (0.5, 0.5) and shifted."""

    rotation_deg: float = 0.0
    zoom: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def grid(self, size: int) -> tuple[Field, Field]:
        """Patient coordinates (x, y) of every pixel centre."""
        x, y = unit_grid(size)
        angle = np.deg2rad(self.rotation_deg)
        cosine, sine = np.float32(np.cos(angle) / self.zoom), np.float32(np.sin(angle) / self.zoom)
        dx, dy = x - np.float32(0.5 + self.shift_x), y - np.float32(0.5 + self.shift_y)
        return cosine * dx + sine * dy + np.float32(0.5), cosine * dy - sine * dx + np.float32(0.5)

    def to_image(self, points: ArrayLike) -> NDArray[np.float64]:
        """Image places (n, 2) of patient places (n, 2)."""
        turn, shift = self.affine
        return np.asarray(points, dtype=np.float64).reshape(-1, 2) @ turn + shift

    @cached_property
    def affine(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(turn (2, 2), shift (2,)) such that image places are patient places @ turn + shift."""
        angle = np.deg2rad(self.rotation_deg)
        cosine, sine = self.zoom * np.cos(angle), self.zoom * np.sin(angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        return turn, np.array([0.5 + self.shift_x, 0.5 + self.shift_y]) - np.array([0.5, 0.5]) @ turn


def soft_step(distance: Field, width: float) -> Field:
    """0 well below zero distance, 1 well above, a smooth ramp of the given width between.

    The ramp is never narrower than a pixel, which is what keeps edges from looking like stairs.
    """
    width = max(width, 1.3 / distance.shape[0])
    ramp = np.clip(distance * np.float32(1.0 / width) + np.float32(0.5), 0.0, 1.0)
    step: Field = ramp * ramp * (np.float32(3.0) - np.float32(2.0) * ramp)
    return step


def bell(distance: Field, width: float) -> Field:
    """A bell of height 1 and half-width about the given width; 0 beyond twice the width (no exponential needed)."""
    fall = np.clip(np.float32(1.0) - np.square(distance * np.float32(0.5 / width)), 0.0, None)
    height: Field = fall * fall * fall
    return height


def smooth_curve(knots: ArrayLike, values: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """A smooth line through (knots, values), evaluated at the given places; flat beyond the ends."""
    x, y = np.asarray(knots, dtype=np.float64), np.asarray(values, dtype=np.float64)
    place = np.clip(np.asarray(at, dtype=np.float64), x[0], x[-1])
    slope = np.gradient(y, x)
    left = np.clip(np.searchsorted(x, place, side="right") - 1, 0, len(x) - 2)
    step = x[left + 1] - x[left]
    t = (place - x[left]) / step
    rise = y[left] * (1 + 2 * t) * (1 - t) ** 2 + y[left + 1] * t * t * (3 - 2 * t)
    return rise + step * t * (1 - t) * (slope[left] * (1 - t) - slope[left + 1] * t)


@lru_cache(maxsize=64)
def _curve_weights(knots: tuple[float, ...]) -> NDArray[np.float64]:
    """What each knot's value adds to each table entry (TABLE_STEPS, knots): a smooth curve is linear in its values."""
    at = np.linspace(0.0, 1.0, TABLE_STEPS)
    return np.stack([smooth_curve(knots, one, at) for one in np.eye(len(knots))], axis=1)


def curve_table(knots: Sequence[float], values: ArrayLike) -> Field:
    """smooth_curve tabulated over [0, 1], to be read with table_index. Fast when the same knots come again."""
    weights = _curve_weights(tuple(float(knot) for knot in knots))
    return (weights @ np.asarray(values, dtype=np.float64)).astype(np.float32)


def table_index(coordinate: Field) -> NDArray[np.intp]:
    """Where to read a curve_table for each coordinate in [0, 1]; values outside read the ends."""
    index: NDArray[np.intp] = np.clip(coordinate * np.float32(TABLE_STEPS - 1), 0, TABLE_STEPS - 1).astype(np.intp)
    return index


def resized(field: Field, size: int) -> Field:
    """The field at another size, bicubic (averaging where it shrinks)."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Field:
    """Smooth noise of mean 0 and deviation about 1 whose bumps are about 1 / cells wide."""
    return resized(rng.standard_normal((cells, cells), dtype=np.float32) * np.float32(1.3), size)


def fractal_noise(rng: np.random.Generator, size: int, cells: int, octaves: int, fall: float = 0.5) -> Field:
    """Cloud-like noise, deviation about 1: each octave has bumps half as wide and `fall` times as high.

    Built from coarse to fine on small arrays, so only the last enlargement costs a full image.
    """
    total = rng.standard_normal((cells, cells), dtype=np.float32)
    height, power = 1.0, 1.0
    for _ in range(octaves - 1):
        cells *= 2
        height *= fall
        power += height * height
        finer = rng.standard_normal((cells, cells), dtype=np.float32)
        total = resized(total, cells) + np.float32(height) * finer
    return resized(total, size) * np.float32(1.3 / np.sqrt(power))


def add_blob(
    field: Field, x: float, y: float, radius: float, height: float, stretch: float = 1.0, angle: float = 0.0
) -> None:
    """Add a soft round (or, stretched, oval) blob in place; only the pixels under it are touched.

    x, y, radius: fractions of the side. stretch: long axis over short axis. angle: of the long axis, in radians.
    """
    size = field.shape[0]
    reach = 2.0 * radius * max(stretch, 1.0)
    left, right = max(0, int((x - reach) * size)), min(size, int((x + reach) * size) + 2)
    top, bottom = max(0, int((y - reach) * size)), min(size, int((y + reach) * size) + 2)
    if left >= right or top >= bottom:
        return
    centres = unit_grid(size)[0][0]
    dx, dy = centres[left:right] - x, centres[top:bottom] - y
    # 1 minus the squared distance, in units of the blob's reach, written as a quadratic form of dx and dy.
    cosine, sine = math.cos(angle), math.sin(angle)
    along, across = 0.25 / (radius * stretch) ** 2, 0.25 / radius**2
    fall = (1.0 - (along * cosine**2 + across * sine**2) * dx * dx) - (
        (along * sine**2 + across * cosine**2) * dy * dy
    )[:, None]
    if stretch != 1.0:
        fall -= (2.0 * (along - across) * cosine * sine * dy)[:, None] * dx
    np.maximum(fall, 0.0, out=fall)
    field[top:bottom, left:right] += height * fall * fall * fall
