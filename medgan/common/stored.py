"""Reading and writing the arrays and tables of an artefact; a damaged file is one line that names it."""

import io
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.artefact import unreadable, write_atomic

NOT_AN_ARRAY = (OSError, ValueError, EOFError, SyntaxError, tokenize.TokenError)
"""What NumPy raises for a file that holds no array; it reads the header as Python."""


def open_bytes(path: Path) -> NDArray[np.uint8]:
    """A `.npy` file of bytes as a read-only memory map; never unpickles.

    Raises BadInput where it is damaged or gone.
    """
    try:
        array: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="r")  # np.load would open ZIP files, too
    except NOT_AN_ARRAY as error:
        raise unreadable(path, error) from None
    return array


def read_array(path: Path) -> NDArray[Any]:
    """A `.npy` file as an array in memory; never unpickles. Raises BadInput where it is damaged or gone."""
    try:
        with open(path, "rb") as stream:
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
            if stream.read(1):
                raise ValueError("longer than it says")
    except NOT_AN_ARRAY as error:
        raise unreadable(path, error) from None
    return array


def read_table(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """A Parquet file, or some of its columns, as a table. Raises BadInput where it is damaged or gone."""
    try:
        return pd.read_parquet(path, columns=columns)
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged footer leads pyarrow and pandas to
        raise unreadable(path, error) from None


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write a small array as a `.npy` file, atomically.

    By way of memory: `np.save` to a file says of a full disk neither that it is one nor its error number.
    """
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    write_atomic(path, content.getvalue())
