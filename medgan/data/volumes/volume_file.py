"""NIfTI, NRRD and MetaImage, through SimpleITK in the guard process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medgan.data.formats import VOLUMES, suffix_of
from medgan.data.formats.source_image import Note
from medgan.data.guard import guarded
from medgan.data.problems import Unusable
from medgan.data.volumes.detached import data_files
from medgan.data.volumes.volume import Label, Volume, Voxels, affine_of

# The reader of each format: ITK is not left to guess by content, so that a file that lies gets no other decoder.
READERS = {"NIfTI": "NiftiImageIO", "NRRD": "NrrdImageIO", "MetaImage": "MetaImageIO"}
MEGAVOXEL_LIMIT = 400


@dataclass(frozen=True)
class VolumeFile:
    """What a file held: the volume as stored; the labels that it names itself; what was forgiven."""

    volume: Volume
    labels: tuple[Label, ...]
    notes: tuple[Note, ...]


def read_volume_file(path: Path, megavoxel_limit: int = MEGAVOXEL_LIMIT) -> VolumeFile:
    """Read a volume file of any suffix in VOLUMES; raises Unusable with one reason."""
    title = VOLUMES[suffix_of(path)]
    try:
        parts = [path, *(path.parent / name for name in data_files(path))] if title != "NIfTI" else [path]
        size = sum(part.stat().st_size for part in parts)
    except OSError as error:
        missing = Path(error.filename).name if error.filename else path.name
        raise Unusable("unreadable", f"{missing!r:.120}: {error.strerror}") from None  # a damaged name is no text
    from medgan.data.volumes.itk import read_by_itk  # takes half a second: only where there are volumes

    # So that a small file cannot keep anyone waiting: seconds by what lies on disk. Memory: the voxels of one volume,
    # a second time where they are turned into another type, and SimpleITK itself.
    limits: dict[str, Any] = {"seconds": 4 + size / 2e6, "megabytes": 512 + 8 * megavoxel_limit}
    voxels, facts = guarded(read_by_itk, str(path), title, READERS[title], megavoxel_limit, size, **limits)
    return _placed(voxels, facts)


def components_of(path: Path) -> int:
    """How many numbers a volume file has for each voxel, by its header; raises Unusable."""
    from medgan.data.volumes.itk import components_by_itk

    title = VOLUMES[suffix_of(path)]
    return guarded(components_by_itk, str(path), title, READERS[title], seconds=5)


def _placed(voxels: Voxels, facts: dict[str, Any]) -> VolumeFile:
    """The volume with its place in the patient, by what its header says."""
    size, header = facts["size"], facts["header"]
    notes: list[Note] = []
    if len(size) > 3 and (count := int(np.prod(size[3:]))) > 1:
        notes.append(("first_of_several", f"holds {count} volumes ({len(size)}-D); the first was taken"))
    if len(size) == 2:
        voxels = voxels[None]
    affine = _affine(facts)
    # Steps of 1 mm from the origin are what programs write that know no better.
    guessed = bool(np.allclose(np.abs(affine[:3, :3]), np.eye(3)[:, ::-1]) and np.allclose(affine[:3, 3], 0))
    unsaid = header.get("sform_code", "1") == header.get("qform_code", "1") == "0"
    if unsaid:  # NIfTI's axes lead to the front and to the head; left and right are anyone's guess, ITK's is kept
        affine[1] *= -1
    placed = not (guessed or unsaid)
    if not placed:
        notes.append(("turned", "does not say how it lies in the patient; the orientation is a guess"))
    return VolumeFile(Volume(voxels, affine, placed), _named_labels(header), tuple(notes))


def _affine(facts: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """ITK's origin, spacing and direction as the affine of (k, j, i); what a 2-D file leaves out is filled in."""
    dimensions = len(facts["size"])
    known = min(dimensions, 3)
    steps, origin = np.eye(3), np.zeros(3)
    direction = np.array(facts["direction"]).reshape(dimensions, dimensions)[:known, :known]
    steps[:known, :known] = direction * np.array(facts["spacing"][:known])
    origin[:known] = facts["origin"][:known]
    if not (np.isfinite(steps).all() and np.isfinite(origin).all()) or abs(np.linalg.det(steps)) < 1e-12:
        raise Unusable("unreadable", "its spacing and directions span no volume")
    return affine_of(origin, steps[:, ::-1])


def _named_labels(header: dict[str, str]) -> tuple[Label, ...]:
    """Labels as 3D Slicer writes them into NRRD: Segment0_Name beside Segment0_LabelValue and Segment0_Layer."""
    labels = []
    for key, value in header.items():
        if key.endswith("_LabelValue") and value.strip().isdigit():
            segment = key.removesuffix("_LabelValue")
            name, layer = header.get(f"{segment}_Name", "").strip(), header.get(f"{segment}_Layer", "0").strip()
            labels.append(Label(int(value), name, int(layer) if layer.isdigit() else 0))
    return tuple(sorted(label for label in labels if label.name))
