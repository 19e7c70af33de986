"""The radiomic feature space: what radiologists' software measures in pictures, without any trained network.

Hand-made features of grey levels, texture, frequency bands and shape, after the Image Biomarker Standardisation
Initiative (IBSI, arXiv:1612.07003) where it defines them, and meant for distances between sets as in the Frechet
radiomic distance (arXiv:2412.01496). Each column is a fraction, a logarithm or a ratio, of order one, so that a
distance taken after dividing each column by the real set's spread is not ruled by a few columns.
"""

import numpy as np
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.metrics.features import Extractor, Features
from medgan.metrics.pictures import Pictures, Uint8, grey
from medgan.metrics.radiomic_bands import fourier_features, wavelet_features
from medgan.metrics.radiomic_contrast import contrast_features
from medgan.metrics.radiomic_intensity import colour_features, gradient_features, intensity_features, layout_features
from medgan.metrics.radiomic_shape import shape_features
from medgan.metrics.radiomic_texture import cooccurrence_features, run_length_features

STRUCTURE = "structure"
# Below 0.01 a single odd image among a hundred rules the distance, by a feature that hardly varies among the others.
LEAST_SPREAD, LEAST_SPREAD_OF_SHAPES = 0.01, 0.05
SMALLEST_SIDE = 16
"""Pixels; below this the coarser bands and distances have nothing to measure."""


class Radiomic(Extractor):
    """Radiomic features: of the image, of the shape of each structure, and of the image inside it against outside.

    Images alone give 90 columns (grey) or 107 (RGB, whose texture is that of its grey levels), masks 21 a structure,
    both together all of these and 9 (grey) or 13 (RGB) a structure. Every value is finite for any picture.
    Distances in pixels do not grow with the picture, so sets to be compared must have one size.
    """

    batch = 64

    def __call__(self, pictures: Pictures) -> Features:
        """Features of any number of pictures, pool float32 (n, columns); each row depends on its own picture only.

        Raises BadInput for pictures under 16 pixels a side.
        """
        sides = next(rows.shape[1:3] for rows in (pictures.images, pictures.masks) if rows is not None)
        if min(sides) < SMALLEST_SIDE:
            raise BadInput(
                f"pictures of {sides[1]} x {sides[0]} pixels are too small for radiomic features: "
                f"use at least {SMALLEST_SIDE} pixels a side"
            )
        pool = np.empty((len(pictures), len(self.names(pictures))), np.float32)
        for row in range(len(pictures)):
            image, masks = (None if part is None else part[row] for part in (pictures.images, pictures.masks))
            pool[row] = list(_measured(image, masks).values())
        return Features(pool)

    def least_spreads(self, pictures: Pictures) -> NDArray[np.float32]:
        """Shapes are often constant (one piece, no hole), and one pixel must not be endlessly far off; (columns,)."""
        shapes = [name.startswith(STRUCTURE) for name in self.names(pictures)]
        return np.where(shapes, LEAST_SPREAD_OF_SHAPES, LEAST_SPREAD).astype(np.float32)

    def names(self, pictures: Pictures) -> tuple[str, ...]:
        """Name of each column for what these pictures hold, e.g. `cooccurrence_contrast_2` or `structure1_area`."""
        image, masks = (
            None if part is None else np.zeros((SMALLEST_SIDE, SMALLEST_SIDE, part.shape[3]), np.uint8)
            for part in (pictures.images, pictures.masks)
        )
        return tuple(_measured(image, masks))


def _measured(image: Uint8 | None, masks: Uint8 | None) -> dict[str, float]:
    """Every feature of one image (h, w, 1 or 3), its masks (h, w, structures) of 0/1, or both."""
    levels = None if image is None else _grey_levels(image)
    found = {} if image is None or levels is None else _image_features(image, levels)
    for structure in range(0 if masks is None else masks.shape[2]):
        assert masks is not None
        mask = np.ascontiguousarray(masks[..., structure] > 0)
        features = shape_features(mask)
        if image is not None and levels is not None:
            features |= contrast_features(image, levels, mask)
        found |= {f"{STRUCTURE}{structure + 1}_{name}": value for name, value in features.items()}
    return found


def _image_features(image: Uint8, levels: Uint8) -> dict[str, float]:
    found = intensity_features(levels) | gradient_features(levels) | layout_features(levels)
    found |= cooccurrence_features(levels) | run_length_features(levels)
    found |= wavelet_features(levels) | fourier_features(levels)
    return found | colour_features(image) if image.shape[2] == 3 else found


def _grey_levels(image: Uint8) -> NDArray[np.uint8]:
    """Grey levels (h, w), laid out row by row so that sums round alike whatever array they came from."""
    return np.ascontiguousarray(grey(image[None])[0, ..., 0])
