"""Inside the lungs in an axial CT slice: vessels, bronchi, fissures and the dome of the liver."""

from __future__ import annotations

import numpy as np

from medgan.data.phantoms.ct_mediastinum import Sheets
from medgan.data.phantoms.ct_wall import AIR, MUSCLE, Build, grey_of
from medgan.data.phantoms.strokes import Canvas, bent_line, ring, wobbly


def _hilum(build: Build, mirror: float) -> tuple[float, float]:
    """Where the vessels of one lung come from; mirror is -1 for the right lung, +1 for the left."""
    if build.level < 0.36:
        return 0.5 + mirror * 0.115, 0.5 + build.cavity_y * 0.05
    # The heart pushes the left hilum outwards and both towards the back.
    return (0.5 + 0.155 if mirror > 0 else 0.5 - 0.11), 0.5 + build.cavity_y * 0.24


def _in_cavity(build: Build, places: np.ndarray, share: float) -> np.ndarray:
    """Which places (..., 2) lie within a share of the inner chest."""
    x = np.abs(places[..., 0] - 0.5) / (build.cavity_x * share)
    y = np.abs(places[..., 1] - 0.5) / (build.cavity_y * share)
    power = 2.0 / build.squareness
    inside: np.ndarray = x**power + y**power < 1.0
    return inside


def paint_vessels(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """Vessels running out from the hila: long where they lie in the slice, dots where they cross it."""
    for mirror in (-1.0, 1.0):
        hilum = np.array(_hilum(build, mirror))
        count = int(rng.integers(120, 190))
        angle = rng.uniform(-1.9, 1.9, count)
        away = 0.03 + 0.27 * np.sqrt(rng.random(count))
        outwards = np.stack([mirror * np.cos(angle), np.sin(angle)], axis=1)
        start = hilum + outwards * away[:, None]
        width = np.clip(0.013 * np.exp(-away / 0.11) * rng.lognormal(0.0, 0.35, count), 0.0019, 0.016)
        longest = np.where(width > 0.005, 1.8, 6.0)  # thick vessels hardly stay in the slice
        length = np.clip(rng.exponential(1.6, count), 0.3, longest) * width * 1.4
        turn = rng.normal(0.0, 0.35, count)
        cosine, sine = np.cos(turn), np.sin(turn)
        heading = np.stack(
            [
                outwards[:, 0] * cosine - outwards[:, 1] * sine,
                outwards[:, 0] * sine + outwards[:, 1] * cosine,
            ],
            axis=1,
        )
        paths = np.stack([start - heading * width[:, None] * 0.5, start + heading * length[:, None]], axis=1)
        kept = _in_cavity(build, paths, 0.95).all(axis=1)
        greys = np.clip(95.0 + 11000.0 * width, 0.0, 195.0)
        sheet.lines(paths[kept], width[kept], greys[kept])
        _paint_tree(rng, build, sheet, hilum, mirror)
        for _ in range(rng.integers(4, 8)):
            x, y = hilum + rng.normal(0.0, 0.018, 2) + [mirror * 0.015, 0.0]
            lump = ring(x, y, rng.uniform(0.008, 0.017), rng.uniform(0.006, 0.011), rng.uniform(0.0, np.pi), 18)
            sheet.polygon(lump, MUSCLE - 6)


def _paint_tree(rng: np.random.Generator, build: Build, sheet: Canvas, hilum: np.ndarray, mirror: float) -> None:
    """A few vessels that stay in the slice and fork."""
    for _ in range(rng.integers(1, 4)):
        angle = rng.uniform(-1.3, 1.3)
        length, width = rng.uniform(0.05, 0.11), rng.uniform(0.007, 0.012)
        end = hilum + length * np.array([mirror * np.cos(angle), np.sin(angle)])
        sheet.line(bent_line(hilum, end, rng.normal(0.0, 0.08), 6), width, MUSCLE - 8)
        for fork in (rng.uniform(0.2, 0.5), -rng.uniform(0.2, 0.5)):
            tip = end + length * rng.uniform(0.5, 0.8) * np.array([mirror * np.cos(angle + fork), np.sin(angle + fork)])
            if bool(_in_cavity(build, tip, 0.92)):
                sheet.line(bent_line(end, tip, rng.normal(0.0, 0.1), 6), width * 0.55, MUSCLE - 25)


def paint_bronchi(rng: np.random.Generator, build: Build, sheet: Canvas) -> None:
    """Bronchi beside the hilar vessels: thin bright rings about air."""
    if build.level > 0.85:
        return
    for mirror in (-1.0, 1.0):
        hilum = _hilum(build, mirror)
        for _ in range(rng.integers(1, 4)):
            x = hilum[0] + mirror * rng.uniform(0.0, 0.05)
            y = hilum[1] + rng.uniform(-0.04, 0.05)
            radius, angle = rng.uniform(0.005, 0.010), rng.uniform(0.0, np.pi)
            stretch = rng.uniform(1.0, 1.8)
            sheet.polygon(ring(x, y, radius * stretch + 0.003, radius + 0.003, angle, 20), MUSCLE - 25)
            sheet.polygon(ring(x, y, radius * stretch, radius, angle, 20), AIR + 12)


def paint_fissures(rng: np.random.Generator, build: Build, sheet: Canvas, lung_grey: int) -> None:
    """The main fissure of each lung: a faint line from the outer wall to the hilum."""
    for mirror in (-1.0, 1.0):
        if rng.random() < 0.35:
            continue
        high = rng.uniform(-0.6, 0.3)
        wall = (0.5 + mirror * build.cavity_x * 0.9 * np.cos(high), 0.5 + build.cavity_y * 0.9 * np.sin(high))
        path = bent_line(wall, _hilum(build, mirror), mirror * rng.uniform(-0.1, 0.15))
        sheet.line(path, 0.0022, lung_grey + int(rng.uniform(14, 34)))


def paint_liver(rng: np.random.Generator, build: Build, sheets: Sheets) -> None:
    """In the lowest slices the dome of the liver stands in the right lung, sometimes the spleen in the left."""
    if build.level < 0.86:
        return
    share = (build.level - 0.86) / 0.14
    radius = 0.05 + 0.07 * share
    centre = (0.5 - build.cavity_x * 0.48, 0.5 - build.cavity_y * 0.05)
    grey = grey_of(rng.uniform(50, 110))
    sheets.solid(wobbly(rng, ring(*centre, radius * 1.05, radius), 0.03), grey)
    if rng.random() < 0.4 * share:
        sheets.solid(ring(0.5 + build.cavity_x * 0.62, 0.5 + build.cavity_y * 0.2, radius * 0.6, radius * 0.7), grey)
