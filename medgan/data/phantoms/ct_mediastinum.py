"""Between the lungs in an axial CT slice: heart, great vessels, windpipe, gullet and the fat about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medgan.data.phantoms.ct_wall import AIR, FAT, MUSCLE, Build, grey_of
from medgan.data.phantoms.strokes import Canvas, Points, band, bent_line, ring, wobbly


@dataclass
class Sheets:
    """The slice being painted and the outlines that go with it: each mask sheet is 255 inside its structure."""

    grey: Canvas
    lung: Canvas
    heart: Canvas
    trachea: Canvas

    def solid(self, outline: Points, grey: int) -> None:
        """Paint tissue, which is not lung."""
        self.grey.polygon(outline, grey)
        self.lung.polygon(outline, 0)

    def cord(self, path: Points, width: float, grey: int, narrowing: float = 1.0) -> None:
        """Paint a tissue band, which is not lung; its end is `narrowing` times as wide as its start."""
        self.solid(band(path, width, width * narrowing), grey)


@dataclass(frozen=True)
class Blood:
    """Greys of the blood in the two halves of the circulation; equal where no contrast agent was given."""

    right: int
    left: int
    muscle: int


def draw_blood(rng: np.random.Generator) -> Blood:
    """No contrast agent in half of the patients; otherwise the right or the left side is brighter."""
    if rng.random() < 0.5:
        plain = grey_of(rng.uniform(30, 55))
        return Blood(plain, plain + 1, plain)
    first, second = rng.uniform(120, 330, 2)
    return Blood(grey_of(first), grey_of(second), grey_of(rng.uniform(70, 110)))


def _connective(rng: np.random.Generator, build: Build, sheets: Sheets, half: float) -> None:
    """The fat that joins breastbone, vessels and spine."""
    front = 0.5 - build.cavity_y
    narrow = rng.uniform(0.008, 0.03)
    outline = np.array(
        [
            [0.5 - narrow - 0.012, front],
            [0.5 - narrow, front + 0.04],
            [0.5 - half, 0.46],
            [0.5 - half * 0.9, 0.54],
            [0.5 - 0.032, build.spine_y],
            [0.5 + 0.052, build.spine_y],
            [0.5 + half * 0.9, 0.54],
            [0.5 + half, 0.46],
            [0.5 + narrow, front + 0.04],
            [0.5 + narrow + 0.012, front],
        ]
    )
    sheets.solid(outline, FAT + 8)


def _aorta_and_gullet(rng: np.random.Generator, build: Build, sheets: Sheets, blood: Blood) -> None:
    """Descending aorta at the left front of the spine, gullet before it."""
    radius = rng.uniform(0.022, 0.031)
    x, y = 0.5 + rng.uniform(0.035, 0.055), build.spine_y - rng.uniform(0.030, 0.045)
    sheets.solid(ring(x, y, radius + 0.004, radius + 0.004), FAT)
    sheets.solid(ring(x, y, radius, radius * rng.uniform(0.92, 1.08)), blood.left)
    gullet = (0.5 + rng.uniform(-0.005, 0.015), y - radius - 0.004)
    sheets.solid(ring(*gullet, 0.016, 0.012), MUSCLE - 4)
    if rng.random() < 0.3:
        sheets.grey.polygon(ring(*gullet, 0.005, 0.003), AIR + 20)


def _tube(sheets: Sheets, x: float, y: float, radius: float, angle: float = 0.0, stretch: float = 1.0) -> None:
    """Windpipe or main bronchus: a thin wall about air, marked as trachea."""
    sheets.solid(ring(x, y, radius * stretch + 0.005, radius + 0.005, angle), MUSCLE - 6)
    hole = ring(x, y, radius * stretch, radius, angle)
    sheets.grey.polygon(hole, AIR + 6)
    sheets.trachea.polygon(hole, 255)


def _arch_level(rng: np.random.Generator, build: Build, sheets: Sheets, blood: Blood) -> None:
    """Aortic arch sweeping from the front right to the back left, windpipe beside it, vena cava."""
    _connective(rng, build, sheets, rng.uniform(0.085, 0.11))
    back = (0.5 + rng.uniform(0.055, 0.075), build.spine_y - rng.uniform(0.04, 0.06))
    front = (0.5 + rng.uniform(-0.03, 0.0), 0.5 - build.cavity_y * rng.uniform(0.16, 0.32))
    arch = bent_line(front, back, -rng.uniform(0.08, 0.2))
    width = rng.uniform(0.048, 0.062)
    sheets.cord(arch, width + 0.008, FAT)
    sheets.cord(arch, width, blood.left)
    for end in (front, back):
        sheets.solid(ring(*end, width / 2, width / 2), blood.left)
    sheets.solid(ring(0.5 - rng.uniform(0.06, 0.075), 0.5 - build.cavity_y * 0.34, 0.022, 0.024), blood.right)
    _tube(sheets, 0.5 - rng.uniform(0.012, 0.028), 0.5 + build.cavity_y * 0.18, rng.uniform(0.020, 0.026))
    sheets.solid(ring(0.5 + 0.006, 0.5 + build.cavity_y * 0.42, 0.015, 0.011), MUSCLE - 4)


def _carina_level(rng: np.random.Generator, build: Build, sheets: Sheets, blood: Blood) -> None:
    """Ascending and descending aorta, pulmonary trunk with its branches, and the main bronchi."""
    _connective(rng, build, sheets, rng.uniform(0.09, 0.115))
    middle = 0.5 - build.cavity_y * 0.12
    trunk = (0.5 + rng.uniform(0.045, 0.065), middle - 0.05)
    right_hilum, left_hilum = (0.5 - rng.uniform(0.12, 0.14), middle + 0.035), (0.5 + 0.125, middle + 0.03)
    sheets.cord(bent_line(trunk, (0.5 - 0.045, middle + 0.022), -0.2), 0.042, blood.right)
    sheets.cord(bent_line((0.5 - 0.045, middle + 0.022), right_hilum, 0.1), 0.042, blood.right, 0.6)
    sheets.cord(bent_line(trunk, left_hilum, -0.2), 0.042, blood.right, 0.6)
    sheets.solid(ring(*trunk, 0.033, 0.036), blood.right)
    ascending = (0.5 - rng.uniform(0.022, 0.036), middle - 0.055)
    sheets.solid(ring(*ascending, 0.041, 0.041), FAT)
    sheets.solid(ring(*ascending, 0.037, 0.037), blood.left)
    sheets.solid(ring(0.5 - 0.082, middle - 0.035, 0.019, 0.022), blood.right)
    spread = 0.012 + 0.05 * rng.random()
    for mirror in (-1.0, 1.0):
        _tube(
            sheets,
            0.494 + mirror * (0.014 + spread),
            middle + 0.065,
            0.0165,
            mirror * 0.35,
            1.0 + 6.0 * spread,
        )
    _aorta_and_gullet(rng, build, sheets, blood)


def _heart_outline(rng: np.random.Generator, build: Build) -> tuple[Points, tuple[float, float], float]:
    """Outline of the heart, its centre and its radius; apex towards the patient's front left."""
    grown = 0.8 + 0.2 * min(1.0, (build.level - 0.35) / 0.25)
    radius = 0.120 * grown * rng.uniform(0.88, 1.12) * build.cavity_x / 0.315
    centre = (0.5 + rng.uniform(0.018, 0.045), 0.5 - build.cavity_y * rng.uniform(0.16, 0.28))
    outline = ring(
        *centre, radius * rng.uniform(1.12, 1.34), radius * rng.uniform(1.02, 1.18), rng.uniform(0.4, 1.0), 64
    )
    return wobbly(rng, outline, 0.05), centre, radius


def _chambers(
    rng: np.random.Generator, sheets: Sheets, blood: Blood, centre: tuple[float, float], radius: float
) -> None:
    """Four chambers and the wall between them; hardly to be seen without contrast agent."""
    x, y = centre
    chambers = [
        (-0.58, 0.10, 0.40, 0.42, blood.right),  # right atrium
        (-0.02, -0.42, 0.52, 0.32, blood.right),  # right ventricle
        (0.46, 0.10, 0.46, 0.30, blood.left),  # left ventricle
        (-0.10, 0.52, 0.42, 0.26, blood.left),  # left atrium
    ]
    for dx, dy, half_x, half_y, grey in chambers:
        place = (x + radius * (dx + rng.normal(0.0, 0.04)), y + radius * (dy + rng.normal(0.0, 0.04)))
        outline = ring(*place, radius * half_x * 1.05, radius * half_y * 1.05, 0.5, 28)
        sheets.grey.polygon(wobbly(rng, outline, 0.06), grey)


def _heart_level(rng: np.random.Generator, build: Build, sheets: Sheets, blood: Blood) -> None:
    """The heart, a rim of fat about it, lung veins into the left atrium, aorta and gullet behind."""
    _connective(rng, build, sheets, 0.046)
    _aorta_and_gullet(rng, build, sheets, blood)
    outline, centre, radius = _heart_outline(rng, build)
    if build.level < 0.75:
        for mirror in (-1.0, 1.0):
            hilum = (0.5 + mirror * rng.uniform(0.115, 0.145), 0.5 + build.cavity_y * rng.uniform(0.02, 0.16))
            inner = (centre[0] + mirror * radius * 0.25, centre[1] + radius * 0.62)
            sheets.cord(bent_line(inner, hilum, mirror * 0.1), rng.uniform(0.026, 0.038), blood.left, 0.5)
    rim = centre + (outline - centre) * (1.0 + 0.006 / radius)
    sheets.solid(rim, FAT + 6)
    sheets.solid(outline, blood.muscle)
    sheets.heart.polygon(outline, 255)
    if blood.right != blood.muscle:
        _chambers(rng, sheets, blood, centre, radius)
    elif rng.random() < 0.6:  # without contrast agent only the fat in the grooves shows
        sheets.grey.line(bent_line(centre, centre + radius * rng.uniform(-0.9, 0.9, 2), 0.2), 0.004, MUSCLE - 9)


def paint_mediastinum(rng: np.random.Generator, build: Build, sheets: Sheets) -> None:
    """Paint what lies between the lungs at the slice's level."""
    blood = draw_blood(rng)
    if build.level < 0.16:
        _arch_level(rng, build, sheets, blood)
    elif build.level < 0.36:
        _carina_level(rng, build, sheets, blood)
    else:
        _heart_level(rng, build, sheets, blood)
