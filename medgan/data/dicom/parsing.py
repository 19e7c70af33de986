"""From a file to a pydicom data set of the few elements that are asked for, whatever the file is or claims to be."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_file_meta_info
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from medgan.data.dicom.sniffing import PREAMBLE
from medgan.data.problems import Unusable

META_BEGINS = PREAMBLE + 4 + 12  # behind the preamble, `DICM`, and the element that tells the meta header's length
META_BYTES = 4096  # within which a meta header names its transfer syntax

# A deflated file of more bytes than this when inflated is refused: a large image has a tenth of it.
MOST_INFLATED = 512 * 2**20
LONGEST_VALUE = "1 MB"  # of a header's element; look-up tables have an eighth of it


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file as a stream of a DICOM file that is not deflated.

    Raises Unusable where it is a bomb, or cannot be inflated; OSError where it cannot be opened.
    """
    with open(path, "rb") as stream:
        if _is_deflated(stream):
            yield _inflated(path, stream)
        else:
            yield stream


def parse(stream: IO[bytes], tags: Sequence[str]) -> Dataset:
    """The elements of the header with those keywords; the pixels are left in the stream.

    Raises Unusable where it is no DICOM.
    """
    stream.seek(0)
    try:
        return dcmread(stream, stop_before_pixels=True, force=True, specific_tags=list(tags), defer_size=LONGEST_VALUE)
    except Exception:  # a file from anywhere: there is no exception that a header cannot cause
        raise Unusable("unreadable", "is not DICOM, or its header is damaged") from None


def _is_deflated(stream: IO[bytes]) -> bool:
    stream.seek(0)
    return DeflatedExplicitVRLittleEndian.encode() in stream.read(META_BYTES)


def _inflated(path: Path, stream: IO[bytes]) -> IO[bytes]:
    """The same file without compression."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        stream.seek(META_BEGINS + int(read_file_meta_info(path).FileMetaInformationGroupLength))
        content = inflater.decompress(stream.read(), MOST_INFLATED)
    except Exception:  # of zlib, and of a header from anywhere
        raise Unusable("unreadable", "is deflated, and damaged") from None
    if inflater.unconsumed_tail:
        raise Unusable("too_large", f"inflates to more than {MOST_INFLATED // 2**20} MiB")
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plain = DicomBytesIO()
    plain.write(b"\0" * PREAMBLE + b"DICM")
    write_file_meta_info(plain, meta, enforce_standard=False)
    plain.write(content)
    return plain  # type: ignore[return-value]
