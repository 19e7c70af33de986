"""Arrays of an artefact: read back as written, and one line where the file is no longer that."""

from pathlib import Path

import numpy as np
import pytest

from medgan.common.errors import BadInput
from medgan.common.stored import read_array, write_array

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
    with pytest.raises(BadInput, match="No such file"):
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
