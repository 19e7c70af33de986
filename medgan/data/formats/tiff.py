"""TIFF: 8-bit, RGB, and the 16-bit and floating-point forms of scientific images."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from medgan.data.formats.raster import bytes_of
from medgan.data.formats.source_image import Pixels, ReadOptions, SourceImage, check_declared_size, too_large
from medgan.data.problems import Unusable

# tifffile also logs what it finds wrong; here every fault is raised, and named in the problems report.
tifffile.logger().setLevel(logging.CRITICAL)

# What tifffile decodes by itself, in every number type. The rest goes through Pillow's libtiff: the LZW decoder of
# tifffile's companion imagecodecs (2026.3.6) ends the whole process with a segmentation fault on damaged data.
OWN_COMPRESSIONS = {tifffile.COMPRESSION.NONE, tifffile.COMPRESSION.DEFLATE, tifffile.COMPRESSION.ADOBE_DEFLATE}
OWN_PREDICTORS: set[int] = {tifffile.PREDICTOR.NONE, tifffile.PREDICTOR.HORIZONTAL}
OWN_BITS = {1, 8, 16, 32, 64}
# What a picture may take in memory, for each pixel of the limit: grey of 32 bits, colour of 8. A megabyte of a file can
# hold a gigabyte of zeros.
BYTES_A_PIXEL = 4
MOST_PAGES = 100


def read_tiff(path: Path, options: ReadOptions) -> SourceImage:
    """Read a TIFF of one picture, grey or RGB; raises Unusable for a stack, which is a volume."""
    with tifffile.TiffFile(path) as file:
        _check_pages(file)
        series = file.series[0]
        if len(file.series) > 1 and not series.is_pyramidal:
            raise Unusable("not_supported", f"holds {len(file.series)} pictures; one a file is supported")
        axes = series.axes.replace("C", "S")
        if axes not in {"YX", "YXS", "SYX"}:
            raise Unusable("not_supported", f"holds a stack of shape {series.shape} ({series.axes}), not one picture")
        size = dict(zip(axes, series.shape, strict=True))
        check_declared_size(size["X"], size["Y"], options.pixel_limit)
        if series.nbytes > BYTES_A_PIXEL * options.pixel_limit:
            each = series.nbytes // (size["X"] * size["Y"])
            raise too_large(f"{size['X']} x {size['Y']} pixels of {each} bytes", options.pixel_limit)
        if size.get("S", 1) > 4:
            raise Unusable("not_supported", f"has {size['S']} channels; grey or RGB is supported")
        pixels = _by_tifffile(series, axes) if _needs_no_codec(series.keyframe) else _by_libtiff(path)
    return SourceImage(_supported(pixels), size["X"], size["Y"])


def _check_pages(file: tifffile.TiffFile) -> None:
    """Refuse what holds more pictures than levels of one, before each of them is looked at."""
    with suppress(IndexError):
        file.pages[MOST_PAGES]
        raise Unusable("not_supported", f"holds more than {MOST_PAGES} pictures; one a file is supported")


def _needs_no_codec(page: tifffile.TiffPage) -> bool:
    return page.compression in OWN_COMPRESSIONS and page.predictor in OWN_PREDICTORS and page.bitspersample in OWN_BITS


def _by_tifffile(series: tifffile.TiffPageSeries, axes: str) -> NDArray[Any]:
    """Pixels (h, w, c) of any number type; palette and inverted grey resolved."""
    page = series.keyframe
    pixels: NDArray[Any] = series.asarray()
    if page.colormap is not None:
        return np.moveaxis((page.colormap >> 8).astype(np.uint8)[:, pixels], 0, -1)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and pixels.dtype.kind in "ub":
        pixels = np.invert(pixels)
    if axes == "YX":
        return pixels[..., None]
    return np.moveaxis(pixels, 0, -1) if axes == "SYX" else pixels


def _by_libtiff(path: Path) -> NDArray[Any]:
    """Pixels (h, w, c) as Pillow gives them: bytes, uint16, float32, or signed integers as int32."""
    with Image.open(path, formats=("TIFF",)) as image:
        if image.mode[0] in "IF":
            return np.asarray(image)[..., None]
        return bytes_of(image)


def _supported(pixels: NDArray[Any]) -> Pixels:
    """(h, w, c) of any number type as one of the four that a source image may have, with 1 or 3 channels."""
    channels = 3 if pixels.shape[-1] >= 3 else 1  # a second or fourth channel is transparency
    kept = pixels[..., :channels]
    if kept.dtype == np.bool_:
        kept = kept.astype(np.uint8) * 255
    elif kept.dtype == np.int8 or kept.dtype.kind not in "uif":
        raise Unusable("not_supported", f"stores its pixels as {kept.dtype}")
    native = kept.dtype.newbyteorder("=")
    keeps_type = native in {np.dtype(number) for number in (np.uint8, np.uint16, np.int16)}
    return np.ascontiguousarray(kept, dtype=native if keeps_type else np.float32)
