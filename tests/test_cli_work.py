"""The command line at work: data, training and drawing, here and in the background."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgan.cli import main
from medgan.common.config import Config
from medgan.common.errors import Cancelled, WorkFailed
from medgan.common.progress import Progress
from medgan.data.dataset import PreparedDataset
from medgan.jobs import list_jobs

from .commands import PHANTOM, SHORT_TRAINING, answer, complaint, told

ROOT = Path(__file__).parents[1]


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

    def note(kind: str, config: Config, progress: Progress, *, at_once: bool, **_: object) -> None:
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
