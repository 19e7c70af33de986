"""PNG files that carry text: of 8 bits a channel, or of 16."""

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngInfo, putchunk

from medgan.common.pictures import to_pil

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}
"""What the format calls grey and RGB, by their channels."""


def png_with_text(pixels: Pixels, texts: Mapping[str, str]) -> bytes:
    """One picture (h, w, 1 or 3) as the bytes of a PNG file, with texts by their keywords.

    Texts are tEXt chunks where Latin-1 can write them, else iTXt chunks (PNG specification, 3rd edition, 11.3.3).
    """
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    if pixels.dtype == np.uint16:
        return _deep(pixels.astype(np.uint16, copy=False), info)
    buffer = io.BytesIO()
    to_pil(pixels.astype(np.uint8, copy=False)).save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def _deep(pixels: NDArray[np.uint16], info: PngInfo) -> bytes:
    """A PNG file of 16 bits a channel: Pillow writes none in colour."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    unfiltered = np.pad(rows, ((0, 0), (1, 0)))  # a row's first byte names its filter: 0 is none
    buffer = io.BytesIO(SIGNATURE)
    buffer.seek(0, io.SEEK_END)
    putchunk(buffer, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0))
    for chunk in info.chunks:
        putchunk(buffer, chunk[0], chunk[1])
    putchunk(buffer, b"IDAT", zlib.compress(unfiltered.tobytes()))
    putchunk(buffer, b"IEND")
    return buffer.getvalue()
