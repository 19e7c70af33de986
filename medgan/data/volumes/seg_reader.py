"""Reading by highdicom: what runs in the guard process."""

from pathlib import Path
from typing import Any

import highdicom
import numpy as np

from medgan.data.problems import Unusable
from medgan.data.volumes.volume import Voxels

Named = list[tuple[int, str, int]]


def read_by_highdicom(path: Path, megavoxel_limit: int) -> tuple[Voxels, list[list[float]], Named]:
    """Voxels (k, j, i) of segment numbers, or (k, j, i, segments) of 0 and 1 where segments overlap; the affine; and
    number, name and layer of each. Raises Unusable."""
    seg: Any = highdicom.seg.segread(path)
    geometry = seg.get_volume_geometry()
    if geometry is None:
        raise Unusable("not_supported", "is a segmentation whose frames do not lie in one volume")
    numbers = [int(number) for number in seg.segment_numbers]
    names = {number: seg.get_segment_description(number).segment_label for number in numbers}
    size = int(np.prod([float(side) for side in geometry.spatial_shape]))
    _check_size(size, geometry.spatial_shape, megavoxel_limit)
    fractional = str(seg.SegmentationType) == "FRACTIONAL"
    try:
        if fractional:
            raise RuntimeError  # shares of voxels are no labels before they are cut at a half
        volume = seg.get_volume(combine_segments=True)
        named = [(number, names[number], 0) for number in numbers]
        voxels = volume.array
    except RuntimeError:  # segments overlap
        _check_size(size * len(numbers), (*geometry.spatial_shape, len(numbers)), megavoxel_limit)
        again: Any = highdicom.seg.segread(path)  # what raised left its tables locked
        volume = again.get_volume(combine_segments=False)
        named = [(1, names[number], layer) for layer, number in enumerate(numbers)]
        voxels = volume.array >= 0.5
    dtype = np.uint8 if voxels.dtype == np.bool_ or int(voxels.max()) < 256 else np.uint16
    return voxels.astype(dtype), volume.affine.tolist(), named


def _check_size(size: int, shape: tuple[int, ...], megavoxel_limit: int) -> None:
    if size > megavoxel_limit * 1_000_000:
        declared = " x ".join(map(str, shape))
        raise Unusable("too_large", f"declares {declared} voxels; the megavoxel limit is {megavoxel_limit}")
