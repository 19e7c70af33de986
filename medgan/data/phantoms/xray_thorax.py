"""Where things lie in a frontal chest film: lungs, mediastinum, diaphragm and body outline.

Patient places: x in [0, 1] from the patient's right (image left) to the left, middle at 0.5; y downwards.
Side 0 is the patient's right lung, side 1 the left. `reach` is the distance from the middle line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgan.data.phantoms.fields import TABLE_STEPS, Field, Pose, curve_table, soft_step, table_index

LATERAL_T = [-0.06, 0.0, 0.04, 0.12, 0.22, 0.35, 0.5, 0.7, 0.9, 1.05, 1.3]
LATERAL_SHARE = [0.24, 0.30, 0.46, 0.66, 0.79, 0.885, 0.94, 0.985, 1.0, 0.995, 0.96]
"""Outer lung edge as a share of its greatest half-width, by height (0 apex, 1 dome)."""

MEDIAL_T = [-0.1, 0.0, 0.15, 0.27, 0.34, 0.44, 0.52, 0.64, 0.78, 0.92, 1.1]
MEDIAL_RIGHT = [0.048, 0.045, 0.050, 0.058, 0.058, 0.068, 0.080, 0.106, 0.118, 0.108, 0.085]
MEDIAL_LEFT = [0.048, 0.045, 0.050, 0.082, 0.080, 0.074, 0.100, 0.156, 0.206, 0.228, 0.215]
"""Mediastinal border: right superior vena cava and atrium; left aortic knob, pulmonary trunk and ventricle."""

DOME_SHARE = [0.0, 0.12, 0.28, 0.40, 0.54, 0.66, 0.76, 0.84, 0.94]
DOME_DROP = [0.040, 0.028, 0.006, 0.0, 0.007, 0.034, 0.078, 0.130, 0.21]
"""How far the diaphragm lies below its dome, by reach (0.8 is the lung's half-width)."""


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thorax:
    """The build of one patient. Lengths are fractions of the image side.

    apex, dome: heights of the lung tops and of the (right, left) diaphragm domes. half_width: of the lungs at their
    widest. heart_scale: heart width against the usual. wall: soft tissue beside the ribs. flatness: 1 for ordinary
    domes, less for flat ones. effusion: how high fluid stands at (right, left), 0 none.
    """

    pose: Pose
    apex: float
    dome: tuple[float, float]
    half_width: float
    heart_scale: float
    wall: float
    armpit: float
    shoulder: float
    flatness: float
    effusion: tuple[float, float]

    @property
    def height(self) -> float:
        """From the lung apex to the right dome."""
        return self.dome[0] - self.apex

    def places(self, side: int, reach_share: Floats, height_share: Floats) -> Floats:
        """Patient places (n, 2) inside a lung: (n,) 0 hilar to 1 outer edge, (n,) 0 apex to 1 dome."""
        lateral = np.interp(height_share, LATERAL_T, LATERAL_SHARE) * self.half_width
        medial = np.interp(height_share, MEDIAL_T, (MEDIAL_RIGHT, MEDIAL_LEFT)[side])
        reach = (medial + reach_share * (lateral - medial)) * (1.0 if side else -1.0)
        return np.stack([0.5 + reach, self.apex + height_share * (self.dome[side] - self.apex)], axis=1)

    def place(self, side: int, reach_share: float, height_share: float) -> tuple[float, float]:
        """One such place."""
        x, y = self.places(side, np.array([reach_share]), np.array([height_share]))[0]
        return float(x), float(y)


def draw_thorax(rng: np.random.Generator) -> Thorax:
    """A random adult or child in a random, mostly upright position."""
    apex = rng.uniform(0.07, 0.15)
    right_dome = apex + rng.uniform(0.55, 0.70)
    pose = Pose(rng.normal(0.0, 2.2), rng.uniform(0.92, 1.08), rng.normal(0.0, 0.014), rng.normal(0.0, 0.015))
    return Thorax(
        pose=pose,
        apex=apex,
        dome=(right_dome, right_dome + rng.uniform(0.01, 0.04)),
        half_width=rng.uniform(0.335, 0.42),
        heart_scale=float(np.clip(rng.normal(0.9, 0.11), 0.68, 1.25)),
        wall=rng.uniform(0.025, 0.10),
        armpit=rng.uniform(0.34, 0.55),
        shoulder=rng.uniform(-0.04, 0.05),
        flatness=rng.uniform(0.7, 1.15),
        effusion=(0.0, 0.0),
    )


@dataclass(frozen=True)
class ThoraxFields:
    """A Thorax drawn out over the pixels.

    offset: signed distance from the middle line, positive on the patient's left. reach: its absolute value. y: patient
    height. height: 0 at the apex, 1 at the dome. rib_reach: 0 middle, 1 outer edge of the rib cage. The distances are
    positive inside: beside the outer lung edge, beside the mediastinum, above the diaphragm, within the torso, the
    arms. lung: 0/1 soft. air: depth of lung crossed by the beam, 0..1. outline: hard 0/1 lungs.
    """

    offset: Field
    reach: Field
    y: Field
    height: Field
    left: NDArray[np.bool_]
    reach_index: NDArray[np.intp]
    rib_reach: Field
    mediastinum: Field
    above_dome: Field
    torso: Field
    arm: Field
    lung: Field
    air: Field
    outline: NDArray[np.bool_]


def _two_sided(right: Field, left: Field, index: NDArray[np.intp], is_left: NDArray[np.bool_]) -> Field:
    """Read a right-hand and a left-hand table at once."""
    both = np.concatenate([right, left])
    return both[index + is_left * TABLE_STEPS]


def rise(depth: Field, scale: float) -> Field:
    """0 at the surface, towards 1 deep inside; one half at the given depth."""
    inside: Field = np.maximum(depth, np.float32(0.0))
    share: Field = inside / (inside + np.float32(scale))
    return share


def _dome_tables(thorax: Thorax) -> tuple[Field, Field]:
    """Height of the diaphragm, or of the fluid above it, by reach: (right, left)."""
    drop = np.asarray(DOME_DROP) * thorax.flatness
    tables = []
    for side in (0, 1):
        height = curve_table(DOME_SHARE, thorax.dome[side] + drop)
        if thorax.effusion[side] > 0:  # fluid climbs along the outer wall: the meniscus
            share = np.linspace(0.0, 1.25, TABLE_STEPS, dtype=np.float32)
            fluid = thorax.dome[side] + 0.02 - thorax.effusion[side] * (0.25 + 0.75 * share**3)
            height = np.minimum(height, fluid.astype(np.float32))
        tables.append(height)
    return tables[0], tables[1]


def _squeezed(knots: list[float]) -> list[float]:
    """Heights -0.5..1.5 as table places 0..1."""
    return [knot * 0.5 + 0.25 for knot in knots]


def lay_out(thorax: Thorax, size: int) -> ThoraxFields:
    """Draw the thorax's borders over a size x size film."""
    x, y = thorax.pose.grid(size)
    offset = x - np.float32(0.5)
    reach, left = np.abs(offset), offset > 0
    height = (y - np.float32(thorax.apex)) * np.float32(1.0 / thorax.height)
    # Tables run over [0, 1]; heights from -0.5 to 1.5 are squeezed into that.
    at_height = table_index(height * np.float32(0.5) + np.float32(0.25))
    reach_index = table_index(reach)

    beside_left = soft_step(offset, 0.10)
    lateral = curve_table(_squeezed(LATERAL_T), np.asarray(LATERAL_SHARE) * thorax.half_width)[at_height]
    medial_knots, heart = _squeezed(MEDIAL_T), thorax.heart_scale
    right = 0.045 + (np.asarray(MEDIAL_RIGHT) - 0.045) * heart
    left_edge = 0.045 + (np.asarray(MEDIAL_LEFT) - 0.045) * heart
    medial = _two_sided(curve_table(medial_knots, right), curve_table(medial_knots, left_edge), at_height, left)
    dome_index = table_index(reach * np.float32(0.8 / thorax.half_width))
    right_dome, left_dome = (table[dome_index] for table in _dome_tables(thorax))
    above_dome = right_dome + beside_left * (left_dome - right_dome) - y

    d_lateral, d_medial = lateral - reach, reach - medial
    # The lung top is a cap around the middle of its width there.
    cap = height + np.float32(0.02) - np.square((reach - np.float32(0.115)) * np.float32(5.5)) * np.float32(0.35)
    outline = (d_lateral > 0) & (d_medial > 0) & (above_dome > 0) & (cap > 0)
    lung = (
        soft_step(d_lateral, 0.022) * soft_step(d_medial, 0.036) * soft_step(above_dome, 0.018) * soft_step(cap, 0.05)
    )
    # The beam crosses less lung near the chest wall and before the heart's curved border.
    depth = (np.float32(0.35) + np.float32(0.65) * rise(d_lateral, 0.035)) * (
        np.float32(0.70) + np.float32(0.36) * rise(d_medial, 0.03)
    )
    thin_top = np.float32(0.62) + np.float32(0.38) * np.clip(cap * np.float32(4.0), 0.0, 1.0)
    below_top = y - _shoulder_line(thorax)[reach_index]
    return ThoraxFields(
        offset=offset,
        reach=reach,
        y=y,
        height=height,
        left=left,
        reach_index=reach_index,
        rib_reach=reach / (lateral + np.float32(0.012)),
        mediastinum=-d_medial,
        above_dome=above_dome,
        torso=np.minimum(d_lateral + np.float32(thorax.wall), below_top),
        arm=np.minimum(below_top, _beyond_armpit(thorax, reach, y)),
        lung=lung,
        air=lung * depth * thin_top,
        outline=outline,
    )


def _shoulder_line(thorax: Thorax) -> Field:
    """Height of the body's upper edge by reach: neck, shoulder, upper arm."""
    usual = np.array([-0.5, -0.30, -0.03, 0.015, 0.035, 0.055, 0.10, 0.18, 0.34, 0.8])
    return curve_table([0.0, 0.07, 0.10, 0.14, 0.22, 0.32, 0.42, 0.50, 0.58, 0.70], thorax.shoulder + usual)


def _beyond_armpit(thorax: Thorax, reach: Field, y: Field) -> Field:
    """Distance above the armpit or, below it, on the arm's side of the gap between arm and chest."""
    armpit_reach = thorax.half_width * 0.95 + thorax.wall
    beside = reach - np.float32(armpit_reach) - (y - np.float32(thorax.armpit)) * np.float32(0.30)
    above = np.float32(thorax.armpit) - y - np.float32(0.6) * np.maximum(np.float32(armpit_reach) - reach, 0.0)
    distance: Field = np.maximum(beside, above)
    return distance
