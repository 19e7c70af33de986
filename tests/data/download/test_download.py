"""Known sets from a server on this machine: what comes, what is refused, what goes on."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.home import downloads_folder
from medgan.common.progress import Silent
from medgan.data.download import archives_of, download, known_set, read_record, terms
from medgan.data.families import DATASETS, Archive
from medgan.data.layout import detect

PNG = bytes.fromhex("89504e470d0a1a0a")


def packed(*names: str, content: bytes = PNG) -> bytes:
    """A ZIP file of files that hold the same."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def small(publisher: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The publisher of set `small`: films.zip with a known checksum, masks.zip without one."""
    publisher.ranges = True
    films, masks = packed("films/a.png", "films/b.png"), packed("masks/a.png", "__MACOSX/a.png")
    publisher.files |= {"films.zip": films, "masks.zip": masks}
    base = publisher.url.rsplit("/", 1)[0]
    archives = (
        Archive(f"{base}/films.zip", "films.zip", "films", 0.01, hashlib.sha256(films).hexdigest()),
        Archive(f"{base}/masks.zip", "masks.zip", "masks", 0.01),
    )
    family = replace(DATASETS["melanoma"], name="small", archives=archives, homepage="its page")
    monkeypatch.setitem(DATASETS, "small", family)
    return publisher


def visible(folder: Path) -> list[str]:
    """What lies in a set's folder, besides lock and record."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") or path.is_dir())


def test_a_set_is_fetched_checked_unpacked_and_recorded(small: Any) -> None:
    found = download("small", Silent())
    assert found.folder == downloads_folder() / "small"
    assert visible(found.folder) == ["films", "masks"]
    assert (found.folder / "films" / "b.png").read_bytes() == PNG
    assert [(row.file, row.state, row.folder) for row in found.files] == [
        ("films.zip", "verified", "films"),
        ("masks.zip", "recorded", "masks"),
    ]
    assert found.files[1].sha256 == hashlib.sha256(small.files["masks.zip"]).hexdigest()
    assert found.files[1].bytes == len(small.files["masks.zip"])
    assert [str(item.image) for item in detect(found.folder, "images").items] == [
        *("films/a.png", "films/b.png", "masks/a.png")
    ], "lock and record are no images"
    small.files.clear()
    assert download("small", Silent()) == found, "it is here: nobody is asked"


def test_a_part_to_a_folder_of_ones_own(small: Any, tmp_path: Path) -> None:
    found = download("small", Silent(), "masks", tmp_path / "own")
    assert visible(tmp_path / "own") == ["masks"]
    assert [row.file for row in found.files] == ["masks.zip"]
    download("small", Silent(), folder=tmp_path / "own")
    assert visible(tmp_path / "own") == ["films", "masks"]


def test_files_without_a_folder_of_their_own_get_one(small: Any) -> None:
    small.files["masks.zip"] = packed("a.png", "b.png")
    assert visible(download("small", Silent(), "masks").folder) == ["masks"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_connection_goes_on(small: Any, ranges: bool) -> None:
    small.ranges = ranges
    content = small.files["films.zip"]
    small.files["films.zip"], small.held_back = content[:-40], 40
    with pytest.raises(WorkFailed, match=r"broke off .*: the same command goes on with it, or look at its page"):
        download("small", Silent())
    folder = downloads_folder() / "small"
    assert visible(folder) == ["films.zip.part"]
    assert read_record(folder) == {}
    small.files["films.zip"], small.held_back, small.sent = content, 0, 0
    download("small", Silent(), "films")
    assert small.sent == (40 if ranges else len(content))
    assert visible(folder) == ["films"]


def test_stopping_keeps_what_came(small: Any) -> None:
    class Impatient(Silent):
        def stop_requested(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        download("small", Impatient())
    assert visible(downloads_folder() / "small") == ["films.zip.part"]
    assert len(download("small", Silent()).files) == 2


def test_another_file_than_the_known_one_is_deleted(small: Any) -> None:
    small.files["films.zip"] = packed("films/a.png", content=b"another")
    with pytest.raises(WorkFailed, match=r"not the publisher's file \(SHA-256 begins with .* deleted; try again"):
        download("small", Silent())
    assert visible(downloads_folder() / "small") == []


def test_another_file_than_the_recorded_one_is_deleted(small: Any) -> None:
    folder = download("small", Silent(), "masks").folder
    (folder / "masks" / "a.png").unlink()
    (folder / "masks").rmdir()
    small.files["masks.zip"] = packed("masks/a.png", content=b"another")
    with pytest.raises(WorkFailed, match="not the file of the first download"):
        download("small", Silent(), "masks")
    assert visible(folder) == []


def test_a_page_in_place_of_the_file_is_deleted(small: Any) -> None:
    small.files["masks.zip"] = b"<html>this moved</html>"
    with pytest.raises(WorkFailed, match="what came is no ZIP file: deleted; look at its page"):
        download("small", Silent(), "masks")
    assert visible(downloads_folder() / "small") == []


def test_a_damaged_file_without_a_checksum_is_deleted(small: Any) -> None:
    content = bytearray(small.files["masks.zip"])
    content[content.index(PNG)] ^= 1
    small.files["masks.zip"] = bytes(content)
    with pytest.raises(WorkFailed, match=r"masks.zip: cannot be read as a ZIP file .*: deleted"):
        download("small", Silent(), "masks")
    assert visible(downloads_folder() / "small") == []
    assert read_record(downloads_folder() / "small") == {}


def test_a_file_that_leads_out_of_its_folder_is_refused(small: Any) -> None:
    small.files["masks.zip"] = packed("../out.png")
    with pytest.raises(BadInput, match="leads out of its folder; nothing was unpacked"):
        download("small", Silent(), "masks")
    assert not (downloads_folder() / "out.png").exists()


def test_what_is_not_there_is_one_line(small: Any) -> None:
    del small.files["films.zip"]
    with pytest.raises(WorkFailed, match=r"no such file for us \(404 Not Found\): try again later, or look at its"):
        download("small", Silent())
    with pytest.raises(BadInput, match=r"no known data set 'knees' \(there is: tuberculosis, covid_radiography, "):
        download("knees", Silent())
    with pytest.raises(BadInput, match=r"small has no part 'x' \(there is: films, masks\)"):
        download("small", Silent(), "x")
    with pytest.raises(BadInput, match="needs an account; `data download covid_radiography` says how"):
        download("covid_radiography", Silent())


def test_nothing_of_the_users_is_overwritten(small: Any, tmp_path: Path) -> None:
    (tmp_path / "own" / "films").mkdir(parents=True)
    with pytest.raises(BadInput, match="films: lies in the way; move it, or choose another --output"):
        download("small", Silent(), folder=tmp_path / "own")
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"cannot be written \(.*\); choose another --output"):
        download("small", Silent(), folder=tmp_path / "file" / "below")


def test_room_is_looked_at_before_gigabytes_come(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(BadInput, match=r"films\.zip needs about 0 MiB with what it unpacks to, and 0 are free"):
        download("small", Silent())
    assert small.sent == 0


def test_a_damaged_record_is_one_line(small: Any) -> None:
    folder = download("small", Silent(), "masks").folder
    (folder / ".medgan_download.json").write_text("[{")
    with pytest.raises(BadInput, match=r"\.medgan_download\.json: damaged .*; delete it and download again"):
        download("small", Silent(), "masks")


def test_terms_say_size_host_licence_and_what_has_no_checksum(small: Any) -> None:
    family = known_set("small")
    text = terms(family, archives_of(family))
    assert "2 files, about 0 MiB from 127.0.0.1:" in text
    assert "Terms: CC BY-NC 4.0" in text
    assert "Cite: Codella et al. 2019" in text
    assert "No checksum is publicly known of masks.zip: that of the first download is recorded" in text
    assert "checksum" not in terms(family, archives_of(family, "films"))


@pytest.mark.parametrize("family", DATASETS.values(), ids=lambda family: family.name)
def test_every_known_set_can_be_downloaded_or_says_how_it_is_got(family: Any) -> None:
    assert bool(family.archives) != bool(family.steps)
    assert family.homepage.startswith("https://")
    for archive in family.archives:
        assert archive.url.startswith("https://")
        assert archive.file.endswith(".zip")
        assert len(bytes.fromhex(archive.sha256)) in {0, 32}
        assert archive.size_mib > 0
    if family.steps:
        assert "kaggle.com" in family.steps[0]
