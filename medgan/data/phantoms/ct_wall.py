"""The chest wall in an axial CT slice: skin, fat, muscle, ribs, spine, breastbone, shoulder blades and the table.

Places are fractions of the slice, seen from the feet: the patient's right at the left, the front at the top. Greys are
0..255 for the window [-1200, 400] HU, whose lower end leaves the noise of air to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.data.phantoms.fields import Pose, smooth_curve
from medgan.data.phantoms.strokes import Canvas, Points, ring

CENTRE = (0.5, 0.5)
TURN: NDArray[np.float64] = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
"""Directions round the chest: 0 patient's left, a quarter turn back, half a turn right, three quarters front."""


def grey_of(hounsfield: float) -> int:
    """Hounsfield units as a grey level of the window [-1200, 400]."""
    return int(np.clip((hounsfield + 1200.0) / 1600.0 * 255.0, 0.0, 255.0))


AIR, FAT, MUSCLE, WATER = grey_of(-985), grey_of(-100), grey_of(55), grey_of(5)
CORTEX, MARROW, CARTILAGE = grey_of(400), grey_of(190), grey_of(110)


@dataclass(frozen=True)
class Build:
    """One patient and slice. level: 0 at the aortic arch, 1 at the dome of the liver.

    cavity_x, cavity_y: half-axes of the inner chest. squareness: 1 an ellipse, less is boxier. fat, breast: thickness
    under the skin and its extra at the front. muscle: thickness outside the ribs.
    """

    pose: Pose
    level: float
    cavity_x: float
    cavity_y: float
    squareness: float
    fat: float
    breast: float
    muscle: float
    spine_y: float

    def contour(self, outwards: NDArray[np.float64] | float = 0.0, turn: NDArray[np.float64] = TURN) -> Points:
        """Places (n, 2) a given way outside the inner chest, all round or in the given directions."""
        cosine, sine = np.cos(turn), np.sin(turn)
        x = self.cavity_x * np.sign(cosine) * np.abs(cosine) ** self.squareness
        y = self.cavity_y * np.sign(sine) * np.abs(sine) ** self.squareness
        # The front of the chest is flatter than a true oval and dips in the middle.
        y = np.where(y < 0, y * (0.95 - 0.08 * np.exp(-np.square(x / 0.07))), y)
        length = np.hypot(x, y)
        factor = (length + outwards) / length
        return np.stack([CENTRE[0] + x * factor, CENTRE[1] + y * factor], axis=1)


def draw_build(rng: np.random.Generator) -> Build:
    """A random patient at a random level, mostly where the lungs are large."""
    level = float(np.clip(rng.beta(1.6, 1.5), 0.0, 1.0))
    size = rng.uniform(0.92, 1.08)
    top = 1.0 - 0.20 * max(0.0, 0.3 - level) / 0.3
    cavity_y = 0.228 * size * rng.uniform(0.92, 1.14)
    return Build(
        pose=Pose(rng.normal(0.0, 3.0), rng.uniform(1.04, 1.28), rng.normal(0.0, 0.015), rng.normal(-0.01, 0.025)),
        level=level,
        cavity_x=0.315 * size * top * rng.uniform(0.95, 1.05),
        cavity_y=cavity_y,
        squareness=rng.uniform(0.80, 0.94),
        fat=rng.uniform(0.008, 0.045),
        breast=max(0.0, rng.normal(0.0, 0.05)),
        muscle=rng.uniform(0.012, 0.03),
        spine_y=0.5 + cavity_y * rng.uniform(0.68, 0.78),
    )


def _by_direction(front: float, left: float, back: float, back_side: float) -> NDArray[np.float64]:
    """A thickness that runs smoothly round the chest, the same on both sides."""
    knots = np.array([0.0, 0.12, 0.25, 0.38, 0.5, 0.63, 0.75, 0.88, 1.0]) * 2.0 * np.pi
    values = [left, back_side, back, back_side, left, (left + front) / 2, front, (left + front) / 2, left]
    return smooth_curve(knots, values, TURN)


def paint_body(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """Skin, subcutaneous fat and the muscle layer."""
    high = max(0.0, 0.5 - build.level) / 0.5
    muscle = 0.019 + _by_direction(
        front=0.2 * build.muscle + 0.02 * high,
        left=0.6 * build.muscle + 0.015 * high,
        back=build.muscle + 0.018,
        back_side=0.7 * build.muscle + 0.035 * high,
    )
    fat = _by_direction(front=build.fat, left=build.fat, back=0.8 * build.fat + 0.004, back_side=0.9 * build.fat)
    breasts = sum(np.exp(-np.square((TURN - at) / 0.33)) for at in (1.32 * np.pi, 1.68 * np.pi))
    uneven = sum(rng.normal(0.0, 0.004) * np.cos(order * TURN + rng.uniform(0.0, 6.3)) for order in (1, 2, 3))
    fat = np.maximum(fat + build.breast * breasts + uneven, 0.003)
    sheet.polygon(build.contour(muscle + fat + 0.006), MUSCLE - 12)
    sheet.polygon(build.contour(muscle + fat), FAT)
    sheet.polygon(build.contour(muscle), MUSCLE)
    _paint_fat_planes(rng, build, sheet, muscle)


def _paint_fat_planes(rng: np.random.Generator, build: Build, sheet: Canvas, muscle: NDArray[np.float64]) -> None:
    """Thin streaks of fat between the muscle layers."""
    count = 10
    along = np.linspace(0.0, 1.0, 8)
    turns = rng.uniform(0.0, 2.0 * np.pi, (count, 1)) + rng.uniform(0.15, 0.6, (count, 1)) * along
    depths = np.interp(turns % (2.0 * np.pi), TURN, muscle) * rng.uniform(0.45, 0.9, (count, 1)) + 0.006 * along
    paths = build.contour(depths.ravel(), turns.ravel()).reshape(count, 8, 2)
    sheet.lines(paths, rng.uniform(0.002, 0.005, count), np.full(count, FAT))


def paint_ribs(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """Ribs cut obliquely: short bright arcs with a darker marrow, cartilage at the front."""
    fat_line = build.contour(0.006)
    sheet.line(np.concatenate([fat_line, fat_line[:1]]), 0.006, FAT)
    turns = _rib_turns(rng)
    count, along = len(turns), np.linspace(-1.0, 1.0, 7)
    depths = 0.009 + rng.choice([-0.0035, 0.0035], (count, 1)) * along
    paths = build.contour(depths.ravel(), turns.ravel()).reshape(count, 7, 2)
    thickness = rng.uniform(0.012, 0.018, count)
    cartilage = np.sin(turns[:, 0]) < np.sin(-0.30 * np.pi)
    sheet.lines(paths, thickness, np.where(cartilage, CARTILAGE, CORTEX - rng.uniform(0.0, 22.0, count)))
    hollow = ~cartilage & (rng.random(count) < 0.8)
    sheet.lines(paths[hollow, 1:-1], 0.45 * thickness[hollow], np.full(hollow.sum(), MARROW))


def _rib_turns(rng: np.random.Generator) -> NDArray[np.float64]:
    """Directions (ribs, 7) along each rib, from the back to the front on either side."""
    rows = []
    for mirror in (False, True):
        at = rng.uniform(0.22, 0.34) * np.pi
        while at > -0.42 * np.pi:
            span = rng.uniform(0.06, 0.20) * (1.5 if at > 0.15 * np.pi else 1.0)
            turn = at - np.linspace(0.0, span, 7)
            rows.append(np.pi - turn if mirror else turn)
            at -= span + rng.uniform(0.13, 0.26)
    return np.stack(rows)


def paint_breastbone(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """Breastbone at the front, in the middle."""
    y = float(build.contour(0.012, np.array([1.5 * np.pi]))[0, 1])
    half = rng.uniform(0.036, 0.052) * (1.0 if build.level < 0.8 else 0.7)
    sheet.polygon(ring(0.5, y, half, 0.013), CORTEX - 8)
    sheet.polygon(ring(0.5, y, half - 0.006, 0.008), MARROW - 10)


def paint_spine(rng: np.random.Generator, build: Build, sheet: Canvas, lung: Canvas) -> None:
    """Vertebra with canal, pedicles, transverse and spinous processes, and the tissue beside it."""
    y = build.spine_y
    half = rng.uniform(0.043, 0.051)
    floor = 0.5 + build.cavity_y + 0.01
    bed = np.array(
        [
            [0.5 - half - 0.008, y - 0.005],
            [0.5 - half * 0.8, y - 0.036],
            [0.5 + half * 0.8, y - 0.036],
            [0.5 + half + 0.008, y - 0.005],
            [0.5 + half + 0.002, y + 0.035],
            [0.5 + half + 0.018, floor - 0.03],
            [0.5 + 0.11, floor],
            [0.5 - 0.11, floor],
            [0.5 - half - 0.018, floor - 0.03],
            [0.5 - half - 0.002, y + 0.035],
        ]
    )
    sheet.polygon(bed, MUSCLE)
    lung.polygon(bed, 0)
    back = y + 0.045
    for mirror in (-1.0, 1.0):
        tip = [0.5 + mirror * rng.uniform(0.075, 0.095), back + rng.uniform(0.008, 0.025)]
        sheet.line([[0.5 + mirror * 0.022, back], tip], 0.017, CORTEX)
        sheet.line([[0.5 + mirror * 0.03, back], tip], 0.007, MARROW)
        sheet.line([[0.5 + mirror * 0.022, back + 0.012], [0.5, back + 0.032]], 0.012, CORTEX)
        sheet.line([[0.5 + mirror * 0.026, y + 0.01], [0.5 + mirror * 0.026, back + 0.01]], 0.013, CORTEX)
    sheet.line([[0.5, back + 0.028], [0.5, back + rng.uniform(0.055, 0.08)]], 0.012, CORTEX - 6)
    sheet.polygon(ring(0.5, y, half, 0.038), CORTEX - 8)
    sheet.polygon(ring(0.5, y - 0.001, half - 0.006, 0.032), int(MARROW + rng.uniform(-5, 15)))
    sheet.polygon(ring(0.5, back, 0.020, 0.016), WATER)
    sheet.polygon(ring(0.5, back, 0.011, 0.009), WATER + 7)


def paint_shoulder_blades(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """Shoulder blades behind the ribs, in the upper slices only."""
    if build.level > 0.55:
        return
    for mirror in (False, True):
        start, span = rng.uniform(0.08, 0.16) * np.pi, rng.uniform(0.14, 0.22) * np.pi * (1.0 - build.level)
        turn = start + np.linspace(0.0, span, 8)
        turn = np.pi - turn if mirror else turn
        path = build.contour(np.linspace(0.042, 0.034, 8), turn)
        sheet.line(path, 0.014, CORTEX)
        sheet.line(path[1:-1], 0.005, MARROW)


def paint_table(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """The curved table top under the patient, two thin shells."""
    if rng.random() < 0.25:
        return
    bottom = 0.5 + build.cavity_y + build.muscle + build.fat + rng.uniform(0.055, 0.075)
    sag, gap = rng.uniform(0.02, 0.07), rng.uniform(0.03, 0.06)
    x = np.linspace(-0.1, 1.1, 25)
    for shell in (0.0, gap):
        y = bottom + shell - sag * np.square((x - 0.5) / 0.5)
        grey = rng.uniform(70, 190) if shell == 0.0 else rng.uniform(60, 235)
        sheet.line(np.stack([x, y], axis=1), rng.uniform(0.003, 0.007), int(grey))
