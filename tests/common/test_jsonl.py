"""JSON lines: rows are added whole, and a line torn by a fault costs itself alone."""

import os
from pathlib import Path

import pytest

from medgan.common.jsonl import append_jsonl, read_jsonl, write_jsonl

ROWS = [{"step": 1, "loss": 0.25}, {"step": 2, "loss": 0.125}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two rows."""
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, ROWS)
    return path


def test_rows_that_are_added_one_by_one_make_the_file_that_is_written_whole(path: Path, tmp_path: Path) -> None:
    grown = tmp_path / "grown.jsonl"
    for row in ROWS:
        append_jsonl(grown, row)
    assert grown.read_bytes() == path.read_bytes()
    assert read_jsonl(grown) == ROWS


def test_a_missing_file_and_an_empty_one_have_no_rows(tmp_path: Path) -> None:
    assert read_jsonl(tmp_path / "none.jsonl") == []
    write_jsonl(tmp_path / "empty.jsonl", [])
    assert read_jsonl(tmp_path / "empty.jsonl") == []
    append_jsonl(tmp_path / "empty.jsonl", ROWS[0])
    assert read_jsonl(tmp_path / "empty.jsonl") == ROWS[:1]


@pytest.mark.parametrize("torn", [b'{"step": 3, "lo', b"\x00\x00", b"[1, 2]", b'{"comment": "caf\xc3'])
def test_a_torn_last_line_is_skipped_and_cut_off_by_the_next_row(path: Path, torn: bytes) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert read_jsonl(path) == ROWS
    append_jsonl(path, {"step": 3})
    assert path.read_bytes() == whole + b'{"step": 3}\n'


def test_a_file_of_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"st')
    append_jsonl(path, ROWS[0])
    assert path.read_text() == '{"step": 1, "loss": 0.25}\n'


def test_a_row_that_lacks_its_line_end_alone_is_read_and_stays(path: Path) -> None:
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read_jsonl(path) == ROWS
    append_jsonl(path, {"step": 3})
    assert read_jsonl(path) == [*ROWS, {"step": 3}]


def test_a_row_without_the_fields_that_are_asked_for_is_skipped(path: Path) -> None:
    append_jsonl(path, {"stfp": 3, "loss": 0.5})
    append_jsonl(path, {"step": "3", "loss": 0.5})
    assert read_jsonl(path, step=int, loss=float) == ROWS
    assert len(read_jsonl(path, loss=float)) == 4


@pytest.mark.parametrize("text", ["two\nlines", "a\u2028b", "a\x85b", "caf\u00e9 \u2013 \u80ba"])
def test_any_text_stays_in_its_row(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.jsonl"
    append_jsonl(path, {"comment": text})
    assert read_jsonl(path) == [{"comment": text}]


def test_lines_of_other_programs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"comment":"caf\u00e9\u2028"}\r\n\r\n{"step":2}\r\n'.encode())
    assert read_jsonl(path) == [{"comment": "caf\u00e9\u2028"}, {"step": 2}]


def test_a_row_is_on_the_disk_before_the_next_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(os.fstat(descriptor).st_size))
    append_jsonl(path, {"step": 3})
    assert seen == [path.stat().st_size]
