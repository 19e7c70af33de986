"""What is damaged is named, told what to do about, and made again where something tells how."""

import errno
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from medgan.cli import main
from medgan.common.artefact import MANIFEST, is_whole, write_manifest
from medgan.common.errors import BadInput
from medgan.common.progress import Silent
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.data.phantom_sets import PhantomConfig
from medgan.data.prepare import prepare
from medgan.jobs import list_jobs, run_here
from medgan.jobs.damage import look, verify

from ..commands import told


def states(found) -> dict[str, str]:
    return {one.id: one.state for one in found}


def test_a_glance_sees_what_is_cut_and_a_look_at_all_what_is_changed(phantoms: PreparedDataset) -> None:
    assert states(look()) == states(verify(Silent())) == {phantoms.id: "whole"}
    images = phantoms.folder / "images.npy"
    whole = images.read_bytes()
    images.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert states(look()) == {phantoms.id: "whole"}
    (found,) = verify(Silent())
    assert (found.state, found.problem) == ("damaged", "images.npy: not as it was written")
    images.write_bytes(whole[:-1])
    assert states(look()) == {phantoms.id: "damaged"}


@pytest.mark.parametrize("name", ["images.npy", "items.parquet"])
def test_a_damaged_file_is_told_with_what_helps(name: str, phantoms: PreparedDataset) -> None:
    (phantoms.folder / name).write_bytes(b"")
    with pytest.raises(BadInput, match=rf"{name}: damaged \(.+\); `python -m medgan check` tells what to do"):
        getattr(PreparedDataset.open(phantoms.id), Path(name).stem)


def test_check_names_a_manifest_that_tells_something_else(
    phantoms: PreparedDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = phantoms.folder / MANIFEST
    text = manifest.read_text()
    manifest.write_text(text.replace('"items": ', '"itels": ', 1))  # one bit of it
    assert manifest.read_text() != text
    assert main(["check"]) == 1
    assert "its checksum is another" in capsys.readouterr().out
    assert list_datasets() == []


def test_check_names_it_and_repair_makes_it_again(
    phantoms: PreparedDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "1 whole, 0 damaged, 0 unfinished" in told(capsys, "check")
    recorded = phantoms.manifest.files
    (phantoms.folder / "images.npy").write_bytes(b"nothing")
    assert main(["check"]) == 1
    printed = capsys.readouterr().out
    assert phantoms.id in printed
    assert "`python -m medgan check --repair` makes it again" in printed
    assert main(["check", "--repair", "--json"]) == 0
    printed = capsys.readouterr()
    assert f"data set {phantoms.id}: images.npy: not as it was written; made again by phantom" in printed.err
    answer = json.loads(printed.out)
    assert answer == {"whole": 1, "repaired": [phantoms.id], "damaged": [], "unfinished": []}
    assert PreparedDataset.open(phantoms.id).manifest.files == recorded


def test_a_repair_with_other_bits_says_so(phantoms: PreparedDataset, capsys: pytest.CaptureFixture[str]) -> None:
    phantoms.manifest.files["images.npy"].sha256 = "0" * 64  # as if another machine had drawn them
    write_manifest(phantoms.folder, phantoms.manifest)
    assert main(["check", "--repair"]) == 0
    assert "images.npy came out otherwise" in capsys.readouterr().err


def test_without_a_manifest_its_job_tells_how_it_was_made(medgan_home: object) -> None:
    _, made = run_here("phantom", PhantomConfig(count=6, size=64), Silent())
    (made.folder / MANIFEST).write_text("{")
    (found,) = look()
    assert list_datasets() == []
    assert (found.state, found.id) == ("damaged", made.id)
    recipe = found.recipe()
    assert recipe is not None
    run_here(*recipe, Silent())
    assert is_whole(made.folder)
    (made.folder / MANIFEST).write_text("{")
    for job in list_jobs():
        job.delete()
    (found,) = look()
    assert "nothing here tells how it was made" in found.advice()


def test_what_cannot_be_made_again_stays_and_keeps_no_other_from_repair(
    phantoms: PreparedDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(4):
        Image.new("L", (64, 64), 60 * number).save(source / f"{number}.png")
    lost = prepare(PrepareConfig(source=source, size=64, name="a-lost-one"))
    shutil.rmtree(source)
    for dataset in (lost, phantoms):
        (dataset.folder / "images.npy").write_bytes(b"nothing")
    assert main(["check", "--repair", "--json"]) == 1
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert answer["repaired"] == [phantoms.id]
    assert [one["id"] for one in answer["damaged"]] == [lost.id]
    assert f"{lost.id}: not made again" in printed.err
    assert (lost.folder / "images.npy").read_bytes() == b"nothing"


def test_what_cannot_be_read_at_present_is_named_and_not_cleared_away(
    phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path) -> str:
        raise OSError(errno.EIO, "Input/output error", str(path))

    before = phantoms.manifest
    with monkeypatch.context() as patch:
        patch.setattr("medgan.common.artefact.sha256_of", failing)
        (found,) = verify(Silent())
        assert (found.state, found.problem) == ("damaged", "cannot all be read (Input/output error)")
        recipe = found.recipe()
        assert recipe is not None
        with pytest.raises(OSError, match="Input/output error"):
            run_here(*recipe, Silent())
    assert is_whole(phantoms.folder)
    assert PreparedDataset.open(phantoms.id).manifest == before


def test_what_is_unfinished_says_so(phantoms: PreparedDataset) -> None:
    (phantoms.folder / MANIFEST).unlink()
    (found,) = look()
    assert found.state == "unfinished"
    assert "nothing finishes it" in found.advice()
