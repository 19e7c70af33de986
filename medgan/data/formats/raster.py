"""PNG (8 and 16 bit) and JPEG, through Pillow."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from medgan.data.formats.source_image import Pixels, ReadOptions, SourceImage, check_declared_size, too_large

# Image.open tells formats by content: with this list a file that lies about its type gets no other decoder.
FORMATS = ("PNG", "JPEG")


def read_raster(path: Path, options: ReadOptions) -> SourceImage:
    """Read a PNG or JPEG: upright by its EXIF orientation, palette and CMYK as RGB, transparency over black.

    16-bit grey PNG stays uint16; 16-bit colour comes as uint8 (its high bytes), all that Pillow gives.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:  # reads the header only
            check_declared_size(*image.size, options.pixel_limit)
            swapped = image.getexif().get(0x0112, 1) >= 5
            width, height = image.size[::-1] if swapped else image.size
            if options.enough:
                image.draft(None, (options.enough, options.enough))  # JPEG: decodes at 1/2, 1/4 or 1/8
            return SourceImage(_pixels(ImageOps.exif_transpose(image)), width, height)
    except Image.DecompressionBombError:  # beyond Pillow's own limit, which is above any of ours
        raise too_large("more pixels than can be read", options.pixel_limit) from None


def _pixels(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):  # 16-bit grey; mode "I" is Pillow's older convention for it
        return np.asarray(np.clip(np.asarray(image), 0, 65535), dtype=np.uint16)[..., None]
    return bytes_of(image)


def bytes_of(image: Image.Image) -> NDArray[np.uint8]:
    """An 8-bit picture of any mode as (h, w, 1) grey or (h, w, 3) RGB; transparency over black."""
    if image.mode in {"LA", "La", "RGBA", "RGBa", "PA"} or "transparency" in image.info:
        image = _over_black(image.convert("RGBA"))
    grey = image.mode in {"1", "L"}
    pixels = np.asarray(image.convert("L" if grey else "RGB"), dtype=np.uint8)
    return pixels[..., None] if grey else pixels


def _over_black(image: Image.Image) -> Image.Image:
    black = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, image).convert("RGB")
