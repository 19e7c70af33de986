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

# A deflated file of more bytes than this when inflated is refused: a large image has a fifth of it. A header is looked
# for in the first of them only: other files of the folder are read at the same time.
MOST_INFLATED = 256 * 2**20
MOST_INFLATED_HEADER = 16 * 2**20
INFLATED_AT_ONCE = 2**20
LONGEST_VALUE = "1 MB"  # of a header's element; look-up tables have an eighth of it
MOST_READS = 2**20  # of a few bytes of a header; a thousand frames of a hundred elements each take a third of them


@contextmanager
def opened(path: Path, only_header: bool = False) -> Iterator[IO[bytes]]:
    """A file as a stream of a DICOM file that is not deflated; only_header: of one that is, no more than its beginning.

    Raises Unusable where it is a bomb, or cannot be inflated; OSError where it cannot be opened.
    """
    with open(path, "rb") as stream:
        if _is_deflated(stream):
            yield _inflated(path, stream, only_header)
        else:
            yield stream


def parse(stream: IO[bytes], tags: Sequence[str]) -> Dataset:
    """The elements of the header with those keywords; the pixels are left in the stream.

    Raises Unusable where it is no DICOM.
    """
    stream.seek(0)
    options = {"stop_before_pixels": True, "force": True, "defer_size": LONGEST_VALUE}
    try:
        return dcmread(_Counted(stream), specific_tags=list(tags), **options)  # type: ignore[arg-type]
    except Exception:  # a file from anywhere: there is no exception that a header cannot cause
        raise Unusable("unreadable", "is not DICOM, or its header is damaged") from None


class _Counted:
    """A stream that ends where a header would have been read long ago: a million empty elements keep one waiting."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.seek, self.tell, self._read = stream.seek, stream.tell, stream.read
        self._left = MOST_READS

    def read(self, size: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise EOFError
        return self._read(size)


def _is_deflated(stream: IO[bytes]) -> bool:
    stream.seek(0)
    return DeflatedExplicitVRLittleEndian.encode() in stream.read(META_BYTES)


def _inflated(path: Path, stream: IO[bytes], only_header: bool) -> IO[bytes]:
    """The same file without compression."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plain = DicomBytesIO()
    plain.write(b"\0" * PREAMBLE + b"DICM")
    write_file_meta_info(plain, meta, enforce_standard=False)
    try:
        stream.seek(META_BEGINS + int(read_file_meta_info(path).FileMetaInformationGroupLength))
        is_whole = _inflate(stream, plain, MOST_INFLATED_HEADER if only_header else MOST_INFLATED)
    except Exception:  # of zlib, and of a header from anywhere
        raise Unusable("unreadable", "is deflated, and damaged") from None
    if not (is_whole or only_header):
        raise Unusable("too_large", f"inflates to more than {MOST_INFLATED // 2**20} MiB")
    return plain  # type: ignore[return-value]


def _inflate(packed: IO[bytes], plain: DicomBytesIO, most_bytes: int) -> bool:
    """Inflate piece by piece, so that a bomb takes no more memory than it may; returns whether that was all."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left = most_bytes
    while not inflater.eof and (piece := inflater.unconsumed_tail or packed.read(INFLATED_AT_ONCE)):
        if left <= 0:
            return False
        inflated = inflater.decompress(piece, min(left, INFLATED_AT_ONCE))
        plain.write(inflated)
        left -= len(inflated)
    plain.write(inflater.flush())  # the last few bytes, where a piece was just full
    return True
