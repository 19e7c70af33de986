"""Dermoscopic photographs: a pigmented lesion on skin, with hair, gel bubbles, rulers and dark corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medgan.data.phantoms.family import Phantom, PhantomFamily
from medgan.data.phantoms.fields import Field, fractal_noise, smooth_noise, soft_step, unit_grid
from medgan.data.phantoms.skin_lesion import Lesion, Pigment, add_pigmented_ring, colour_lesion, draw_lesion
from medgan.data.phantoms.strokes import Canvas, bent_line

Colour = NDArray[np.float32]

SKIN_TONES = np.array(
    [
        [0.87, 0.73, 0.68],
        [0.82, 0.66, 0.57],
        [0.90, 0.80, 0.76],
        [0.80, 0.70, 0.56],
        [0.76, 0.58, 0.46],
        [0.84, 0.62, 0.60],
        [0.78, 0.76, 0.70],
        [0.66, 0.48, 0.38],
        [0.94, 0.86, 0.80],
        [0.72, 0.55, 0.55],
    ]
)
"""Linear RGB 0..1 of skin seen through a dermatoscope, from pale to tanned, pinkish to olive."""

MELANIN_ABSORBS = np.array([0.38, 0.82, 1.30])
BLOOD_ABSORBS = np.array([0.10, 0.85, 0.70])
VEIL_COLOUR = np.array([0.42, 0.45, 0.54], dtype=np.float32)
SCAR_COLOUR = np.array([0.86, 0.80, 0.80], dtype=np.float32)


def _skin_pigment(rng: np.random.Generator, size: int) -> tuple[Field, Field]:
    """Melanin and blood of the surrounding skin: mottling, freckles and fine skin lines."""
    mottle = fractal_noise(rng, size, 4, 4, 0.7)
    lines = fractal_noise(rng, size, 30, 3, 0.9)
    melanin = np.float32(rng.uniform(0.01, 0.035)) * mottle + np.float32(rng.uniform(0.006, 0.026)) * lines
    if rng.random() < 0.15:
        freckles = np.clip(fractal_noise(rng, size, 14, 3, 0.7) - np.float32(0.9), 0.0, 1.5)
        melanin += np.float32(rng.uniform(0.05, 0.2)) * freckles
    blood = np.float32(rng.uniform(0.01, 0.045)) * smooth_noise(rng, size, 6)
    if rng.random() < 0.25:
        blood += np.float32(rng.uniform(0.15, 0.4)) * _fine_vessels(rng, size)
    return melanin, blood


def _fine_vessels(rng: np.random.Generator, size: int) -> Field:
    """Thin red vessels under the skin, 0..1."""
    sheet = Canvas(size)
    for _ in range(rng.integers(10, 40)):
        start = rng.uniform(0.0, 1.0, 2)
        end = start + rng.normal(0.0, 0.07, 2)
        sheet.line(
            bent_line(start, end, rng.normal(0.0, 0.3), 6),
            rng.uniform(0.002, 0.004),
            int(rng.uniform(80, 255)),
        )
    return sheet.field() * np.float32(1.0 / 255.0)


def _lit(rng: np.random.Generator, size: int) -> Field:
    """Light over the picture: brighter in the middle, a little stronger from one side."""
    x, y = unit_grid(size)
    dx, dy = x - np.float32(0.5), y - np.float32(0.5)
    falloff = rng.uniform(0.05, 0.5)
    tilt_x, tilt_y = rng.normal(0.0, 0.08, 2)
    light = np.float32(1.0) - np.float32(falloff) * (dx * dx + dy * dy)
    lit: Field = light + np.float32(tilt_x) * dx + np.float32(tilt_y) * dy
    return lit


def _photographed(rng: np.random.Generator, pigment: Pigment, size: int) -> Colour:
    """Skin and lesion as colours (size, size, 3): light that pigment absorbed, channel by channel."""
    tone = SKIN_TONES[rng.integers(len(SKIN_TONES))] * rng.uniform(0.92, 1.08) + rng.normal(0.0, 0.015, 3)
    skin_melanin, skin_blood = _skin_pigment(rng, size)
    melanin, blood = pigment.melanin + skin_melanin, pigment.blood + skin_blood
    light = _lit(rng, size)
    absorbs = MELANIN_ABSORBS * rng.uniform(0.85, 1.15, 3)
    photo = np.empty((size, size, 3), dtype=np.float32)
    for channel in range(3):
        absorbed = melanin * np.float32(absorbs[channel]) + blood * np.float32(BLOOD_ABSORBS[channel])
        seen = np.exp(-absorbed) * np.float32(tone[channel])
        seen += pigment.veil * (VEIL_COLOUR[channel] - seen)
        seen += pigment.scar * (SCAR_COLOUR[channel] - seen)
        photo[:, :, channel] = seen * light
    return photo


def _blend(photo: Colour, cover: Field, colour: tuple[float, float, float]) -> None:
    """Lay a colour over the photo in place, where cover (0..1) says."""
    for channel, value in enumerate(colour):
        photo[:, :, channel] += cover * (np.float32(value) - photo[:, :, channel])


def _add_hair(rng: np.random.Generator, photo: Colour) -> None:
    """Dark curved hairs, none in half of the photographs; they mostly run the same way."""
    kind = rng.random()
    if kind < 0.45:
        return
    count = int(rng.integers(2, 10)) if kind < 0.8 else int(rng.integers(12, 40))
    sheet = Canvas(photo.shape[0])
    way, width = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.0025, 0.006)
    for _ in range(count):
        angle = way + rng.normal(0.0, 0.6)
        length = rng.uniform(0.15, 0.9)
        start = rng.uniform(-0.1, 1.1, 2)
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        path = bent_line(start, end, rng.normal(0.0, 0.12), 14)
        sheet.line(path, width * rng.uniform(0.7, 1.3), int(rng.uniform(130, 245)))
    shade = rng.uniform(0.05, 0.22)
    _blend(photo, sheet.field() * np.float32(1.0 / 255.0), (shade * 1.3, shade, shade * 0.8))


def _add_bubbles(rng: np.random.Generator, photo: Colour) -> None:
    """Gel bubbles: bright thin rings with a glint, in every fourth photograph."""
    if rng.random() < 0.72:
        return
    sheet = Canvas(photo.shape[0])
    for _ in range(rng.integers(1, 9)):
        x, y = rng.uniform(0.03, 0.97, 2)
        radius = rng.uniform(0.006, 0.03)
        add_pigmented_ring(sheet, x, y, radius, 0.003, int(rng.uniform(90, 200)))
        sheet.oval(x - radius * 0.4, y - radius * 0.4, radius * 0.22, radius * 0.22, 230)
    _blend(photo, sheet.field() * np.float32(0.8 / 255.0), (0.98, 0.98, 0.98))


def _add_ruler(rng: np.random.Generator, photo: Colour) -> None:
    """A printed scale with millimetre ticks near an edge, in every sixth photograph."""
    if rng.random() < 0.83:
        return
    sheet = Canvas(photo.shape[0])
    left, y = rng.uniform(0.05, 0.3), rng.uniform(0.80, 0.95)
    length, slope = rng.uniform(0.45, 0.65), rng.normal(0.0, 0.08)
    marks = np.linspace(0.0, length, 11)
    sheet.line([[left, y], [left + length, y + slope * length]], 0.003, 235)
    for number, mark in enumerate(marks):
        foot = np.array([left + mark, y + slope * mark])
        tick = 0.028 if number % 5 == 0 else 0.018
        sheet.line([foot, foot - [0.0, tick]], 0.003, 235)
    shade = rng.uniform(0.08, 0.3)
    _blend(photo, sheet.field() * np.float32(0.9 / 255.0), (shade, shade, shade))


def _darken_corners(rng: np.random.Generator, photo: Colour) -> None:
    """The round edge of the dermatoscope: black corners, in every eighth photograph."""
    if rng.random() < 0.87:
        return
    x, y = unit_grid(photo.shape[0])
    away = np.hypot(x - np.float32(0.5 + rng.normal(0, 0.01)), y - np.float32(0.5 + rng.normal(0, 0.01)))
    seen = soft_step(np.float32(rng.uniform(0.54, 0.68)) - away, rng.uniform(0.01, 0.12))
    photo *= (np.float32(0.06) + np.float32(0.94) * seen)[:, :, None]


def draw_dermoscopy(rng: np.random.Generator, _label: str, size: int) -> Phantom:
    """One photograph; the mask is the lesion's true border, also where hair or a bubble covers it."""
    lesion: Lesion = draw_lesion(rng, size)
    photo = _photographed(rng, colour_lesion(rng, lesion, size), size)
    _add_ruler(rng, photo)
    _add_hair(rng, photo)
    _add_bubbles(rng, photo)
    _darken_corners(rng, photo)
    noise = np.float32(rng.uniform(0.004, 0.014))
    grain = rng.standard_normal((size, size, 3), dtype=np.float32)
    photo = np.clip((photo + noise * grain) * np.float32(255.0), 0.0, 255.0)
    return Phantom(photo.astype(np.uint8), (lesion.depth > 0).astype(np.uint8)[:, :, None])


DERMOSCOPY = PhantomFamily(
    name="dermoscopy",
    title="Dermoscopic photograph",
    classes=("lesion",),
    structures=("lesion",),
    channels=3,
    draw=draw_dermoscopy,
)
