"""Fetching a file: whole, cut short, gone on with, replaced meanwhile, refused."""

from pathlib import Path
from typing import Any

import pytest

from medgan.common.download import discard, fetch
from medgan.common.errors import WorkFailed
from medgan.common.progress import Silent


@pytest.fixture
def url(publisher: Any) -> str:
    """Where a file of 3 MiB lies."""
    publisher.files["big.zip"] = bytes(range(256)) * (3 << 12)
    publisher.ranges = True
    return str(publisher.url).rsplit("/", 1)[0] + "/big.zip"


def test_progress_counts_mib(publisher: Any, url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []

    class Listening(Silent):
        def update(self, done: int, total: int, message: str = "") -> None:
            told.append((done, total, message))

    fetch(url, tmp_path / "f", Listening(), "downloading big.zip")
    assert told == [(1, 3, "downloading big.zip, MiB"), (2, 3, told[0][2]), (3, 3, told[0][2])]
    assert (tmp_path / "f").read_bytes() == publisher.files["big.zip"]


@pytest.mark.parametrize("etag", ["", '"one"'])
def test_a_cut_connection_is_one_line_and_the_next_asks_for_the_rest(
    publisher: Any, url: str, tmp_path: Path, etag: str
) -> None:
    publisher.etag = etag
    content = publisher.files["big.zip"]
    publisher.files["big.zip"], publisher.held_back = content[:-1000], 1000
    with pytest.raises(WorkFailed, match=r"broke off after \d+ of 3145728 bytes .*goes on with it, or ask him"):
        fetch(url, tmp_path / "f", Silent(), "big", "or ask him")
    publisher.files["big.zip"], publisher.held_back, publisher.sent = content, 0, 0
    fetch(url, tmp_path / "f", Silent(), "big")
    assert (tmp_path / "f").read_bytes() == content
    assert publisher.sent == 1000
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["f"], "no mark is left"


def test_a_file_that_was_replaced_meanwhile_comes_whole(publisher: Any, url: str, tmp_path: Path) -> None:
    publisher.etag, publisher.held_back = '"one"', 5
    with pytest.raises(WorkFailed, match="broke off"):
        fetch(url, tmp_path / "f", Silent(), "big")
    publisher.etag, publisher.held_back = '"two"', 0
    publisher.files["big.zip"] = b"another version"
    fetch(url, tmp_path / "f", Silent(), "big")
    assert (tmp_path / "f").read_bytes() == b"another version"


def test_another_part_than_was_asked_for_is_refused(publisher: Any, url: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"begun")
    publisher.content_range = "bytes 99-100/101"
    with pytest.raises(WorkFailed, match="sent bytes 99-100/101, not from byte 5"):
        fetch(url, tmp_path / "f", Silent(), "big")
    assert (tmp_path / "f").read_bytes() == b"begun"


def test_discarding_begins_anew(publisher: Any, url: str, tmp_path: Path) -> None:
    publisher.etag, publisher.held_back = '"one"', 5
    with pytest.raises(WorkFailed, match="broke off"):
        fetch(url, tmp_path / "f", Silent(), "big")
    discard(tmp_path / "f")
    assert not [path for path in tmp_path.iterdir() if path.is_file()]
