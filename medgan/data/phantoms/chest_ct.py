"""Axial chest CT slices in the window [-1200, 400] HU, with lung, heart and trachea outlined."""

from __future__ import annotations

import numpy as np

from medgan.data.phantoms.ct_lung import paint_bronchi, paint_fissures, paint_liver, paint_vessels
from medgan.data.phantoms.ct_mediastinum import Sheets, paint_mediastinum
from medgan.data.phantoms.ct_wall import (
    AIR,
    Build,
    draw_build,
    grey_of,
    paint_body,
    paint_breastbone,
    paint_ribs,
    paint_shoulder_blades,
    paint_spine,
    paint_table,
)
from medgan.data.phantoms.family import Phantom, PhantomFamily
from medgan.data.phantoms.fields import Field, fractal_noise, unit_grid
from medgan.data.phantoms.strokes import Canvas


def _painted(rng: np.random.Generator, build: Build, size: int) -> Sheets:
    """The slice without noise, and its outlines. Later paint covers earlier, so the order is from outside in."""
    outline_side = max(256, size)  # an outline needs no shades, so a smaller sheet will do
    lung, heart, trachea = (Canvas(size, side=outline_side, pose=build.pose) for _ in range(3))
    sheets = Sheets(Canvas(size, AIR, pose=build.pose), lung, heart, trachea)
    lung_grey = grey_of(rng.uniform(-905, -840))
    paint_table(rng, build, sheets.grey)
    paint_body(rng, build, sheets.grey)
    paint_ribs(rng, build, sheets.grey)
    paint_shoulder_blades(rng, build, sheets.grey)
    inner = build.contour()
    sheets.grey.polygon(inner, lung_grey)
    sheets.lung.polygon(inner, 255)
    paint_fissures(rng, build, sheets.grey, lung_grey)
    paint_vessels(rng, build, sheets.grey)
    paint_liver(rng, build, sheets)
    paint_spine(rng, build, sheets.grey, sheets.lung)
    paint_mediastinum(rng, build, sheets)
    paint_bronchi(rng, build, sheets.grey)
    paint_breastbone(rng, build, sheets.grey)
    return sheets


def _scanned(rng: np.random.Generator, build: Build, sheets: Sheets) -> Field:
    """The painted slice as a scanner gives it: uneven tissue, denser lung at the back, noise, round field of view."""
    slice_grey = sheets.grey.field()
    size = slice_grey.shape[0]
    x, y = unit_grid(size)
    lung = sheets.lung.field() * np.float32(1.0 / 255.0)
    behind = np.clip((y - np.float32(0.5)) * np.float32(1.0 / build.cavity_y), -1.0, 1.0)
    slope = np.float32(rng.uniform(2.0, 8.0))
    patches = np.float32(2.5) * fractal_noise(rng, size, 6, 3)
    slice_grey = slice_grey + lung * (slope * behind + patches) + np.float32(1.2) * fractal_noise(rng, size, 24, 2)
    noise = min(rng.gamma(4.0, 1.1) + 1.5, 10.0)
    round_view, radius = rng.random() < 0.7, rng.uniform(0.49, 0.505)
    pixels = rng.standard_normal((size, size), dtype=np.float32)
    # A larger pixel averages over more of the same noise.
    pixels *= np.float32(noise * min(1.0, (size / 256.0) ** 0.5))
    slice_grey = np.clip(slice_grey + pixels, 0.0, 255.0)
    if round_view:
        outside = np.square(x - np.float32(0.5)) + np.square(y - np.float32(0.5)) > np.float32(radius**2)
        slice_grey[outside] = 0.0
    scanned: Field = slice_grey
    return scanned


def draw_chest_ct(rng: np.random.Generator, _label: str, size: int) -> Phantom:
    """One slice; heart or trachea are empty masks where the level has none of them. There is only one class."""
    build = draw_build(rng)
    sheets = _painted(rng, build, size)
    masks = [(sheet.field() > 127.5).astype(np.uint8) for sheet in (sheets.lung, sheets.heart, sheets.trachea)]
    image = _scanned(rng, build, sheets).astype(np.uint8)
    return Phantom(image[:, :, None], np.stack(masks, axis=2))


CHEST_CT = PhantomFamily(
    name="chest_ct",
    title="Axial chest CT slice",
    classes=("ct",),
    structures=("lung", "heart", "trachea"),
    channels=1,
    draw=draw_chest_ct,
)
