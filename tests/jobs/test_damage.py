"""What is damaged is named, told what to do about, and made again where something tells how."""

import json

import pytest

from medgan.cli import main
from medgan.common.artefact import MANIFEST, is_whole
from medgan.common.progress import Silent
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.data.phantom_sets import PhantomConfig
from medgan.jobs import run_here
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
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"whole": 1, "repaired": [phantoms.id], "damaged": [], "unfinished": []}
    assert PreparedDataset.open(phantoms.id).manifest.files == recorded


def test_without_a_manifest_its_job_tells_how_it_was_made(medgan_home: object) -> None:
    job, made = run_here("phantom", PhantomConfig(count=6, size=64), Silent())
    (made.folder / MANIFEST).write_text("{")
    (found,) = look()
    assert list_datasets() == []
    assert (found.state, found.id) == ("damaged", made.id)
    recipe = found.recipe()
    assert recipe is not None
    run_here(*recipe, Silent())
    assert is_whole(made.folder)
    (made.folder / MANIFEST).write_text("{")
    for known in (job, found.maker()):
        assert known is not None
        known.delete()
    (found,) = look()
    assert "nothing here tells how it was made" in found.advice()


def test_what_is_unfinished_says_so(phantoms: PreparedDataset) -> None:
    (phantoms.folder / MANIFEST).unlink()
    (found,) = look()
    assert found.state == "unfinished"
    assert "nothing finishes it" in found.advice()
