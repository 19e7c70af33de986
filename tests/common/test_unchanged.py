"""Files that are read again and again: read anew where they changed, and only there."""

from pathlib import Path

import pytest

from medgan.common.artefact import write_atomic
from medgan.common.errors import BadInput
from medgan.common.unchanged import while_unchanged


@pytest.fixture
def reads() -> list[str]:
    return []


def reader(reads: list[str]):
    @while_unchanged
    def read(path: Path) -> str:
        if not path.exists():
            raise BadInput(f"{path} is gone")
        reads.append(path.read_text())
        return reads[-1]

    return read


def test_a_file_is_read_once_until_it_is_written_again(tmp_path: Path, reads: list[str]) -> None:
    read, path = reader(reads), tmp_path / "a.json"
    for content in ("one", "two"):  # as long, and within one tick of the file system's clock
        write_atomic(path, content)
        assert [read(path), read(path)] == [content, content]
    assert reads == ["one", "two"]


def test_a_file_that_goes_and_comes_back_is_asked_for_anew(tmp_path: Path, reads: list[str]) -> None:
    read, path = reader(reads), tmp_path / "a.json"
    with pytest.raises(BadInput, match="is gone"):
        read(path)
    write_atomic(path, "here")
    assert read(path) == "here"
    path.unlink()
    with pytest.raises(BadInput, match="is gone"):
        read(path)
