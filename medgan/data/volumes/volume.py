"""A volume in the patient's space, and turning it so that every volume is seen the same way."""

from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Voxels = NDArray[Any]
PLANES = ("sagittal", "coronal", "axial")
# Axes that lie further than this from the patient's are worth a word.
TILT_DEGREES = 5.0


@dataclass(frozen=True)
class Volume:
    """Numbers on a grid in the patient.

    voxels: (k, j, i) or (k, j, i, channels), in modality units (Hounsfield units for CT).
    affine: (4, 4), leads from (k, j, i, 1) to (x, y, z, 1) in mm, by DICOM's axes: x to the patient's left,
    y to the back, z to the head. placed: whether the file says where its voxels lie; where it does not, the
    affine is a guess that no other file may be aligned by.
    """

    voxels: Voxels
    affine: NDArray[np.float64]
    placed: bool = True

    @property
    def shape(self) -> tuple[int, int, int]:
        slices, height, width = self.voxels.shape[:3]
        return slices, height, width

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """From one voxel's centre to the next along each of the three axes."""
        z, y, x = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)


@dataclass(frozen=True, order=True)
class Label:
    """What one number in a label volume stands for; layer: in which channel of the voxels it is meant."""

    number: int
    name: str = ""
    layer: int = 0


def affine_of(origin_mm: NDArray[np.float64], steps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine of a grid from its first voxel's centre (x, y, z) and the steps (3, 3) along k, j, i as columns."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps_mm, origin_mm
    return affine


def axial(volume: Volume) -> Volume:
    """The volume as axial slices from feet to head, front of the body up, the patient's right on the left side.

    Axes are swapped and reversed, never interpolated: an oblique volume takes the nearest axes. A view, no copy.
    """
    order = _nearest(_directions(volume.affine))
    affine = volume.affine[:, [*order, 3]]
    voxels = volume.voxels.transpose(*order, *range(3, volume.voxels.ndim))
    for axis, patient_axis in enumerate((2, 1, 0)):
        if affine[patient_axis, axis] < 0:
            voxels = np.flip(voxels, axis)
            affine[:3, 3] += affine[:3, axis] * (voxels.shape[axis] - 1)
            affine[:3, axis] *= -1
    return replace(volume, voxels=voxels, affine=affine)


def plane_of(volume: Volume) -> str:
    """In which plane the slices of a volume lie as stored: axial, coronal or sagittal, whichever is nearest."""
    return PLANES[(2, 1, 0)[_nearest(_directions(volume.affine)).index(0)]]


def tilt_degrees(volume: Volume) -> float:
    """The largest angle between an axis of the volume and the axis of the patient that it is taken for."""
    directions = _directions(volume.affine)
    order = _nearest(directions)
    nearest = min(abs(directions[patient_axis, axis]) for patient_axis, axis in zip((2, 1, 0), order, strict=True))
    return float(np.degrees(np.arccos(min(1.0, nearest))))


def _directions(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors of the axes k, j, i, as columns."""
    steps = affine[:3, :3]
    directions: NDArray[np.float64] = steps / np.linalg.norm(steps, axis=0)
    return directions


def _nearest(directions: NDArray[np.float64]) -> tuple[int, int, int]:
    """Which axes of a volume lie nearest to the patient's z, y and x."""

    def agreement(order: tuple[int, ...]) -> float:
        z, y, x = order
        return float(abs(directions[2, z]) + abs(directions[1, y]) + abs(directions[0, x]))

    z, y, x = max(permutations(range(3)), key=agreement)
    return z, y, x
