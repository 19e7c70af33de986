"""The command line: what it explains, what it takes, what it refuses, what it imports."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from medgan.cli import main
from medgan.cli.options import described, flat, options_of, plain_type, with_flags
from medgan.cli.terminal import Lines, table
from medgan.common.config import Config
from medgan.jobs import list_jobs

from .commands import PHANTOM, answer, complaint, help_of

ROOT = Path(__file__).parents[1]
COMMANDS = {
    (): ["data", "train", "import", "generate", "weights", "jobs", "demo"],
    ("data",): ["prepare", "phantom", "list", "show"],
    ("train",): ["dcgan", "fastgan", "pix2pix", "cyclegan"],
    ("jobs",): ["list", "show", "wait", "cancel", "resume", "delete"],
}


@pytest.mark.parametrize("words", COMMANDS)
def test_help_lists_every_command(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    text = help_of(capsys, *words)
    for command in COMMANDS[words]:
        assert command in text
        if words:
            assert "--json" in help_of(capsys, *words, command)


def test_no_words_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 0
    assert "usage: python -m medgan" in capsys.readouterr().out


def test_help_of_a_gan_names_bounds_and_presets(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "train", "fastgan")
    assert "--batch-size int Images in one training step. [from 1 to 1024]" in text
    assert "(default: quick 64; standard 128; else 256)" in text
    assert "--flip, --no-flip" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("data",), "which command? There is: prepare, download, phantom, list, show"),
        (("dta",), "no such command: 'dta'"),
        (("--json", "data", "list"), "--json: options come after the command; which one? There is: data, train"),
        (("train", "--config", "x", "fastgan"), "--config: options come after the command; which one? There is: dcgan"),
        (("data", "prepare"), "SOURCE is needed"),
        (("data", "prepare", "/nowhere"), "/nowhere: no such file or folder"),
        (("data", "phantom", "brain"), "--family: Input should be 'chest_xray'"),
        (("data", "phantom", "chest_xray", "--size", "2"), "--size: Input should be greater than or equal to 16"),
        (("data", "phantom", "chest_xray", "--size", "many"), "--size: Input should be a valid integer"),
        (("data", "phantom", "chest_xray", "--siz", "64"), "unrecognized arguments: --siz"),
        (("data", "phantom", "chest_xray", "--name", "../x"), "name '../x'"),
        (("data", "show", "nothing"), "no dataset named 'nothing'"),
        (("jobs", "show", "nothing"), "no job named 'nothing'"),
        (("jobs", "cancel", "../../etc"), "name '../../etc'"),
        (("train", "biggan"), "no such command: 'biggan'"),
        (("train", "dcgan"), "--dataset is needed"),
        (("train", "dcgan", "--dataset", "x", "--now", "--detach"), "leave out --detach"),
        (("train", "dcgan", "--dataset", "nothing"), "no dataset named 'nothing'"),
        (("train", "dcgan", "--dataset", "x", "--preset", "slow"), "--preset: Input should be 'quick'"),
        (("generate",), "--run is needed"),
        (("generate", "--run", "nothing"), "no run named 'nothing'"),
        (("generate", "--run", "x", "--output", "o", "--detach"), "leave out --detach"),
    ],
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str) -> None:
    assert says in complaint(capsys, *words)


def test_bad_options_leave_no_job(capsys: pytest.CaptureFixture[str]) -> None:
    complaint(capsys, "data", "phantom", "chest_xray", "--count", "0")
    assert list_jobs() == []


def test_file_goes_over_preset_and_flags_over_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from medgan.training.run import Run

    answer(capsys, *PHANTOM)
    file = tmp_path / "options.json"
    sections = {
        "dataset": "tiny",
        "model": {"batch_size": 2, "width": 8},
        "loop": {"steps": 50, "seed": 7, "samples": 1},
    }
    file.write_text(json.dumps(sections))
    run = answer(capsys, "train", "fastgan", "--config", str(file), "--steps", "2", "--no-augment")
    config = Run.open(run["id"]).config
    assert (config.loop.steps, config.loop.seed, config.model.batch_size) == (2, 7, 2)
    assert config.model.ema_decay == 0.995, "what neither names is the preset's"
    assert config.model.model_dump()["augment"] is False
    file.write_text(config.to_json())
    assert "for another GAN" in complaint(capsys, "train", "dcgan", "--config", str(file))
    again = answer(capsys, "train", "fastgan", "--config", str(file), "--name", "again")
    assert again["id"] != run["id"]
    assert Run.open(again["id"]).config.loop == config.loop
    file.write_text('{"stepz": 3, "dataset": "tiny"}')
    assert "stepz" in complaint(capsys, "train", "fastgan", "--config", str(file))
    file.write_text('{"lop": {"steps": 2}, "typo": {"flip": true}, "dataset": "tiny"}')
    assert "lop: Extra inputs are not permitted" in complaint(capsys, "train", "fastgan", "--config", str(file))
    file.write_text('{"loop": 2, "dataset": "tiny"}')
    assert "loop: Extra inputs are not permitted" in complaint(capsys, "train", "fastgan", "--config", str(file))
    file.write_text("[")
    assert "cannot be read as JSON" in complaint(capsys, "train", "fastgan", "--config", str(file))


@pytest.mark.parametrize(
    ("words", "content", "says"),
    [
        (("data", "prepare", "."), {"name": 5}, "name: Input should be a valid string (given: 5)"),
        (("data", "prepare", "."), {"source": []}, "source: Input is not a valid path"),
        (("data", "phantom"), {"loop": {"size": 64}}, "loop: Extra inputs are not permitted"),
        (("train", "fastgan"), {"name": 5}, "name: Input should be a valid string (given: 5)"),
        (("train", "fastgan"), {"preset": []}, "preset: Input should be 'quick', 'standard', 'thesis', 'thesis-abn"),
        (("train", "fastgan"), {"dataset": {}}, "dataset: Input should be a valid string"),
        (("train", "fastgan"), {"loop": {"steps": "many"}}, "steps: Input should be a valid integer"),
        (("train", "fastgan"), {"now": True}, "belong on the command line"),
        (("generate",), {"output": 5}, "output: Input is not a valid path"),
        (("generate",), {"run": 5}, "run: Input should be a valid string (given: 5)"),
        (("generate",), {"json": True}, "belong on the command line"),
    ],
)
def test_files_are_checked_like_flags(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], content: dict[str, Any], says: str
) -> None:
    file = tmp_path / "options.json"
    file.write_text(json.dumps(content))
    assert f"{file}: " in (problem := complaint(capsys, *words, "--config", str(file)))
    assert says in problem
    assert list_jobs() == []


def test_what_is_given_without_its_name_may_come_from_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "options.json"
    file.write_text(json.dumps({"family": "dermoscopy", "count": 6, "size": 32, "name": None}))
    made = answer(capsys, "data", "phantom", "--config", str(file))
    assert (made["name"], made["items"]) == ("phantom-dermoscopy", 6)
    assert answer(capsys, "data", "phantom", "chest_xray", "--config", str(file))["name"] == "phantom-chest_xray"
    file.write_text('{"source": "/nowhere"}')
    assert "/nowhere: no such file" in complaint(capsys, "data", "prepare", "--config", str(file))


@pytest.mark.parametrize("words", [("data", "list"), ("jobs", "list"), ("data", "phantom", "chest_xray"), ("demo",)])
@pytest.mark.parametrize("home", ["/dev/null", "/dev/null/below", "/proc/home", "~nobody-of-this-name/home"])
def test_unusable_home_is_bad_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], home: str
) -> None:
    monkeypatch.setenv("MEDGAN_HOME", home)
    assert f"MEDGAN_HOME={home}: is no usable folder" in complaint(capsys, *words)


@pytest.mark.parametrize("words", [["--help"], ["data", "list"], ["data", "phantom", "--help"], ["jobs", "list"]])
def test_torch_is_not_imported_for_light_commands(words: list[str]) -> None:
    code = (
        "import sys, atexit; from medgan.cli import main;"
        "atexit.register(lambda: print('heavy' if 'torch' in sys.modules else 'light'));"
        f"sys.exit(main({words}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "light"


def test_environment_sets_no_option(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("size", "SIZE", "count", "COUNT", "name", "NAME", "data"):
        monkeypatch.setenv(name, "99")
    made = answer(capsys, *PHANTOM)
    assert (made["size"], made["name"]) == (64, "tiny")


def test_unexpected_failures_are_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(error: BaseException) -> None:
        def broken() -> None:
            raise error

        monkeypatch.setattr("medgan.cli.jobs.list_jobs", broken)

    fail(ZeroDivisionError("oops"))
    with pytest.raises(ZeroDivisionError):
        main(["jobs", "list"])
    fail(MemoryError())
    assert main(["jobs", "list"]) == 1
    assert "memory is full" in capsys.readouterr().err
    fail(KeyboardInterrupt())
    assert main(["jobs", "list"]) == 130


class Sample(Config):
    share: float = Field(0.5, gt=0, le=1)
    """A share."""
    word: str | None = None
    """A word."""


def test_options_come_from_fields() -> None:
    options = options_of(Sample, presets={"small": {"share": 0.1}, "large": {}})
    assert described(Sample.model_fields["share"]) == "A share. [above 0 to 1]"
    assert options["share"][1].default == "small 0.1, large 0.5"
    assert plain_type(str | None) is str
    assert with_flags("model.batch_size: too big; x: y", {"batch_size"}) == "--batch-size: too big; x: y"
    assert flat({"loop": {"a": 1}, "b": {"c": 2}, "model": 3}, ("loop", "model")) == {"a": 1, "b": {"c": 2}, "model": 3}


def test_lines_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for done in range(1, 101):
        lines.update(done, 100, "drawing")
    assert capsys.readouterr().err.splitlines() == ["drawing: 1 of 100", "drawing: 100 of 100"]
    for behind in ("a", "a", "b"):
        lines.update(0, 0, f"waiting behind {behind}")
    assert capsys.readouterr().err.splitlines() == ["waiting behind a", "waiting behind b"]
    assert table(("a", "b"), [("x", 1), ("long", 22)], "none") == "a     b\nx     1\nlong  22"
    assert table(("a",), [], "none") == "none"
