"""From a file's bytes to the numbers that it stores; compressed pixels are decoded in a guarded process."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.pixels.decoders  # loads the native decoders: their loading is not to count as time that a file takes
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from medgan.data.dicom.header import PIXEL_TAGS, DicomHeader
from medgan.data.dicom.parsing import opened, parse
from medgan.data.guard import guarded
from medgan.data.problems import Unusable

Stored = NDArray[Any]
KNOWN_COLOURS = frozenset(
    {"RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "MONOCHROME1", "MONOCHROME2"}
)
# Of a compressed picture: what decoding may take at least, and for each megapixel that its header declares.
SECONDS, SECONDS_A_MEGAPIXEL = 4.0, 1.0
MEGABYTES, MEGABYTES_A_MEGAPIXEL = 512, 12

assert pydicom.pixels.decoders


def stored_frames(path: Path, header: DicomHeader) -> Stored:
    """Frames (n, h, w, c) as stored: of any number type; colour as RGB, whatever it was coded as.

    Raises Unusable: cut short, damaged, of a coding that is not supported.
    """
    if header.photometric not in KNOWN_COLOURS:
        shown = header.photometric if re.fullmatch(r"[A-Z0-9_ ]{1,16}", header.photometric) else "an unknown kind"
        raise Unusable("not_supported", f"stores its colours as {shown}; grey, RGB, palette and YBR are supported")
    if not UID(header.transfer_syntax).is_transfer_syntax:
        raise Unusable("not_supported", "stores its pixels in an unknown or private coding")
    if not header.is_compressed:
        return decode(path, header.transfer_syntax, header.photometric)
    megapixels = header.rows * header.columns * len(header.frames) / 1e6
    return guarded(
        *(decode, path, header.transfer_syntax, header.photometric),
        seconds=SECONDS + SECONDS_A_MEGAPIXEL * megapixels,
        megabytes=int(MEGABYTES + MEGABYTES_A_MEGAPIXEL * megapixels),
    )


def decode(path: Path, transfer_syntax: str, photometric: str) -> Stored:
    """Frames (n, h, w, c) of a file; for the guarded process, else see `stored_frames`."""
    syntax = UID(transfer_syntax)
    with opened(path) as stream:
        try:
            pixels = pixel_array(stream, transfer_syntax_uid=syntax, allow_excess_frames=False)  # type: ignore[arg-type]
            stored = _with_all_axes(pixels, photometric)
            if photometric == "PALETTE COLOR":
                stored = _bytes_of_palette(apply_color_lut(stored[..., 0], parse(stream, PIXEL_TAGS)))
        except MemoryError:
            raise
        except Exception as error:  # decoders raise what they like on what is damaged
            raise _unusable(error, transfer_syntax) from None
    return np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))


def _with_all_axes(pixels: Stored, photometric: str) -> Stored:
    """(h, w), (n, h, w), (h, w, 3) or (n, h, w, 3) as (n, h, w, c)."""
    is_grey = photometric in {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
    with_channels = pixels[..., None] if is_grey else pixels
    return with_channels[None] if with_channels.ndim == 3 else with_channels


def _bytes_of_palette(colours: Stored) -> NDArray[np.uint8]:
    """RGB (..., 3) of a palette in bytes; many palettes of 16 bits hold bytes all the same."""
    if colours.dtype.itemsize > 1 and colours.max(initial=0) > 255:
        colours = colours >> 8
    return colours[..., :3].astype(np.uint8)


def _unusable(error: Exception, transfer_syntax: str) -> Unusable:
    """The one line for what a decoder said."""
    coding = UID(transfer_syntax).name
    if isinstance(error, NotImplementedError) or "missing required dependencies" in str(error):
        return Unusable("not_supported", f"stores its pixels as {coding}, which is not supported")
    text = " ".join(str(error).split())
    if "does not support 'JPEG Extended'" in text:
        return Unusable("not_supported", f"stores its pixels as {coding} of 12 bits, which is not supported")
    if "cannot reshape" in text or "actual length" in text or "insufficient" in text or "expected length" in text:
        return Unusable("unreadable", "is cut short: it holds fewer bytes of pixels than its header declares")
    if isinstance(error, AttributeError):
        return Unusable("unreadable", "its header lacks what its pixels need, or it holds no pixels")
    reason = text.rpartition("plugins: ")[2] or type(error).__name__
    return Unusable("unreadable", f"its pixels cannot be decoded as {coding} ({reason[:120]})")
