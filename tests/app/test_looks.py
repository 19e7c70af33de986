"""Looking at folders: what changes their stamps, and that a page looks once."""

from pathlib import Path

from medgan.app.looks import once_a_page, one_look, stamps, stamps_of_files
from medgan.common.artefact import write_atomic


def test_stamps_change_with_every_file_that_counts_and_no_other(tmp_path: Path) -> None:
    seen = [stamps(tmp_path / "runs", "run.json")]
    for name in ("a/run.json", "b/run.json"):
        write_atomic(tmp_path / "runs" / name, "1")
        seen.append(stamps(tmp_path / "runs", "run.json"))
    write_atomic(tmp_path / "runs" / "a" / "losses.jsonl", "1")
    assert stamps(tmp_path / "runs", "run.json") == seen[-1]
    write_atomic(tmp_path / "runs" / "a" / "run.json", "2")
    seen.append(stamps(tmp_path / "runs", "run.json"))
    (tmp_path / "runs" / "b" / "run.json").unlink()
    seen.append(stamps(tmp_path / "runs", "run.json"))
    assert len(set(seen)) == len(seen)


def test_stamps_of_files_change_with_those_of_the_ending(tmp_path: Path) -> None:
    before = stamps_of_files(tmp_path, ".jsonl")
    write_atomic(tmp_path / "a.txt", "1")
    assert stamps_of_files(tmp_path, ".jsonl") == before == stamps_of_files(tmp_path / "gone", ".jsonl")
    write_atomic(tmp_path / "a.jsonl", "1")
    assert stamps_of_files(tmp_path, ".jsonl") != before


def test_a_page_looks_once_and_a_part_that_is_drawn_anew_looks_anew() -> None:
    looks: list[int] = []

    @once_a_page
    def look() -> int:
        looks.append(1)
        return len(looks)

    with one_look():
        assert [look(), look()] == [1, 1]
    with one_look():
        assert look() == 2
    assert [look(), look()] == [3, 4]
