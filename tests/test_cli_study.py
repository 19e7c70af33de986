"""`study` and `report` on the command line: presets, files, published tables, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from medgan.cli import main
from medgan.cli.study import PRESETS
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.synthesis import generate, generate_config
from medgan.studies.thesis import THESIS
from medgan.training.config import train_config
from medgan.training.loop import train

TINY = {"width": 8, "batch_size": 4, "steps": 2, "log_every": 1, "sample_every": 2, "samples": 4, "checkpoint_every": 2}
FAST = ["--positive", "tuberculosis", "--backbone", "small", "--epochs", "2", "--seeds", "2", "--resamples", "99"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli-study") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        films = prepare_phantoms(PhantomConfig(family="chest_xray", count=90, size=64, name="films"))
        run = train(train_config("dcgan", films.id, label="normal", name="normal", options=TINY))
        generate(generate_config(run.id, count=40, seed=3, name="drawn"))
    return home


@pytest.fixture
def films(made: Path, medgan_home: Path) -> PreparedDataset:
    shutil.copytree(made, medgan_home, dirs_exist_ok=True)
    return PreparedDataset.open("films")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_presets_are_those_of_the_table_and_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(PRESETS) == {*THESIS, "thesis-4.6"}
    with pytest.raises(SystemExit):
        main(["study", "--help"])
    text = "".join(capsys.readouterr().out.split())
    assert all(preset in text for preset in PRESETS)


def test_a_study_of_ones_own(films: PreparedDataset, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "study", "--dataset", "films", "--sets", "drawn", *FAST, "--name", "own")
    assert [verdict["arm"] for verdict in found["verdicts"]] == ["real + drawn 100%"]
    assert len(found["rows"]) == 4
    assert "beside" not in found


def test_training_options_reach_the_study(films: PreparedDataset, capsys: pytest.CaptureFixture[str]) -> None:
    changes = ["--no-flip", "--rotation-degrees", "5", "--zoom-share", "0"]
    found = answer(capsys, "study", "--dataset", "films", "--classical", *FAST, *changes)
    config = json.loads((Path(found["folder"]) / "study.json").read_text())
    assert config["classifier"]["augmentation"] == {
        "enabled": False, "flip": False, "rotation_degrees": 5.0, "zoom_share": 0.0,
    }  # fmt: skip
    again = answer(capsys, "study", "--config", str(Path(found["folder"]) / "study.json"))
    assert again["rows"] == found["rows"]


def test_a_preset_from_study_to_report(
    films: PreparedDataset, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sets = "drawn,none,none,none"
    text = said(capsys, "study", "thesis-4.2", "--quick", "--dataset", "films", "--sets", sets, *FAST, "--name", "p")
    assert "Table 4.2: Tuberculosis classifier, test" in text
    assert "set drawn (dcgan, step 2, 64 pixels)" in text
    assert "not measured" in text

    html, csv = tmp_path / "p.html", tmp_path / "p.csv"
    found = answer(capsys, "report", "p", "--output", str(html), "--csv", str(csv))
    assert (found["html"], found["csv"]) == (str(html), str(csv))
    assert "Beside the published figures" in html.read_text()
    assert "published,fastgan,,accuracy,0.76" in csv.read_text()

    tables = said(capsys, "report", "--thesis")
    assert "Table 4.6: Pix2Pix models" in tables
    assert "so it has no experiment" in tables
    assert "(empty)" in tables  # the real row of table 4.3
    assert tables.count("Not run here: python -m medgan study") == len(THESIS) - 1
    rows = answer(capsys, "report", "--thesis")["tables"]["4.2"]["rows"]
    assert next(row for row in rows if row["row"] == "fastgan")["ours"]["low"] is not None


def test_the_config_of_a_preset_is_a_start_for_another_study(
    films: PreparedDataset, capsys: pytest.CaptureFixture[str], medgan_home: Path
) -> None:
    words = ["study", "thesis-4.5", "--quick", "--dataset", "films", *FAST]
    first = answer(capsys, *words)
    (config,) = (medgan_home / "workspace" / "studies").glob("*/study.json")
    second = answer(capsys, "study", "--config", str(config))
    assert second["id"] != first["id"]
    assert second["arms"] == first["arms"] == ["real", "real + classical"]


def test_a_preset_that_scores_sets(films: PreparedDataset, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["study", "thesis-4.10", "--dataset", "films", "--sets", "drawn", "--resamples", "10", "--space"]
    text = said(capsys, *words, "radiomic")
    assert "Table 4.10: Pix2Pix on 240 images" in text
    assert "Fréchet distance (radiomic)" in text
    assert "set drawn against films" in text
    assert "not measured" in text  # an inception score needs a network that names classes
    assert "Fréchet distance (radiomic)" in said(capsys, "report", "--thesis")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["study", "--sets", "drawn"], "--dataset is needed"),
        (["study", "thesis-4.6", "--dataset", "films"], "nothing was measured"),
        (["study", "thesis-9", "--dataset", "films"], "no preset 'thesis-9'"),
        (["study", "--quick", "--dataset", "films"], "--quick is for presets"),
        (["study", "thesis-4.1", "--space", "radiomic", "--dataset", "films"], "it has no feature space"),
        (["study", "thesis-4.10", "--seeds", "3", "--dataset", "films", "--sets", "drawn"], "--seeds: thesis-4.10"),
        (["study", "thesis-4.2", "--dataset", "films", "--sets", "drawn"], "--sets: thesis-4.2 takes 4"),
        (["study", "thesis-4.5", "--dataset", "films", "--classical"], "--classical: thesis-4.5 fixes it"),
        (
            ["study", "--dataset", "films", "--classical", "--network", "unet"],
            "--network: this study trains",
        ),
        (["study", "--dataset", "films", *FAST, "--sets", "drawn", "--trained-layers", "-1"], "--trained-layers"),
        (["report"], "which study?"),
        (["report", "nothing"], "no study named 'nothing'"),
        (["report", "nothing", "--thesis"], "leave out study"),
    ],
)
def test_bad_input_is_one_line(
    films: PreparedDataset, words: list[str], reason: str, capsys: pytest.CaptureFixture[str], medgan_home: Path
) -> None:
    assert main(words) == 2
    assert reason in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list((medgan_home / "workspace").glob("studies/*/manifest.json"))
