"""Frontal chest films: normal, tuberculosis-like and viral-pneumonia-like, drawn as added attenuation."""

from __future__ import annotations

import numpy as np

from medgan.data.phantoms.family import Phantom, PhantomFamily
from medgan.data.phantoms.fields import Field, bell, fractal_noise, soft_step, unit_grid
from medgan.data.phantoms.strokes import Canvas, ring
from medgan.data.phantoms.xray_bones import clavicles, ribs, shoulder_bones, spine
from medgan.data.phantoms.xray_disease import tuberculosis, viral_pneumonia, with_effusion
from medgan.data.phantoms.xray_thorax import Thorax, ThoraxFields, draw_thorax, lay_out, rise
from medgan.data.phantoms.xray_vessels import vessels

CLASSES = ("normal", "tuberculosis", "viral_pneumonia")

LETTERS = {
    "L": [[(0.0, 0.0), (0.0, 1.0), (0.6, 1.0)]],
    "R": [
        [(0.0, 1.0), (0.0, 0.0), (0.45, 0.0), (0.6, 0.15), (0.6, 0.35), (0.45, 0.5), (0.0, 0.5)],
        [(0.3, 0.5), (0.62, 1.0)],
    ],
}
"""Strokes of the side markers, in units of the letter's height."""


def _soft_tissue(rng: np.random.Generator, thorax: Thorax, fields: ThoraxFields) -> Field:
    """Attenuation of torso, shoulders, arms and neck without lungs and bones."""
    torso = soft_step(fields.torso, 0.012) * (np.float32(0.44) + np.float32(0.40) * rise(fields.torso, 0.030))
    arm = soft_step(fields.arm, 0.012) * (np.float32(0.40) + np.float32(0.40) * rise(fields.arm, 0.055))
    # Where ribs and muscles are seen edge-on, just outside the lungs, the chest wall is brightest.
    rim = bell(fields.torso - np.float32(thorax.wall - 0.014), 0.014) * soft_step(fields.height, 0.2)
    tissue = np.maximum(torso, arm) + np.float32(rng.uniform(0.03, 0.08)) * rim
    uneven: Field = tissue * (np.float32(1.0) + np.float32(0.03) * fractal_noise(rng, tissue.shape[0], 4, 2))
    return uneven


def _organs(rng: np.random.Generator, thorax: Thorax, fields: ThoraxFields) -> Field:
    """Attenuation added by heart, great vessels and abdomen; taken away by windpipe and stomach gas."""
    inside = soft_step(fields.mediastinum, 0.030) * (
        np.float32(0.35) + np.float32(0.65) * rise(fields.mediastinum, 0.06)
    )
    below_neck = soft_step(fields.height - np.float32(0.02), 0.25)
    inside *= soft_step(fields.above_dome + np.float32(0.03), 0.08)  # the abdomen hides its lower end
    organs = np.float32(0.115) * inside * below_neck
    belly = soft_step(-fields.above_dome, 0.018) * soft_step(fields.torso, 0.04)
    organs += belly * (np.float32(0.04) + np.float32(0.14) * rise(-fields.above_dome, 0.05))
    carina = thorax.apex + thorax.height * rng.uniform(0.33, 0.40)
    windpipe_width = rng.uniform(0.014, 0.019)
    windpipe = bell(fields.offset + np.float32(rng.normal(0.004, 0.004)), windpipe_width)
    organs -= np.float32(rng.uniform(0.10, 0.18)) * windpipe * soft_step(np.float32(carina) - fields.y, 0.06)
    if rng.random() < 0.6:
        organs -= np.float32(rng.uniform(0.08, 0.22)) * belly * _stomach_gas(rng, thorax, fields)
    return organs


def _stomach_gas(rng: np.random.Generator, thorax: Thorax, fields: ThoraxFields) -> Field:
    """Gas under the left dome, round above and often flat below where it stands on fluid. 0..1."""
    middle = thorax.half_width * rng.uniform(0.40, 0.60)
    half, height = rng.uniform(0.045, 0.075), rng.uniform(0.030, 0.050)
    dx = (fields.offset - np.float32(middle)) * np.float32(1.0 / half)
    dy = (fields.y - np.float32(thorax.dome[1] + 0.018 + height)) * np.float32(1.0 / height)
    gas = soft_step(np.float32(1.0) - np.square(dx) - np.square(dy), 0.7)
    if rng.random() < 0.6:
        gas *= soft_step(np.float32(rng.uniform(0.0, 0.5)) - dy, 0.25)
    return gas


def _breasts(rng: np.random.Generator, thorax: Thorax, size: int) -> Field:
    """Soft shadows over the lower lungs, with a curved lower edge; absent in about half of the patients."""
    if rng.random() < 0.5:
        return np.zeros((size, size), dtype=np.float32)
    sheet = Canvas(size, side=96, pose=thorax.pose)
    y = thorax.apex + thorax.height * rng.uniform(0.72, 0.95)
    radius = rng.uniform(0.10, 0.16)
    for mirror in (-1.0, 1.0):
        centre_x = 0.5 + mirror * thorax.half_width * rng.uniform(0.62, 0.75)
        sheet.polygon(ring(centre_x, y, radius * 1.05, radius), 255)
    sheet.blur(0.012)
    fade = np.clip((unit_grid(size)[1] - np.float32(y - radius)) * np.float32(0.7 / radius), 0.0, 1.0)
    shadow: Field = sheet.field() * fade * np.float32(rng.uniform(0.05, 0.13) / 255.0)
    return shadow


def _add_marker(rng: np.random.Generator, film: Field) -> None:
    """Sometimes a small lead letter beside the shoulder."""
    if rng.random() < 0.45:
        return
    name = "R" if rng.random() < 0.6 else "L"
    height = rng.uniform(0.025, 0.045)
    x = rng.uniform(0.03, 0.14) if name == "R" else rng.uniform(0.82, 0.93)
    origin = np.array([x, rng.uniform(0.03, 0.12)])
    sheet = Canvas(film.shape[0])
    for stroke in LETTERS[name]:
        sheet.line(origin + height * np.asarray(stroke), height * 0.17, 255)
    film += sheet.field() * np.float32(rng.uniform(0.5, 1.0) / 255.0)


def _exposed(rng: np.random.Generator, attenuation: Field) -> Field:
    """Attenuation as film brightness 0..1: window, gamma, a shoulder where bright parts saturate, grain."""
    low = rng.uniform(0.02, 0.10)
    high = rng.uniform(0.92, 1.14)
    tone = np.clip((attenuation - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.6)
    gamma = rng.uniform(0.8, 1.2)
    film = np.power(tone, np.float32(gamma))
    film = film / np.sqrt(np.sqrt(np.float32(1.0) + np.square(np.square(film))))  # bright parts saturate softly
    exposed: Field = film * np.float32(rng.uniform(0.92, 1.06)) + np.float32(rng.uniform(0.01, 0.07))
    return exposed


def _finished(rng: np.random.Generator, film: Field) -> Field:
    """Grain, and sometimes the black edge that collimation leaves."""
    size = film.shape[0]
    collimated, edge = rng.random() < 0.12, rng.uniform(0.02, 0.07)
    grain = rng.uniform(0.003, 0.011) * min(1.0, (size / 256.0) ** 0.5)
    pixels = rng.standard_normal((size, size), dtype=np.float32)
    film = film + np.float32(grain) * pixels
    if collimated:
        lit_share = np.clip((1.0 - edge) * size - np.arange(size), 0.0, 1.0)  # of each row of pixels
        film *= lit_share.astype(np.float32)[:, None]
    return film


def draw_chest_xray(rng: np.random.Generator, label: str, size: int) -> Phantom:
    """One film of the given class; the mask shows both lungs as they lie above diaphragm and fluid."""
    thorax = draw_thorax(rng)
    worse_side = int(rng.random() < 0.45)
    if label == "tuberculosis" and rng.random() < 0.25:
        thorax = with_effusion(rng, thorax, worse_side)
    fields = lay_out(thorax, size)
    opacity: Field | float = 0.0
    if label == "tuberculosis":
        opacity = tuberculosis(rng, thorax, fields, worse_side)
    elif label == "viral_pneumonia":
        opacity = viral_pneumonia(rng, thorax, fields)

    attenuation = _soft_tissue(rng, thorax, fields) + _organs(rng, thorax, fields)
    air = rng.uniform(0.30, 0.50)
    tree = vessels(rng, thorax, size) * np.float32(rng.uniform(0.10, 0.17))
    marks = np.float32(0.035) * fractal_noise(rng, size, 16, 3, 0.7)
    aerated = np.float32(air) - tree - marks * np.float32(0.4) - np.float32(rng.uniform(0.22, 0.30)) * opacity
    attenuation -= fields.air * np.maximum(aerated, np.float32(0.02))
    bone = rng.uniform(0.8, 1.3)
    attenuation += np.float32(0.088 * bone) * ribs(rng, fields)
    attenuation += np.float32(0.075 * bone) * spine(rng, fields)
    attenuation += np.float32(0.125 * bone) * clavicles(rng, thorax, fields)
    attenuation += np.float32(0.12 * bone) * shoulder_bones(rng, thorax, size)
    attenuation += _breasts(rng, thorax, size)
    film = _exposed(rng, attenuation)
    _add_marker(rng, film)
    image = np.clip(_finished(rng, film) * 255.0, 0.0, 255.0).astype(np.uint8)
    return Phantom(image[:, :, None], fields.outline.astype(np.uint8)[:, :, None])


CHEST_XRAY = PhantomFamily(
    name="chest_xray",
    title="Frontal chest film",
    classes=CLASSES,
    structures=("lungs",),
    channels=1,
    draw=draw_chest_xray,
)
