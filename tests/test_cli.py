"""The command line: what it answers, how it fails, what it explains, what it imports."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import Field

from medgan.cli import main
from medgan.cli.options import described, flat, options_of, plain_type, with_flags
from medgan.cli.terminal import Lines, table
from medgan.common.config import Config
from medgan.common.errors import Cancelled, WorkFailed
from medgan.common.progress import Progress
from medgan.data.dataset import PreparedDataset
from medgan.jobs import list_jobs

ROOT = Path(__file__).parents[1]
PHANTOM = ["data", "phantom", "chest_xray", "--count", "12", "--size", "64", "--name", "tiny"]
SHORT_TRAINING = ["--dataset", "tiny", "--label", "normal", "--steps", "4", "--batch-size", "2", "--width", "8"]
COMMANDS = {
    (): ["data", "train", "import", "generate", "weights", "jobs", "demo"],
    ("data",): ["prepare", "phantom", "list", "show"],
    ("train",): ["dcgan", "fastgan", "pix2pix", "cyclegan"],
    ("jobs",): ["list", "show", "wait", "cancel", "resume", "delete"],
}


def answer(capsys: pytest.CaptureFixture[str], *words: str, exit_code: int = 0) -> Any:
    """What a command answers with `--json`."""
    capsys.readouterr()
    assert main([*words, "--json"]) == exit_code
    return json.loads(capsys.readouterr().out)


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that was given bad input."""
    capsys.readouterr()
    assert main(list(words)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("medgan: ")
    return line.removeprefix("medgan: ")


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])
    assert stopped.value.code == 0
    return " ".join(capsys.readouterr().out.split())


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
        (("data",), "which command? There is: prepare, phantom, list, show"),
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


def test_from_phantoms_to_pictures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No data sets yet" in told(capsys, "data", "list")
    made = answer(capsys, *PHANTOM)
    assert (made["name"], made["items"], made["size"]) == ("tiny", 12, 64)
    assert [row["id"] for row in answer(capsys, "data", "list")] == [made["id"]]
    assert answer(capsys, "data", "show", "tiny")["problems"] == []
    assert "tiny" in told(capsys, "data", "list")
    assert "12" in told(capsys, "data", "show", "tiny")

    run = answer(capsys, "train", "dcgan", *SHORT_TRAINING, "--name", "short")
    assert (run["name"], run["label"], run["gan"]) == ("short", "normal", "dcgan")
    assert "no class 'pink'" in complaint(capsys, "train", "dcgan", "--dataset", "tiny", "--label", "pink")
    sizes = complaint(capsys, "train", "dcgan", "--dataset", "tiny", "--size", "100")
    assert "dcgan is built for sizes" in sizes

    draw = ("generate", "--run", "short", "--output")
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert "is there already" in complaint(capsys, *draw, ".")
    assert "is there already" in complaint(capsys, *draw, "..")
    for place in (f"{tmp_path}/file/o.zip", "/proc/pictures", f"{tmp_path}/{'x' * 300}"):
        assert f"{place}: cannot be written there" in complaint(capsys, *draw, place)
    with pytest.MonkeyPatch.context() as no_gpu:
        no_gpu.setattr("torch.cuda.device_count", lambda: 0)
        assert "device cuda" in complaint(capsys, "generate", "--run", "short", "--device", "cuda")
    assert len(list_jobs()) == 2, "all of it is said before there is a job"

    drawn = answer(capsys, "generate", "--run", "short", "--count", "3", "--seed", "5", "--output", f"{tmp_path}/o.ZIP")
    assert (drawn["count"], drawn["seed"], drawn["name"]) == (3, 5, "short-seed5")
    assert (tmp_path / "o.ZIP").stat().st_size > 1000
    assert "is there already" in complaint(capsys, "generate", "--run", "short", "--output", f"{tmp_path}/o.ZIP")
    told(capsys, "generate", "--run", "short", "--count", "2", "--output", f"{tmp_path}/pictures")
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2

    jobs = answer(capsys, "jobs", "list")
    assert [job["kind"] for job in jobs] == ["generate", "generate", "train", "phantom"]
    assert {job["state"] for job in jobs} == {"done"}
    assert "Train a GAN: short" in told(capsys, "jobs", "show", run["job"])
    answer(capsys, "jobs", "delete", run["job"])
    assert len(list_jobs()) == 3


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command tells people."""
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


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


def test_layout_is_shown_before_preparing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for label, shade in (("ill", 50), ("well", 90)):
        for number in range(3):
            picture = Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64) + np.uint8(shade + number))
            (tmp_path / "films" / label).mkdir(parents=True, exist_ok=True)
            picture.save(tmp_path / "films" / label / f"{label}{number}.png")
    words = ("data", "prepare", f"{tmp_path}/films", "--size", "32")
    found = "6 images, 2 classes: ill 3, well 3"
    assert main(list(words)) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[0] == f"{tmp_path}/films: {found}"
    assert "1 problem found in the source" in printed.out
    assert answer(capsys, *words)["layout"] == found
    assert answer(capsys, *words, "--detach")["layout"] == found
    (tmp_path / "nothing").mkdir()
    assert "no usable image" in complaint(capsys, "data", "prepare", f"{tmp_path}/nothing", "--detach")


def test_what_does_not_fit_is_said_before_there_is_a_job(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", "fastgan", "--dataset", "phantoms", "--detach")
    assert "128 are asked for" in complaint(capsys, *words, "--preset", "standard")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert "device cuda" in complaint(capsys, *words, "--device", "cuda")
    assert "device cuda:3" in complaint(capsys, *words, "--device", "cuda:3")
    assert list_jobs() == []


@pytest.mark.parametrize("now", [False, True])
def test_training_keeps_the_data_set_it_was_given(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch, now: bool
) -> None:
    asked: list[Any] = []

    def note(kind: str, config: Config, progress: Progress, *, at_once: bool) -> None:
        asked.extend((kind, config, at_once))
        raise Cancelled

    monkeypatch.setattr("medgan.cli.command.run_here", note)
    assert main(["train", "dcgan", "--dataset", "phantoms", "--label", "normal", *(["--now"] if now else [])]) == 130
    kind, config, at_once = asked
    assert (kind, config.dataset, config.name, at_once) == ("train", phantoms.id, "dcgan-phantoms-normal", now)


def test_training_that_diverges_is_one_line(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(config: Config, progress: Progress) -> None:
        raise WorkFailed("the weights became infinite; the checkpoint of step 20 is kept")

    monkeypatch.setattr("medgan.training.loop.train", diverge)
    assert main(["train", "dcgan", "--dataset", "phantoms"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "medgan: the weights became infinite; the checkpoint of step 20 is kept"
    (job,) = list_jobs()
    status = job.status()
    assert (status.state, status.reason) == ("failed", line.removeprefix("medgan: "))
    assert "Traceback" not in job.log_tail()


def test_background_job_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    job = answer(capsys, *PHANTOM, "--detach")["job"]
    waited = answer(capsys, "jobs", "wait", job)
    assert (waited["state"], waited["id"]) == ("done", job)
    assert waited["progress"]["done"] == waited["progress"]["total"]
    assert "nothing to cancel" in complaint(capsys, "jobs", "cancel", job)
    assert "nothing to resume" in complaint(capsys, "jobs", "resume", job)


def test_waiting_ends_as_the_job_does(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.png").write_bytes(b"no picture")
    job = answer(capsys, "data", "prepare", f"{tmp_path}/empty", "--detach")["job"]
    waited = answer(capsys, "jobs", "wait", job, exit_code=2)
    assert (waited["state"], waited["failure"]) == ("failed", "bad input")
    Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(tmp_path / "empty" / "a.png")
    answer(capsys, "jobs", "resume", job)
    assert answer(capsys, "jobs", "wait", job)["attempt"] == 2


def test_ctrl_c_cancels_a_training_that_resumes(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, *PHANTOM)
    words = ["train", "dcgan", *SHORT_TRAINING, "--steps", "100000", "--log-every", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "medgan", *words], cwd=ROOT, env=dict(os.environ), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert " of 100,000" in process.stderr.readline(), "it trains"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    job = next(job for job in list_jobs() if job.kind == "train")
    assert job.status().state == "cancelled"
    job.resume()
    assert answer(capsys, "jobs", "show", job.id)["attempt"] == 2
    capsys.readouterr()
    main(["jobs", "cancel", job.id, "--force"])
    assert job.wait(120).state == "cancelled"


def test_demo_makes_something_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "demo")
    assert "phantom" in text
    assert "No patient" in text
    assert answer(capsys, "data", "show", "demo-chest-xray")["items"] == 60


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
