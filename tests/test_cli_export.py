"""`export` on the command line: what it writes, what it answers, what it refuses."""

import json
import zipfile
from pathlib import Path

import pytest

from medgan.cli import main
from medgan.studies.marks import mark
from medgan.studies.synthesis import SyntheticSet, generate, generate_config


@pytest.fixture
def drawn() -> SyntheticSet:
    return generate(generate_config("phantom-chest-xray", count=4, seed=1, name="drawn"))


def test_it_writes_a_zip_or_a_folder_and_says_so(
    drawn: SyntheticSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(drawn, [1, 2], "accepted")
    words = ["export", "drawn", "--output", f"{tmp_path}/o.ZIP", "--bits", "16", "--only", "accepted"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"set": drawn.id, "output": f"{tmp_path}/o.ZIP", "images": 2, "of": 4, "distances": []}
    with zipfile.ZipFile(tmp_path / "o.ZIP") as archive:
        assert "synthetic-1-000002.png" in archive.namelist()
    assert main(["export", drawn.id, "--output", f"{tmp_path}/folder"]) == 0
    said = capsys.readouterr().out
    assert f"Wrote {tmp_path}/folder: 4 of 4 images" in said
    assert "nearest_training_distance_radiomic is empty: data set" in said
    assert len(list((tmp_path / "folder").glob("synthetic*.png"))) == 4


@pytest.mark.parametrize(
    ("format", "file", "start"),
    [("dicom", "synthetic-1-000003.dcm", bytes(128) + b"DICM"), ("nifti", "synthetic-drawn.nii.gz", b"\x1f\x8b")],
)
def test_it_writes_other_formats(drawn: SyntheticSet, tmp_path: Path, format: str, file: str, start: bytes) -> None:
    assert main(["export", "drawn", "--output", f"{tmp_path}/out", "--format", format]) == 0
    assert (tmp_path / "out" / file).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--output", "o.zip"], "SET is needed"),
        (["drawn"], "--output is needed"),
        (["nothing", "--output", "o.zip"], "no set named 'nothing'"),
        (["drawn", "--output", "."], "is there already"),
        (["drawn", "--output", "o.zip", "--bits", "12"], "--bits"),
        (["drawn", "--output", "o.zip", "--only", "good"], "--only"),
        (["drawn", "--output", "o.zip", "--format", "tiff"], "--format"),
        (["drawn", "--output", "o.zip", "--only", "accepted"], "no image is marked as accepted"),
    ],
)
def test_bad_input_is_one_line(
    drawn: SyntheticSet,
    words: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", *words]) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert reason in said
    assert not (tmp_path / "o.zip").exists()
