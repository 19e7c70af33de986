"""Shape features: size, place, form and outline of one structure in its mask."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.measure import euler_number, perimeter_crofton

from medgan.metrics.radiomic_levels import Float64

Bool = NDArray[np.bool_]
SMOOTHED_PIXELS = 5
"""Side of the square whose majority smooths an outline, to see how ragged it was."""


def shape_features(mask: Bool) -> dict[str, float]:
    """Features of the structure that is true in (h, w), however many pieces it has; all zero where there is none.

    present: 1. area: share of the picture; diameter: its root. centre_x, centre_y (to the right, downward), width and
    height: over the picture's. extent, solidity: area over that of the bounding box, of the convex hull.
    pieces, holes: log(1 + number), pieces joined at corners. largest_piece: share of the area. border: share of the
    picture's outermost pixels covered. perimeter: log(1 + Crofton's estimate over half the picture's own).
    circularity: 4 pi area / perimeter^2, at most 1. convexity: hull's perimeter over the structure's, at most 1.
    roughness: log(1 + pixels that a 5 x 5 majority changes, a pixel of the hull's outline). dispersion: log of mean
    squared distance to the centre over a disc's. elongation: the second moments' difference along the axes (positive:
    wider than high) and the diagonals, over their sum, -1 to 1. eccentricity: that of the ellipse of the same moments.
    """
    if not mask.any():
        return dict.fromkeys(shape_features(np.ones((1, 1), np.bool_)), 0.0)
    y, x = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    cropped = mask[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    found = _place(mask, int(y[0]), int(x[0]), cropped)
    return found | _pieces(cropped) | _outline(cropped, sum(mask.shape)) | _moments(cropped)


def _place(mask: Bool, top: int, left: int, cropped: Bool) -> dict[str, float]:
    """Size and place in the picture of the structure whose bounding box is cropped out of it at top, left."""
    height, width = mask.shape
    area = np.count_nonzero(mask)
    centre_y, centre_x = _centre(cropped)
    frame = np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])
    return {
        "present": 1.0,
        "area": area / mask.size,
        "diameter": float(np.sqrt(area / mask.size)),
        "centre_x": (left + centre_x + 0.5) / width,
        "centre_y": (top + centre_y + 0.5) / height,
        "width": cropped.shape[1] / width,
        "height": cropped.shape[0] / height,
        "extent": area / cropped.size,
        "border": float(frame.mean()),
    }


def _centre(mask: Bool) -> tuple[float, float]:
    """Mean row and column of the true pixels of (h, w)."""
    area = np.count_nonzero(mask)
    along_y, along_x = mask.sum(axis=1), mask.sum(axis=0)
    return float(along_y @ np.arange(along_y.size)) / area, float(along_x @ np.arange(along_x.size)) / area


def _pieces(mask: Bool) -> dict[str, float]:
    labels, pieces = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    holes = pieces - euler_number(mask, connectivity=2)  # type: ignore[no-untyped-call]
    return {
        "pieces": float(np.log1p(pieces)),
        "largest_piece": float(sizes.max() / sizes.sum()),
        "holes": float(np.log1p(holes)),
    }


def _outline(mask: Bool, picture_sides: int) -> dict[str, float]:
    area = np.count_nonzero(mask)
    perimeter = float(perimeter_crofton(mask, directions=4))  # type: ignore[no-untyped-call]
    hull = ConvexHull(_corners(mask))  # of points in a plane: its volume is the area, its area the perimeter
    margin = np.pad(mask, SMOOTHED_PIXELS // 2).astype(np.float32)
    smoothed = ndimage.uniform_filter(margin, SMOOTHED_PIXELS, mode="constant") > 0.5
    return {
        "perimeter": float(np.log1p(perimeter / picture_sides)),
        "circularity": min(4 * np.pi * area / perimeter**2, 1.0),
        "convexity": min(float(hull.area) / perimeter, 1.0),
        "solidity": area / float(hull.volume),
        "roughness": float(np.log1p(np.count_nonzero(smoothed != (margin > 0)) / hull.area)),
    }


def _corners(mask: Bool) -> Float64:
    """Corners (points, 2) of the first and last true pixel of every row of (h, w): all that a convex hull can touch."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows][:, ::-1].argmax(axis=1)
    ends = [np.stack([row, column], axis=1) for row in (rows, rows + 1) for column in (first, last)]
    return np.concatenate(ends).astype(np.float64)


def _moments(mask: Bool) -> dict[str, float]:
    """Form by second moments, with the 1/12 of each pixel's own extent, so that one pixel is as round as a square."""
    area = np.count_nonzero(mask)
    centre_y, centre_x = _centre(mask)
    y, x = np.arange(mask.shape[0]) - centre_y, np.arange(mask.shape[1]) - centre_x
    vertical = float(mask.sum(axis=1) @ y**2) / area + 1 / 12
    horizontal = float(mask.sum(axis=0) @ x**2) / area + 1 / 12
    shared = float(y @ (mask @ x)) / area
    total = horizontal + vertical
    along, diagonal = (horizontal - vertical) / total, 2 * shared / total
    elongation = min(float(np.hypot(along, diagonal)), 1.0)  # (major - minor) / (major + minor), of squared axes
    return {
        "dispersion": float(np.log(2 * np.pi * total / area)),
        "elongation_axis": along,
        "elongation_diagonal": diagonal,
        "eccentricity": float(np.sqrt(2 * elongation / (1 + elongation))),
    }
