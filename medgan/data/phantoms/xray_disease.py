"""What disease adds to the lungs of a frontal chest film: opacity fields, and fluid that changes the thorax."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medgan.data.phantoms.fields import Field, add_blob, bell, fractal_noise, smooth_noise
from medgan.data.phantoms.xray_thorax import Thorax, ThoraxFields


def with_effusion(rng: np.random.Generator, thorax: Thorax, side: int) -> Thorax:
    """The same patient with pleural fluid on one side."""
    depth = rng.uniform(0.06, 0.20)
    return replace(thorax, effusion=(depth, 0.0) if side == 0 else (0.0, depth))


def _place(thorax: Thorax, side: int, reach: float, height: float) -> tuple[float, float]:
    """Image place of a spot in a lung."""
    x, y = thorax.pose.to_image([thorax.place(side, reach, height)])[0]
    return float(x), float(y)


def _nodules(rng: np.random.Generator, opacity: Field, centre: tuple[float, float], spread: float, count: int) -> None:
    """Scatter small, patchy nodules about a centre."""
    places = rng.normal(0.0, spread, (count, 2)) + centre
    radii = 0.006 + rng.exponential(0.006, count)
    heights = rng.uniform(0.2, 0.6, count)
    stretches, angles = rng.uniform(1.05, 1.9, count), rng.uniform(0.0, np.pi, count)
    for (x, y), radius, height, stretch, angle in zip(places, radii, heights, stretches, angles, strict=True):
        add_blob(opacity, x, y, min(radius, 0.03), height, stretch, angle)


def _cavity(rng: np.random.Generator, opacity: Field, centre: tuple[float, float]) -> None:
    """A thick-walled hole: a ring of opacity about a dark middle."""
    radius = rng.uniform(0.028, 0.055)
    stretch, angle = rng.uniform(1.0, 1.3), rng.uniform(0.0, np.pi)
    add_blob(opacity, *centre, radius, 1.0, stretch, angle)
    add_blob(opacity, *centre, radius * 0.66, -1.35, stretch, angle)


def tuberculosis(rng: np.random.Generator, thorax: Thorax, fields: ThoraxFields, worse_side: int) -> Field:
    """Patchy upper-zone infiltrates, nodules and cavities, mostly of one lung. Opacity, about 0..1.2."""
    size = fields.y.shape[0]
    texture = fractal_noise(rng, size, 8, 4, 0.7)
    patches = np.clip(np.float32(0.55) + np.float32(0.55) * texture, 0.0, 1.3)
    window = np.zeros((size, size), dtype=np.float32)
    nodular = np.zeros((size, size), dtype=np.float32)
    both = rng.random() < 0.45
    for side, severity in (
        (worse_side, rng.uniform(0.7, 1.15)),
        (1 - worse_side, rng.uniform(0.25, 0.6) * both),
    ):
        if severity == 0.0:
            continue
        centre = _place(thorax, side, rng.uniform(0.3, 0.75), rng.uniform(0.16, 0.36))
        spread = rng.uniform(0.05, 0.09)
        add_blob(window, *centre, spread * 1.5, severity, rng.uniform(1.0, 1.6), rng.uniform(0.0, np.pi))
        for _ in range(rng.integers(0, 3)):
            other = _place(thorax, side, rng.uniform(0.2, 0.8), rng.uniform(0.12, 0.75))
            add_blob(window, *other, rng.uniform(0.03, 0.07), 0.7 * severity, 1.3, rng.uniform(0.0, np.pi))
        _nodules(rng, nodular, centre, spread, int(rng.integers(14, 36) * severity))
        if rng.random() < 0.45 * severity:
            spot = _place(thorax, side, rng.uniform(0.35, 0.7), rng.uniform(0.15, 0.32))
            _cavity(rng, nodular, spot)
    opacity: Field = window * patches + nodular
    return opacity


def viral_pneumonia(rng: np.random.Generator, thorax: Thorax, fields: ThoraxFields) -> Field:
    """Bilateral ground-glass haze about the hila, with a net of thickened interstitium. Opacity, about 0..1."""
    size = fields.y.shape[0]
    haze = np.full((size, size), rng.uniform(0.15, 0.32), dtype=np.float32)
    hilar = np.zeros((size, size), dtype=np.float32)
    for side in (0, 1):
        severity = rng.uniform(0.5, 0.8)
        add_blob(hilar, *_place(thorax, side, 0.15, 0.58), rng.uniform(0.11, 0.16), severity, 1.6, np.pi / 2)
        for _ in range(rng.integers(1, 4)):
            spot = _place(thorax, side, rng.uniform(0.2, 0.8), rng.uniform(0.35, 0.92))
            add_blob(haze, *spot, rng.uniform(0.05, 0.09), rng.uniform(0.15, 0.4), 1.3, rng.uniform(0.0, np.pi))
    cloud = np.clip(np.float32(0.75) + np.float32(0.35) * fractal_noise(rng, size, 6, 3), 0.1, 1.6)
    coarse = bell(smooth_noise(rng, size, 34), 0.35)
    fine = bell(smooth_noise(rng, size, 64), 0.40)
    net = (coarse + np.float32(0.8) * fine) * np.float32(rng.uniform(0.10, 0.24))
    opacity: Field = (haze + hilar) * cloud + net * (np.float32(0.45) + hilar + haze)
    return opacity
