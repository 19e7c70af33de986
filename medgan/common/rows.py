"""Writing a NumPy file row by row, when the number of rows is known only at the end."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

Rows = NDArray[Any]


class RowWriter:
    """Appends rows of one shape and type to a `.npy` file; on leaving, the header tells how many there are.

    NumPy pads a header so that its first dimension may grow: it can be rewritten in place.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: DTypeLike = np.uint8) -> None:
        self._path = path
        self._row_shape = row_shape
        self._dtype = np.dtype(dtype)
        self.rows = 0

    def __enter__(self) -> Self:
        self._stream = open(self._path, "w+b")
        self._write_header()
        return self

    def append(self, row: Rows) -> None:
        """Add one row; its shape and type must be the file's."""
        if row.shape != self._row_shape or row.dtype != self._dtype:
            raise ValueError(f"{self._path.name}: row {row.shape} {row.dtype}, not {self._row_shape} {self._dtype}")
        self._stream.write(np.ascontiguousarray(row).data)
        self.rows += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stream.seek(0)
            self._write_header()
            self._stream.flush()
            os.fsync(self._stream.fileno())
        finally:
            self._stream.close()

    def _write_header(self) -> None:
        header = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.rows, *self._row_shape),
        }
        np.lib.format.write_array_header_1_0(self._stream, header)


def keep_rows(path: Path, kept: Sequence[int]) -> None:
    """Shorten a `.npy` file to the given rows, which must ascend, without loading it whole."""
    temporary = path.with_suffix(".tmp")
    rows = np.load(path, mmap_mode="r", allow_pickle=False)
    with RowWriter(temporary, rows.shape[1:]) as writer:
        for index in kept:
            writer.append(rows[index])
    del rows
    temporary.replace(path)
