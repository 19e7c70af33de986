"""Reading by SimpleITK: what runs in the guard process, since native code meets files from anywhere."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from medgan.data.problems import Unusable
from medgan.data.volumes.volume import Voxels

# No compression of these formats but bzip2 (NRRD) makes voxels smaller than this: a file that claims more lies.
LARGEST_RATIO = 1100
sitk: Any = SimpleITK  # it comes without types


def read_by_itk(path: str, title: str, reader: str, megavoxel_limit: int, size: int) -> tuple[Voxels, dict[str, Any]]:
    """Voxels as (k, j, i[, components]) and what the header says; runs in the guard process.

    size: bytes that the file has on disk. Raises Unusable.
    """
    itk = _reader(path, reader)
    try:
        itk.ReadImageInformation()
        dimensions, components = itk.GetSize(), itk.GetNumberOfComponents()
        _check_declared(dimensions, components, megavoxel_limit, size)
        if path.lower().endswith(".nii"):
            _check_whole(itk, dimensions, size)
        if len(dimensions) > 3:
            itk.SetExtractSize([*dimensions[:3], *(0 for _ in dimensions[3:])])
        image = itk.Execute()
    except RuntimeError as error:
        raise Unusable("unreadable", f"cannot be read as {title} ({_reason(error, path)})") from None
    facts = {
        "size": dimensions,
        "spacing": itk.GetSpacing(),
        "origin": itk.GetOrigin(),
        "direction": itk.GetDirection(),
        "header": {key: itk.GetMetaData(key) for key in itk.GetMetaDataKeys() if _is_of_use(key)},
        "title": title,
    }
    return compact(sitk.GetArrayViewFromImage(image)), facts  # copied: the view dies with its image


def components_by_itk(path: str, title: str, reader: str) -> int:
    """Numbers a voxel, by the header alone; runs in the guard process. Raises Unusable."""
    itk = _reader(path, reader)
    try:
        itk.ReadImageInformation()
    except RuntimeError as error:
        raise Unusable("unreadable", f"cannot be read as {title} ({_reason(error, path)})") from None
    return int(itk.GetNumberOfComponents())


def _reader(path: str, reader: str) -> Any:
    # A transform that is a little off right angles is common in NIfTI files, and no reason to refuse them.
    os.environ["ITK_NIFTI_SFORM_PERMISSIVE"] = "yes"
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    itk = sitk.ImageFileReader()
    itk.SetImageIO(reader)
    itk.SetFileName(path)
    return itk


def _is_of_use(key: str) -> bool:
    return key in {"sform_code", "qform_code"} or key.startswith("Segment")


def _check_declared(dimensions: tuple[int, ...], components: int, megavoxel_limit: int, size: int) -> None:
    """Refuse a volume by what its header declares, before memory is set aside for it."""
    voxels = int(np.prod([float(length) for length in dimensions]) * components)
    shape = " x ".join(map(str, dimensions))
    if voxels > megavoxel_limit * 1_000_000:
        raise Unusable("too_large", f"declares {shape} voxels; the megavoxel limit is {megavoxel_limit}")
    if voxels > LARGEST_RATIO * size:
        raise Unusable("unreadable", f"declares {shape} voxels, more than its {size} bytes can hold")
    if voxels < 1:
        raise Unusable("unreadable", f"declares an empty volume ({shape})")


def _check_whole(itk: Any, dimensions: tuple[int, ...], size: int) -> None:
    """ITK takes zeros for what is missing of an uncompressed NIfTI file."""
    bits, first = float(itk.GetMetaData("bitpix")), float(itk.GetMetaData("vox_offset"))
    if first + bits / 8 * float(np.prod([float(length) for length in dimensions])) > size:
        raise Unusable("unreadable", "is cut short: it holds fewer voxels than its header declares")


def _reason(error: RuntimeError, path: str) -> str:
    """The last line of ITK's account, without the folders and the memory addresses of this machine."""
    lines = [line.strip() for line in str(error).replace(path, Path(path).name).splitlines() if line.strip()]
    return re.sub(r"^(ITK ERROR: |itk::ERROR: )*(\w+\(0x[0-9a-f]+\): )?", "", lines[-1])[:160]


def compact(voxels: Voxels) -> Voxels:
    """A copy in the smallest of uint8, int16, uint16 and float32 that holds the numbers: what a picture may have."""
    kept = {np.dtype(kind) for kind in (np.uint8, np.int16, np.uint16, np.float32)}
    if voxels.dtype in kept:
        return np.array(voxels)
    if voxels.dtype.kind in "iu":
        low, high = voxels.min(), voxels.max()
        for kind in (np.int16, np.uint16):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return voxels.astype(kind)
    if voxels.dtype.kind not in "iuf":
        raise Unusable("not_supported", f"stores its voxels as {voxels.dtype}")
    return voxels.astype(np.float32)
