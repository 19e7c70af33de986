"""Readers, one file a source format: path in, pixels as stored out. A new format is one file and one line
here."""

from pathlib import Path, PurePath

from medgan.data.formats.raster import read_raster
from medgan.data.formats.source_image import Pixels, Reader, ReadOptions, SourceImage
from medgan.data.formats.tiff import read_tiff
from medgan.data.problems import Unusable

__all__ = ["NOT_YET", "READERS", "Pixels", "ReadOptions", "Reader", "SourceImage", "read_image", "suffix_of"]

READERS: dict[str, Reader] = {
    ".png": read_raster,
    ".jpg": read_raster,
    ".jpeg": read_raster,
    ".tif": read_tiff,
    ".tiff": read_tiff,
}

# Image formats that a user will expect to be read: told apart from files that are no images at all.
NOT_YET: dict[str, str] = {
    ".dcm": "DICOM",
    ".dicom": "DICOM",
    ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WebP",
    ".jp2": "JPEG 2000",
}


def suffix_of(file: PurePath) -> str:
    """The suffix that tells the format, in lower case, `.nii.gz` whole."""
    name = file.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else PurePath(name).suffix


def read_image(path: Path, options: ReadOptions | None = None) -> SourceImage:
    """Read one picture with the reader of its suffix; raises Unusable with one reason."""
    try:
        return READERS[suffix_of(path)](path, options or ReadOptions())
    except Unusable:
        raise
    except FileNotFoundError:
        raise Unusable("unreadable", "is not there (a broken link?)") from None
    # Decoders meet hostile and torn bytes with any exception there is; each means that this file cannot be
    # read.
    except Exception as error:
        raise Unusable("unreadable", _reason(error)) from error


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    if "cannot identify image file" in text:
        return "is not what its name says, or damaged at its beginning"
    return f"cannot be decoded ({text[:160]})"
