"""A pigmented lesion: its border, how its pigment varies, and the structures a dermatoscope shows in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.data.phantoms.fields import Field, bell, fractal_noise, smooth_noise, soft_step, unit_grid
from medgan.data.phantoms.strokes import Canvas, ring


@dataclass(frozen=True)
class Lesion:
    """A lesion drawn over the pixels.

    depth: 0 at the true border, 1 in the middle, negative outside. cover: 0..1 how much pigment shows, with a soft
    rim. radius: mean radius, centre: (x, y), both as fractions of the side.
    """

    depth: Field
    cover: Field
    radius: float
    centre: tuple[float, float]


def draw_lesion(rng: np.random.Generator, size: int) -> Lesion:
    """An oval whose radius is bent by low harmonics and roughened by noise."""
    radius = float(np.clip(rng.lognormal(np.log(0.325), 0.42), 0.08, 0.56))
    freedom = max(0.03, 0.30 - 0.6 * radius)
    centre = (0.5 + float(rng.normal(0, 0.3)) * freedom, 0.5 + float(rng.normal(0, 0.3)) * freedom)
    x, y = unit_grid(size)
    angle, stretch = rng.uniform(0.0, np.pi), rng.uniform(1.0, 1.55)
    turn = np.complex64(np.exp(-1j * angle) / radius)
    place = ((x - np.float32(centre[0])) + np.complex64(1j) * (y - np.float32(centre[1]))) * turn
    away_x, away_y = place.real * np.float32(stretch**-0.5), place.imag * np.float32(stretch**0.5)
    away = np.hypot(away_x, away_y) + np.float32(1e-4)
    direction = (away_x + np.complex64(1j) * away_y) / away
    irregular = rng.uniform(0.3, 1.3)
    border, power = np.ones_like(away), direction
    for order in range(2, 7):
        power = power * direction
        twist = rng.normal(0.0, 0.085 * irregular * (2.0 / order) ** 0.7) * np.exp(1j * rng.uniform(0, 2 * np.pi))
        border += (power * np.complex64(twist)).real
    rough = fractal_noise(rng, size, 7, 5, 0.65) * np.float32(0.075 * irregular)
    depth = np.float32(1.0) - away / np.maximum(border, np.float32(0.3)) + rough
    rim = rng.uniform(0.15, 0.75)
    cover = soft_step(depth - np.float32(0.20 * rim), rim)
    return Lesion(depth=depth, cover=cover, radius=radius, centre=centre)


def _network(rng: np.random.Generator, size: int) -> Field:
    """A honeycomb of pigmented lines about lighter holes, bent out of true; 0..1 with mean about 0.4."""
    meshes = rng.uniform(30.0, 56.0)
    visible = float(np.clip((size / meshes - 2.0) / 1.5, 0.0, 1.0))  # finer than the pixels it averages out
    x, y = unit_grid(size)
    bend = np.float32(0.5 / meshes)
    x, y = x + bend * fractal_noise(rng, size, 12, 2), y + bend * fractal_noise(rng, size, 12, 2)
    turn = rng.uniform(0.0, np.pi)
    waves = np.zeros((size, size), dtype=np.float32)
    for third in range(3):
        angle = turn + third * np.pi / 3.0
        scale = 2.0 * np.pi * meshes
        waves += np.cos(x * np.float32(scale * np.cos(angle)) + y * np.float32(scale * np.sin(angle)))
    lines = np.clip((np.float32(0.9) - waves) * np.float32(0.5), 0.0, 1.0)
    honeycomb: Field = np.float32(0.4) + np.float32(visible) * (lines - np.float32(0.4))
    return honeycomb


def _globules(rng: np.random.Generator, lesion: Lesion, size: int) -> Field:
    """Dots and globules scattered in the lesion, often denser at its rim; 0..1."""
    sheet = Canvas(size)
    count = int(rng.integers(15, 110))
    at_rim = rng.random() < 0.5
    share = rng.uniform(0.6, 1.0, count) if at_rim else np.sqrt(rng.random(count))
    angle = rng.uniform(0.0, 2.0 * np.pi, count)
    x = lesion.centre[0] + lesion.radius * share * np.cos(angle)
    y = lesion.centre[1] + lesion.radius * share * np.sin(angle)
    radius = np.clip(rng.lognormal(np.log(0.0065), 0.4, count), 0.003, 0.018)
    grey = rng.uniform(90, 255, count)
    for number in range(count):
        sheet.oval(x[number], y[number], radius[number], radius[number] * 0.9, int(grey[number]))
    return sheet.field() * np.float32(1.0 / 255.0)


@dataclass(frozen=True)
class Pigment:
    """How strongly each pixel is coloured: melanin (brown), blood (red), veil (blue-grey, 0..1), scar (0..1)."""

    melanin: Field
    blood: Field
    veil: Field
    scar: Field


def colour_lesion(rng: np.random.Generator, lesion: Lesion, size: int) -> Pigment:
    """Variegated pigment with, by chance, network, globules, a blue-grey veil, scars and redness."""
    strength = float(np.clip(rng.lognormal(np.log(0.62), 0.5), 0.18, 1.6))
    uneven = rng.uniform(0.15, 0.6)
    cloud = fractal_noise(rng, size, 5, 4, 0.65)
    inner = np.float32(rng.uniform(-0.2, 0.7)) * np.clip(lesion.depth, 0.0, 1.0)
    melanin = np.maximum(np.float32(1.0) + np.float32(uneven) * cloud + inner, np.float32(0.08))
    grain = fractal_noise(rng, size, 24, 3, 0.8)
    melanin *= np.float32(1.0) + np.float32(rng.uniform(0.06, 0.2)) * grain
    if rng.random() < 0.6:
        patchy = np.clip(np.float32(0.5) + smooth_noise(rng, size, 4), 0.0, 1.0)
        amount = np.float32(rng.uniform(0.3, 0.9))
        melanin *= np.float32(1.0) + amount * patchy * (_network(rng, size) - np.float32(0.4))
    if rng.random() < 0.5:
        melanin += np.float32(rng.uniform(0.4, 1.1)) * _globules(rng, lesion, size)
    nothing = np.zeros((size, size), dtype=np.float32)
    veil, scar = nothing, nothing
    if rng.random() < 0.35:
        veil = _patch(rng, lesion, size, 0.5) * np.float32(rng.uniform(0.2, 0.6))
    if rng.random() < 0.2:
        scar = _patch(rng, lesion, size, 0.5) * np.float32(rng.uniform(0.2, 0.55))
    melanin = melanin * lesion.cover * np.float32(strength)
    redness = max(0.0, float(rng.normal(0.02, 0.10)))
    if rng.random() < 0.10:  # a hardly pigmented, red lesion
        melanin, redness = melanin * np.float32(0.25), rng.uniform(0.2, 0.5)
    halo = soft_step(lesion.depth + np.float32(0.08), 0.5)
    blood = np.float32(redness) * halo * (np.float32(1.0) + np.float32(0.4) * cloud)
    return Pigment(melanin, blood, veil * lesion.cover, scar * lesion.cover)


def _patch(rng: np.random.Generator, lesion: Lesion, size: int, width: float) -> Field:
    """One cloudy area inside the lesion, 0..1."""
    x, y = unit_grid(size)
    angle, away = rng.uniform(0.0, 2.0 * np.pi), lesion.radius * rng.uniform(0.0, 0.5)
    dx = x - np.float32(lesion.centre[0] + away * np.cos(angle))
    dy = y - np.float32(lesion.centre[1] + away * np.sin(angle))
    reach = lesion.radius * rng.uniform(0.5, 0.9)
    spot = bell(np.hypot(dx, dy), reach * width * 2.0)
    cloudy: NDArray[np.float32] = np.clip(
        spot * (np.float32(0.8) + np.float32(0.7) * fractal_noise(rng, size, 6, 4, 0.7)), 0, 1
    )
    return cloudy


def add_pigmented_ring(sheet: Canvas, x: float, y: float, radius: float, width: float, grey: int) -> None:
    """A thin circle, as gel bubbles leave it."""
    outline = ring(x, y, radius, radius * 0.95, steps=24)
    sheet.line(np.concatenate([outline, outline[:2]]), width, grey)
