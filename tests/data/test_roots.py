"""Folders that may be read by path."""

from pathlib import Path

import pytest

from medgan.common.errors import BadInput
from medgan.common.home import downloads_folder, uploads_folder
from medgan.data.roots import VARIABLE, inside_roots


def test_every_folder_may_be_read_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert inside_roots(tmp_path) == tmp_path


def test_only_what_lies_inside_after_links_are_resolved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, medgan_home: Path
) -> None:
    allowed, outside = tmp_path / "allowed", tmp_path / "outside"
    for folder in (allowed / "films", outside):
        folder.mkdir(parents=True)
    (allowed / "way_out").symlink_to(outside)
    monkeypatch.setenv(VARIABLE, f"{allowed}:{tmp_path / 'other'}")
    assert inside_roots(allowed / "films") == (allowed / "films").resolve()
    for refused in (outside, allowed / "way_out", allowed / ".." / "outside", tmp_path, tmp_path / "allowed_too"):
        with pytest.raises(BadInput, match="lies outside the folders that may be read here"):
            inside_roots(refused)
    assert inside_roots(uploads_folder() / "films") == (uploads_folder() / "films").resolve()


def test_uploads_are_read_where_the_workspace_is_a_link(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, medgan_home: Path
) -> None:
    disk = tmp_path / "large_disk"
    disk.mkdir()
    (medgan_home / "workspace").symlink_to(disk)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "films"))
    for folder in (uploads_folder() / "films", downloads_folder() / "films"):
        assert inside_roots(folder) == folder.resolve()
    with pytest.raises(BadInput, match="lies outside"):
        inside_roots(disk)
