"""`evaluate` on the command line: a table with intervals and preconditions, JSON, and what is refused."""

import json
from pathlib import Path

import pytest

from medgan.cli import main
from medgan.data.dataset import PreparedDataset
from medgan.studies.synthesis import generate, generate_config


@pytest.fixture
def drawn(phantoms: PreparedDataset) -> str:
    generate(generate_config("phantom-chest-xray", count=24, seed=1, name="drawn"))
    return "drawn"


def test_a_table_with_intervals_references_and_preconditions(drawn: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", drawn, "--against", "phantoms", "--label", "normal", "--resamples", "20"]) == 0
    said = capsys.readouterr().out
    assert "24 synthetic images against" in said
    assert "feature space radiomic" in said
    for words in ("95 % interval", "real halves", "blurred", "Fréchet distance (radiomic)", "Coverage (radiomic)"):
        assert words in said
    assert "few images" in said
    assert "FID" not in said


def test_only_images_that_a_gan_learned_from_can_clear_its_set_of_copies(
    drawn: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["evaluate", drawn, "--against", "phantoms", "--label", "normal", "--resamples", "0"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "Not screened for copies of training images: its GAN learned from other images than those of phant" in said
    assert "flagged" not in said
    monkeypatch.setattr("medgan.studies.training_distances.holds_training_images", lambda against, run: True)
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "Screening for copies" in said
    assert "no proof of privacy" in said


def test_the_same_as_json(drawn: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", drawn, "--against", "phantoms", "--label", "normal", "--resamples", "20", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["space"] == "radiomic"
    row = next(row for row in found["scores"] if row["of"] == "set" and row["metric"] == "frechet")
    assert row["low"] < row["value"] < row["high"]
    assert row["synthetic"] == 24
    refused = next(row for row in found["scores"] if row["of"] == "set" and row["metric"] == "frechet_infinite")
    assert refused["value"] is None
    assert "needs at least" in refused["refused"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["drawn"], "--against is needed"),
        (["--against", "phantoms"], "set is needed"),
        (["drawn", "--against", "phantoms", "--space", "inception"], "weights download inception"),
        (["drawn", "--against", "phantoms", "--part", "masks"], "no masks to score"),
        (["nothing", "--against", "phantoms"], "no set named 'nothing'"),
        (["drawn", "--against", "phantoms", "--resamples", "-1"], "--resamples"),
    ],
)
def test_bad_input_is_one_line(
    drawn: str, words: list[str], reason: str, capsys: pytest.CaptureFixture[str], medgan_home: Path
) -> None:
    assert main(["evaluate", *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert reason in said[-1]
    assert not list((medgan_home / "workspace").glob("quality/*/manifest.json"))
