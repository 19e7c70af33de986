"""Reading the arrays and tables of an artefact; a damaged file is one line that names it."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from medgan.common.errors import BadInput


def open_bytes(path: Path) -> NDArray[np.uint8]:
    """A `.npy` file of bytes as a read-only memory map; never unpickles. Raises BadInput where it is damaged."""
    try:
        array: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadInput(f"{path}: damaged ({error})") from None
    return array


def read_table(path: Path) -> pd.DataFrame:
    """A Parquet file as a table. Raises BadInput where it is damaged."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: damaged ({str(error).splitlines()[0]})") from None
