"""Bones of a frontal chest film: ribs, spine, clavicles, shoulder blades and upper arms, as added brightness."""

from __future__ import annotations

import numpy as np

from medgan.data.phantoms.fields import TABLE_STEPS, Field, bell, curve_table, soft_step, table_index
from medgan.data.phantoms.strokes import Canvas, ring
from medgan.data.phantoms.xray_thorax import Thorax, ThoraxFields

RIBS = 12


def _tube(distance_share: Field, wall: float) -> Field:
    """Brightness across a hollow bone: 1 at the cortex, less in the middle, 0 outside. 1 is the bone's edge."""
    square = np.square(distance_share)
    inside = np.clip((np.float32(1.3) - np.abs(distance_share)) * np.float32(2.0), 0.0, 1.0)
    brightness: Field = inside * (np.float32(1.0 - wall) + np.float32(wall) * square)
    return brightness


def _rib_rows(rng: np.random.Generator, first: float, gap: float, growth: float) -> Field:
    """A table from height to rib number: ribs follow each other at slowly growing, slightly uneven gaps."""
    gaps = gap * (1.0 + growth * np.arange(RIBS)) * rng.uniform(0.93, 1.07, RIBS)
    rows = first + np.concatenate([[0.0], np.cumsum(gaps)])
    at = np.linspace(-0.5, 1.5, TABLE_STEPS)
    return np.interp(at, rows, np.arange(RIBS + 1), left=-1.0, right=RIBS + 1.0).astype(np.float32)


def _rib_set(fields: ThoraxFields, bow: Field, rows: Field, half_share: float, strengths: Field, fade: Field) -> Field:
    """One set of ribs. bow: how far a rib lies below its start, by share of the cage width."""
    at = table_index(np.minimum(fields.rib_reach, np.float32(1.2)) * np.float32(1 / 1.2))
    start = fields.height - bow[at]
    number = rows[table_index(start * np.float32(0.5) + np.float32(0.25))]
    nearest = np.rint(number)
    strength = strengths[np.clip(nearest, -1, RIBS).astype(np.intp) + 1]
    return _tube((number - nearest) * np.float32(1.0 / half_share), 0.35) * strength * fade[at]


def ribs(rng: np.random.Generator, fields: ThoraxFields) -> Field:
    """Posterior ribs (clear, sloping outwards and down) and anterior ribs (fainter, sloping inwards and down)."""
    first, gap = rng.uniform(0.02, 0.06), rng.uniform(0.088, 0.108)
    rows = _rib_rows(rng, first, gap, rng.uniform(0.004, 0.02))
    slope = rng.uniform(0.7, 1.25)
    share = np.linspace(0.0, 1.2, TABLE_STEPS)
    knots = [0.0, 0.125, 0.25, 0.42, 0.58, 0.71, 0.83, 1.0]
    back_bow = np.float32(slope) * curve_table(knots, [0.02, 0.0, 0.0, 0.028, 0.08, 0.145, 0.24, 0.44])
    front_bow = slope * (0.20 + rng.uniform(0.24, 0.34) * np.clip(1.02 - share, 0.0, None) ** 0.85)

    def strengths(usual: float, from_rib: int, to_rib: int) -> Field:
        table = np.zeros(RIBS + 2, dtype=np.float32)
        table[from_rib + 1 : to_rib + 2] = usual * rng.uniform(0.8, 1.2, to_rib - from_rib + 1)
        return table

    def fade(knots_share: list[float], values: list[float]) -> Field:
        return curve_table([knot / 1.2 for knot in knots_share], values)

    back_fade = fade([0.0, 0.1, 0.2, 0.9, 0.99, 1.04, 1.2], [0.25, 0.4, 0.9, 1.0, 0.8, 0.25, 0.0])
    front_fade = fade([0.0, 0.35, 0.55, 0.9, 0.99, 1.04, 1.2], [0.0, 0.0, 0.7, 0.9, 0.6, 0.15, 0.0])
    back = _rib_set(fields, back_bow, rows, rng.uniform(0.25, 0.33), strengths(1.0, 0, 10), back_fade)
    front = _rib_set(
        fields, front_bow.astype(np.float32), rows, rng.uniform(0.22, 0.30), strengths(0.42, 0, 6), front_fade
    )
    # Behind heart and abdomen ribs drown in soft tissue.
    seen = np.float32(1.0) - np.float32(0.6) * soft_step(-fields.above_dome, 0.03)
    seen *= np.float32(1.0) - np.float32(0.65) * soft_step(fields.mediastinum, 0.04)
    return (back + front) * seen


def spine(rng: np.random.Generator, fields: ThoraxFields) -> Field:
    """Vertebral column: bodies with darker disc spaces, brighter pedicles and the row of spinous processes."""
    half = rng.uniform(0.036, 0.046)
    sway = rng.normal(0.0, 0.006) * np.sin(fields.y * np.float32(3.0) + np.float32(rng.uniform(0.0, 6.0)))
    across = (fields.offset - sway) * np.float32(1.0 / half)
    spacing = rng.uniform(0.050, 0.060)
    beat = np.cos((fields.y + np.float32(rng.uniform(0.0, 1.0))) * np.float32(2.0 * np.pi / spacing))
    column = _tube(across, 0.18)
    bodies = np.float32(0.80) + np.float32(0.20) * np.clip(beat * np.float32(2.0) + np.float32(0.6), -1.0, 1.0)
    processes = bell(across, 0.16) * np.clip(beat, 0.0, 1.0)
    pedicles = bell(np.abs(across) - np.float32(0.62), 0.16) * np.clip(beat, 0.0, 1.0)
    brightness: Field = column * bodies + np.float32(0.35) * (processes + pedicles)
    return brightness


def clavicles(rng: np.random.Generator, thorax: Thorax, fields: ThoraxFields) -> Field:
    """Both collar bones: gently S-shaped bars from the breastbone out to the shoulders."""
    inner = thorax.apex + thorax.height * rng.uniform(0.12, 0.20)
    lift = rng.uniform(0.03, 0.11)
    knots = [0.0, 0.04, 0.10, 0.18, 0.27, 0.35, 0.42]
    shape = np.array([0.0, 0.0, -0.15, -0.55, -0.95, -1.05, -0.95])
    tables = [curve_table(knots, inner + lift * shape + rng.normal(0.0, 0.006)) for _ in range(2)]
    middle = np.concatenate(tables)[fields.reach_index + fields.left * TABLE_STEPS]
    half = rng.uniform(0.013, 0.018)
    widths = curve_table([0.0, 0.035, 0.07, 0.2, 0.32, 0.42], half * np.array([1.5, 1.5, 1.1, 0.9, 1.15, 1.3]))
    ends = soft_step(fields.reach - np.float32(0.038), 0.02) * soft_step(np.float32(0.40) - fields.reach, 0.05)
    return _tube((fields.y - middle) / widths[fields.reach_index], 0.35) * ends


def shoulder_bones(rng: np.random.Generator, thorax: Thorax, size: int) -> Field:
    """Shoulder blades, humeral heads and shafts, 0..1, softly outlined."""
    sheet = Canvas(size, side=128, pose=thorax.pose)
    blade_in = thorax.half_width * rng.uniform(0.78, 1.02)
    top = thorax.apex + thorax.height * rng.uniform(0.08, 0.14)
    for mirror in (-1.0, 1.0):
        shift = rng.normal(0.0, 0.008)

        def place(reach: float, y: float, mirror: float = mirror, shift: float = shift) -> list[float]:
            return [0.5 + mirror * reach, y + shift]

        blade = [
            place(blade_in - 0.02, top),
            place(blade_in, top + 0.12),
            place(blade_in + 0.055, top + 0.30),
            place(blade_in + 0.085, top + 0.31),
            place(blade_in + 0.10, top + 0.16),
            place(blade_in + 0.11, top + 0.05),
        ]
        spine_of_blade = [place(blade_in - 0.01, top + 0.04), place(blade_in + 0.13, top - 0.02)]
        head = ring(0.5 + mirror * (blade_in + 0.17), top + 0.05 + shift, 0.05, 0.055, steps=24)
        shaft = [place(blade_in + 0.18, top + 0.08), place(blade_in + 0.26, top + 0.40)]
        sheet.polygon(blade, 75)
        sheet.line(blade[:4], 0.008, 190)
        sheet.line(spine_of_blade, 0.016, 150)
        sheet.line(shaft, 0.055, 210)
        sheet.polygon(head, 190)
    sheet.blur(0.005)
    return sheet.field() * np.float32(1.0 / 255.0)
