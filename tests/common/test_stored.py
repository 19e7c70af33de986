"""Arrays of an artefact: read back as written, and one line where the file is no longer that."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from medgan.common.errors import BadInput
from medgan.common.stored import read_array, read_table, write_array

ARRAY = np.arange(20) / 7


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "scores.npy"
    write_array(path, ARRAY)
    return path


def test_an_array_is_read_as_it_was_written(path: Path) -> None:
    assert np.array_equal(read_array(path), ARRAY)


def test_what_is_no_array_any_more_is_one_line(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    np.savez(tmp_path / "several.npz", ARRAY)
    for content in (
        b"",
        whole[:5],
        whole[:-1],
        bytes(len(whole)),
        whole + b"\0",
        (tmp_path / "several.npz").read_bytes(),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=r"scores.npy: damaged \("):
            read_array(path)
    path.unlink()
    with pytest.raises(BadInput, match=r"scores.npy: gone; `python -m medgan check`"):
        read_array(path)


@pytest.mark.filterwarnings("ignore:Reading `.npy`:UserWarning")
def test_no_bit_of_the_header_makes_an_array_of_another_shape_or_another_error(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(8 * (len(whole) - ARRAY.nbytes)):
        content = bytearray(whole)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(content)
        try:
            assert read_array(path).shape == ARRAY.shape
        except BadInput:
            continue


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    with pytest.raises(BadInput, match="damaged"):
        read_array(tmp_path / "objects.npy")


def test_no_damaged_byte_of_a_table_is_another_error(tmp_path: Path) -> None:
    """Most of a small table is its footer, which pyarrow and pandas believe."""
    path = tmp_path / "items.parquet"
    rows = pd.DataFrame({"id": ["a", "b"], "label": ["x", None], "step": [1, 2]})
    rows.attrs["step"] = 7
    rows.to_parquet(path)
    whole, rng, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(600):
        content = bytearray(whole)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        try:
            read_table(path)
        except BadInput as error:
            refused += str(error).startswith(f"{path}: damaged (")
    assert refused > 100


def test_what_is_gone_or_out_of_reach_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    with pytest.raises(BadInput, match=r"items.parquet: gone; `python -m medgan check`"):
        read_table(folder / "items.parquet")
    folder.rmdir()  # the whole of it was deleted meanwhile: nothing is damaged
    with pytest.raises(BadInput, match=r"items.parquet: gone$"):
        read_table(folder / "items.parquet")
    write_array(tmp_path / "scores.npy", ARRAY)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(BadInput, match=r"scores.npy: cannot be read \(Permission denied\)$"):
        read_array(tmp_path / "scores.npy")
