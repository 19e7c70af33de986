"""Readers, one file a source format: path in, pixels as stored out. A new format is one file and one line
here."""

from pathlib import Path, PurePath

from medgan.common.errors import BadInput
from medgan.data.dicom import looks_like_dicom
from medgan.data.formats.dicom import read_dicom
from medgan.data.formats.raster import read_raster
from medgan.data.formats.source_image import Display, Pixels, Reader, ReadOptions, SourceImage
from medgan.data.formats.tiff import read_tiff
from medgan.data.problems import Unusable, why_unreadable

__all__ = [
    "NOT_YET",
    "READERS",
    "VOLUMES",
    "Display",
    "Pixels",
    "ReadOptions",
    "Reader",
    "SourceImage",
    "is_picture",
    "read_image",
    "suffix_of",
]

READERS: dict[str, Reader] = {
    ".png": read_raster,
    ".jpg": read_raster,
    ".jpeg": read_raster,
    ".tif": read_tiff,
    ".tiff": read_tiff,
    ".dcm": read_dicom,
    ".dicom": read_dicom,
}

# Formats of volumes, which are read whole and prepared slice by slice: see medgan.data.volumes.
VOLUMES: dict[str, str] = {
    ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
}

# Image formats that a user will expect to be read: told apart from files that are no images at all.
NOT_YET: dict[str, str] = {
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WebP",
    ".jp2": "JPEG 2000",
}


def suffix_of(file: PurePath) -> str:
    """The suffix that tells the format, in lower case, `.nii.gz` whole."""
    name = file.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else PurePath(name).suffix


def is_picture(path: Path) -> bool:
    """Whether there is a reader for a file: by its suffix, or by its beginning, since DICOM files often have none."""
    suffix = suffix_of(path)
    return suffix in READERS or (suffix not in {*NOT_YET, *VOLUMES} and looks_like_dicom(path))


def read_image(path: Path, options: ReadOptions | None = None) -> SourceImage:
    """Read one picture with the reader of its suffix, without one as DICOM; raises Unusable with one reason."""
    try:
        return READERS.get(suffix_of(path), read_dicom)(path, options or ReadOptions())
    except BadInput:
        raise
    except FileNotFoundError:
        raise Unusable("unreadable", "is not there (a broken link?)") from None
    # Decoders meet hostile and torn bytes with any exception there is; each means that this file cannot be
    # read.
    except Exception as error:
        raise Unusable("unreadable", why_unreadable(error)) from error
