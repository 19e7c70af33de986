"""Artefacts exist from the moment their manifest is written, and never before."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from medgan.common.artefact import (
    MANIFEST,
    FinishedArtefact,
    Manifest,
    atomic_file,
    checked_name,
    commit,
    damaged_files,
    name_from,
    new_id,
    read_manifest,
    remove_artefact,
    typed_name,
    write_atomic,
    write_manifest,
)
from medgan.common.errors import BadInput
from medgan.common.home import shipped_runs_folder


class Thing(FinishedArtefact):
    kind = "set"


class OfOtherKind(FinishedArtefact):
    kind = "run"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FinishedArtefact, "root", lambda: tmp_path, raising=False)


def make(root: Path, name: str = "thing") -> tuple[Path, Manifest]:
    folder = root / new_id(name)
    folder.mkdir(parents=True)
    (folder / "data.bin").write_bytes(b"12345")
    manifest = commit(
        folder, kind="set", id=folder.name, name=name, config={"a": 1}, parents=[], environment={}, summary={"count": 5}
    )
    return folder, manifest


def test_a_committed_artefact_is_listed_found_and_whole(tmp_path: Path) -> None:
    folder, manifest = make(tmp_path)
    assert Thing.all() == [Thing(folder, manifest)]
    assert OfOtherKind.all() == []
    assert Thing.open("thing") == Thing.open(manifest.id) == Thing(folder, manifest)
    assert damaged_files(folder) == []
    assert manifest.files["data.bin"].bytes == 5


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    folder, _ = make(tmp_path)
    (folder / "data.bin").write_bytes(b"12346")
    assert damaged_files(folder) == ["data.bin"]
    (folder / "data.bin").unlink()
    assert damaged_files(folder) == ["data.bin"]


def test_unfinished_and_damaged_folders_are_not_listed(tmp_path: Path) -> None:
    folder, _ = make(tmp_path)
    (tmp_path / "unfinished").mkdir()
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text()[:50])
    assert Thing.all() == []
    with pytest.raises(BadInput, match="not finished"):
        Thing.read(tmp_path / "unfinished")
    with pytest.raises(BadInput, match="damaged"):
        Thing.read(folder)


def test_the_newest_of_a_name_is_found_and_others_by_id(tmp_path: Path) -> None:
    older, older_manifest = make(tmp_path)
    newer, _ = make(tmp_path)
    assert [thing.folder for thing in Thing.all()] == [newer, older]
    assert Thing.open("thing").folder == newer
    assert Thing.open(older_manifest.id).folder == older
    with pytest.raises(BadInput, match=r"no set named 'other' \(there is: thing\)"):
        Thing.open("other")
    with pytest.raises(BadInput, match=r"no run named 'thing' \(there is: none yet\)"):
        OfOtherKind.open("thing")


def test_an_artefact_describes_itself(tmp_path: Path) -> None:
    folder, manifest = make(tmp_path)
    told = Thing.read(folder).describe()
    assert told == {
        "id": folder.name,
        "name": "thing",
        "folder": str(folder),
        "created": manifest.created.isoformat(),
        "count": 5,
    }


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_atomic(path, "old")

    def fail() -> None:
        with atomic_file(path) as stream:
            stream.write(b"half of the new")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["value.json"]


SUMMARY = {"helps": 0, "by": {"größe": 1e-05, "share": 0.1 + 0.2, "least": -2.5e-300}, "none": None, "all": [True, "é"]}


def test_no_bit_of_a_manifest_can_change_what_it_says(tmp_path: Path) -> None:
    folder, manifest = make(tmp_path)
    write_manifest(folder, manifest.model_copy(update={"summary": SUMMARY}))
    path = folder / MANIFEST
    whole, written = path.read_bytes(), read_manifest(folder)
    assert written.summary == SUMMARY
    accepted = 0
    for bit in range(0, 8 * len(whole), 7):  # every place of a byte in turn
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.unlink()  # so that it is read anew, whatever the clock says
        path.write_bytes(flipped)
        try:
            found = read_manifest(folder)
        except BadInput:
            continue
        assert found == written, f"bit {bit % 8} of {whole[: bit // 8 + 1]!r}"
        accepted += 1
    assert accepted <= 2  # 1e-05 is 1E-05, and so is the other number


class TestOfAnotherVersion:
    def test_later_with_more_in_it_is_read_and_held_against_all_of_it(self, tmp_path: Path) -> None:
        folder, _ = make(tmp_path)
        plain = json.loads((folder / MANIFEST).read_text()) | {"added_later": True}
        del plain["content_sha256"]
        digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
        (folder / MANIFEST).write_text(json.dumps(plain | {"content_sha256": digest}))
        assert read_manifest(folder).name == "thing"
        (folder / MANIFEST).write_text(json.dumps(plain | {"content_sha256": digest, "added_later": False}))
        with pytest.raises(BadInput, match="its checksum is another"):
            read_manifest(folder)

    def test_earlier_without_a_checksum_is_read(self, tmp_path: Path) -> None:
        folder, manifest = make(tmp_path)
        earlier = manifest.model_copy(update={"schema_version": 1})
        (folder / MANIFEST).write_text(earlier.model_dump_json(indent=2))
        assert read_manifest(folder) == earlier

    def test_shipped_is_whole(self) -> None:
        shipped = sorted(shipped_runs_folder().iterdir())
        assert len(shipped) == 3
        assert [damaged_files(folder) for folder in shipped] == [[], [], []]


def test_an_id_is_a_safe_name_and_hardly_ever_the_same(tmp_path: Path) -> None:
    assert re.fullmatch(r"thing-\d{8}-\d{6}-[0-9a-f]{8}", new_id("thing"))
    folder, _ = make(tmp_path, "x" * 80)
    assert checked_name(folder.name) == folder.name


def test_a_removed_artefact_is_gone(tmp_path: Path) -> None:
    folder, _ = make(tmp_path)
    remove_artefact(folder)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a..b", "x" * 81, "nul\0", "white space"])
def test_names_that_could_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="use 1 to 80 letters"):
        checked_name(name)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("fastgan", "films", "normal"), "fastgan-films-normal"),
        (("dcgan", None, "HER2+"), "dcgan-HER2"),
        (("my scans (2)",), "my-scans-2"),
        (("正常",), "unnamed"),
        (("x" * 200,), "x" * 80),
    ],
)
def test_any_words_make_a_safe_name(parts: tuple[str | None, ...], name: str) -> None:
    assert name_from(*parts) == name
    assert checked_name(name) == name


def test_a_typed_name_has_dashes_for_blanks() -> None:
    assert typed_name("  chest films 64 ") == "chest-films-64"
    assert typed_name("  ") == ""
    with pytest.raises(BadInput, match="use 1 to 80 letters"):
        typed_name("<script>alert(1)</script>")


def test_of_many_names_a_message_lists_some(tmp_path: Path) -> None:
    for number in range(22):
        make(tmp_path, f"thing{number:02d}")
    with pytest.raises(BadInput, match=r"there is: thing\d\d, .* and 2 more\)"):
        Thing.open("other")
