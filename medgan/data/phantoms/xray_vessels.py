"""Lung vessels of a frontal chest film: the hila and the trees that branch from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medgan.data.phantoms.fields import Field, add_blob
from medgan.data.phantoms.strokes import Canvas
from medgan.data.phantoms.xray_thorax import Thorax

Floats = NDArray[np.float64]
STEPS = 4
"""Straight pieces of one vessel between two forks."""


def _roots(rng: np.random.Generator, thorax: Thorax) -> tuple[Floats, Floats, Floats, Floats]:
    """The vessels that leave both hila: starts (n, 2), angles, lengths and widths (n,)."""
    starts, angles = [], []
    spread = np.array([-1.3, -0.9, -0.5, 0.1, 0.6, 0.95, 1.3])
    for side, usual_height in ((0, 0.53), (1, 0.48)):
        x, y = thorax.place(side, 0.04, usual_height)
        directions = spread + rng.normal(0.0, 0.10, len(spread))
        starts.append(np.stack([np.full(len(spread), x), y + 0.05 * np.sin(directions)], axis=1))
        angles.append(directions if side else np.pi - directions)
    lower = np.tile(spread > 0.5, 2)
    widths = np.where(lower, rng.uniform(0.011, 0.015, lower.size), rng.uniform(0.007, 0.011, lower.size))
    steep = np.tile(np.abs(spread) > 0.7, 2)
    lengths = np.where(steep, rng.uniform(0.085, 0.12, lower.size), rng.uniform(0.06, 0.085, lower.size))
    return np.concatenate(starts), np.concatenate(angles), lengths, widths


def vessels(rng: np.random.Generator, thorax: Thorax, size: int) -> Field:
    """Both hilar trees, 0..1; not yet cut to the lungs. Whole generations of branches are grown at once."""
    sheet = Canvas(size, pose=thorax.pose)
    starts, angles, lengths, widths = _roots(rng, thorax)
    for generation in range(4):
        bends = rng.normal(0.0, 0.10, len(angles))
        turns = angles[:, None] + bends[:, None] * np.arange(STEPS)
        hops = lengths[:, None, None] / STEPS * np.stack([np.cos(turns), np.sin(turns)], axis=2)
        paths = starts[:, None, :] + np.concatenate([np.zeros((len(angles), 1, 2)), np.cumsum(hops, axis=1)], axis=1)
        greys = np.minimum(255.0, 40.0 + 14000.0 * widths)
        sheet.lines(paths, widths * 0.85, greys)
        if generation == 2:  # about half of the finest twigs run along the beam and are not seen
            ends_kept = rng.random(len(paths)) < 0.5
            paths, turns, lengths, widths = (
                paths[ends_kept],
                turns[ends_kept],
                lengths[ends_kept],
                widths[ends_kept],
            )
        forks = rng.uniform(0.25, 0.55, len(paths)) * rng.choice([1.0, -1.0], len(paths))
        ends, last = paths[:, -1], turns[:, -1]
        starts = np.concatenate([ends, ends])
        angles = np.concatenate([last + forks, last - forks * rng.uniform(0.4, 1.0, len(forks))])
        lengths = np.tile(lengths, 2) * rng.uniform(0.6, 0.9, len(angles))
        widths = np.tile(widths * 0.64, 2)
    tree = sheet.field() * np.float32(1.0 / 255.0)
    _add_hila(rng, thorax, tree)
    return tree


def _add_hila(rng: np.random.Generator, thorax: Thorax, tree: Field) -> None:
    """Lumpy shadows where vessels and bronchi enter the lungs."""
    for side, height in ((0, 0.52), (1, 0.47)):
        places = thorax.places(side, rng.uniform(-0.05, 0.16, 5), height + rng.uniform(-0.09, 0.13, 5))
        radii, heights, turns = (
            rng.uniform(0.012, 0.028, 5),
            rng.uniform(0.2, 0.65, 5),
            rng.uniform(0.0, np.pi, 5),
        )
        for number, (x, y) in enumerate(thorax.pose.to_image(places).tolist()):
            add_blob(tree, x, y, radii[number], heights[number], 1.6, turns[number])
