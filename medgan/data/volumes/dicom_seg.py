"""DICOM SEG: label volumes whose header names what they outline, through highdicom in the guard process."""

from pathlib import Path
from typing import Any

import numpy as np

from medgan.data.guard import guarded
from medgan.data.volumes.volume import Label, Volume


def read_seg(path: Path, megavoxel_limit: int) -> tuple[Volume, tuple[Label, ...]]:
    """The label volume of a DICOM SEG and its labels; raises Unusable."""
    from medgan.data.volumes.seg_reader import read_by_highdicom  # takes seconds: only where there is one

    limits: dict[str, Any] = {"seconds": 4 + path.stat().st_size / 1e6, "megabytes": 1024 + 8 * megavoxel_limit}
    voxels, affine, named = guarded(read_by_highdicom, path, megavoxel_limit, **limits)
    return Volume(voxels, np.array(affine)), tuple(Label(number, name, layer) for number, name, layer in named)
