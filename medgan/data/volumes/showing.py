"""One grey scale for all slices of a volume: a slice by itself would be as bright as its neighbours are not."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from medgan.data.formats import Display
from medgan.data.intensity import HOUNSFIELD_BELOW, Intensity
from medgan.data.volumes.volume import Voxels

# Percentiles of a volume are taken from about so many of its voxels.
SAMPLED = 2_000_000


def scale_of(intensity: Intensity, voxels: Voxels, display: Display | None) -> Callable[[Voxels], NDArray[np.uint8]]:
    """How every slice (h, w[, c]) of a volume is made bytes: by one window for all, or the range of the whole volume.

    display: what the file says of it; without that, numbers as low as no other picture's are Hounsfield units.
    """
    step = max(1, round((voxels.size / SAMPLED) ** (1 / 3)))
    sample = np.nan_to_num(voxels[::step, ::step, ::step])
    shown = display or Display(hounsfield=float(sample.min()) < HOUNSFIELD_BELOW)
    as_it_is = voxels.dtype == np.uint8 and not shown.windows
    window = None if as_it_is else intensity.showing(sample, shown)

    def to_bytes(pixels: Voxels) -> NDArray[np.uint8]:
        bytes_ = pixels if window is None else window.to_bytes(np.nan_to_num(pixels))
        return 255 - bytes_ if shown.inverted else bytes_

    return to_bytes
