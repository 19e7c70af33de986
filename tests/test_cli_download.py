"""`data download`, and what `data prepare` says of a known set."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgan.cli import main
from medgan.data.families import DATASETS, Archive

from .films import zip_of_films


def told(capsys: pytest.CaptureFixture[str], *words: str, exit_code: int = 0) -> tuple[str, str]:
    """What `data` prints on standard output and on standard error."""
    capsys.readouterr()
    assert main(["data", *words]) == exit_code
    printed = capsys.readouterr()
    return printed.out, printed.err


@pytest.fixture
def small(publisher: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The SHA-256 of the one file of set `small`: two films by Montgomery's names."""
    packed = publisher.files["films.zip"] = zip_of_films("films", 2)
    archive = Archive(publisher.url.rsplit("/", 1)[0] + "/films.zip", "films.zip", "films", 0.01)
    monkeypatch.setitem(DATASETS, "small", replace(DATASETS["tuberculosis"], name="small", archives=(archive,)))
    return hashlib.sha256(packed).hexdigest()


def test_without_a_name_all_sets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "download")
    for family in DATASETS.values():
        assert family.name in out
        assert family.title in out
    assert "training, validation, test" in out
    assert [row["name"] for row in json.loads(told(capsys, "download", "--json")[0])] == list(DATASETS)


def test_a_set_with_an_account_is_told_in_steps(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "download", "covid_radiography")
    assert "1. Make an account at https://www.kaggle.com" in out
    assert "4. python -m medgan data prepare FOLDER" in out
    assert "Terms: Collected from several sources" in out
    known = json.loads(told(capsys, "download", "covid_radiography", "--json")[0])
    assert known["archives"] == []
    assert len(known["steps"]) == 3


def test_nobody_there_means_no_download(capsys: pytest.CaptureFixture[str], small: str) -> None:
    _, err = told(capsys, "download", "small", exit_code=2)
    (line,) = err.splitlines()
    assert "nobody can be asked here: `python -m medgan data download small --yes` agrees to" in line
    assert "Terms: De-identified" in line


def test_a_download_is_told_and_can_be_prepared(capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path) -> None:
    out, _ = told(capsys, "download", "small", "--yes", "--output", str(tmp_path / "own"))
    assert f"films: films.zip, SHA-256 {small}, no checksum is publicly known: this one is recorded" in out
    assert f"Prepare it: python -m medgan data prepare {tmp_path / 'own'} --name small" in out
    found = json.loads(told(capsys, "download", "small", "--yes", "--output", str(tmp_path / "own"), "--json")[0])
    assert found["folder"] == str(tmp_path / "own")
    assert found["files"][0]["sha256"] == small
    _, err = told(capsys, "prepare", str(tmp_path / "own"), "--size", "32", "--labels-from", "none")
    assert "Cite: Jaeger et al. 2014" in err
    assert "Terms: De-identified" in err


def test_failures_are_one_line(capsys: pytest.CaptureFixture[str], small: str, publisher: Any) -> None:
    publisher.files.clear()
    _, err = told(capsys, "download", "small", "--yes", exit_code=1)
    assert "(404 Not Found): try again later, or look at https://lhncbc.nlm.nih.gov" in err.splitlines()[-1]
    _, err = told(capsys, "download", "knees", exit_code=2)
    assert "no known data set 'knees'" in err
    _, err = told(capsys, "download", "melanoma", "--part", "x", exit_code=2)
    assert "melanoma has no part 'x' (there is: training, validation, test)" in err


def test_prepare_says_the_published_split_and_refuses_it_where_there_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for number in range(8):
        film = rng.integers(0, 255, (32, 32), np.uint8)
        for folder, name in (("tb", f"CHNCXR_{number:04d}_{number % 2}.png"), ("other", f"{number}.png")):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(film).save(tmp_path / folder / name)
    out, err = told(capsys, "prepare", str(tmp_path / "tb"), "--size", "16", "--use-published-split", "--json")
    assert "Published split: train 366 normal, 355 tuberculosis; test 40 normal, 39 tuberculosis" in err
    assert json.loads(out)["published_counts"]["test"] == {"normal": 40, "tuberculosis": 39}
    _, err = told(capsys, "prepare", str(tmp_path / "other"), "--size", "16", "--use-published-split", exit_code=2)
    assert "no published split to take, it is no known set" in err
