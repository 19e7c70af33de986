"""Stopped, killed, damaged or of an older version: a run goes on, and comes to the same bits."""

import errno
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgan.common.config import read_json
from medgan.common.errors import BadInput, Cancelled
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.training.beginning import start_run
from medgan.training.checkpoint import checkpoints, read_tensors, write_tensors
from medgan.training.loop import train
from medgan.training.run import LOSSES_FILE, RUN_FILE, SEEN_FILE, Run
from medgan.training.sampler import Sampler

from .tiny_runs import VARIANTS, StopAfter, content, tiny


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_cancelled_run_resumes_to_the_same_bits(phantoms: PreparedDataset, variant: str) -> None:
    """Stopped twice, at a saved step and between two."""
    whole = train(tiny(variant))
    config = tiny(variant, name="stopped")
    with pytest.raises(Cancelled, match="step 1 of 6"):
        train(config, StopAfter(1))
    with pytest.raises(Cancelled, match="step 4 of 6"):
        train(config, StopAfter(3))
    assert not Run.open("stopped").finished
    resumed = train(config)
    assert resumed.finished
    assert content(resumed) == content(whole)


TRAIN_SCRIPT = """
import sys
from pathlib import Path
from medgan.training.config import TrainConfig
from medgan.training.loop import train
train(TrainConfig.load(Path(sys.argv[1])))
"""


def test_a_run_killed_again_and_again_resumes_to_the_same_bits(phantoms: PreparedDataset, tmp_path: Path) -> None:
    """SIGKILL as soon as certain files are there (the last one while it is being written), then the same command."""
    whole = train(tiny(steps=16))
    config = tiny(name="killed", steps=16)
    file = tmp_path / "config.json"
    file.write_text(config.to_json())
    folder = whole.folder.parent / config.run
    for killed_at in ("checkpoint-00000002", "step-00000006", ".checkpoint-00000010"):
        process = subprocess.Popen([sys.executable, "-c", TRAIN_SCRIPT, str(file)], cwd=Path(__file__).parents[2])
        while process.poll() is None and not any(folder.rglob(f"{killed_at}*")):
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
        assert not Run.open("killed").finished
    resumed = train(config)
    assert resumed.finished
    assert content(resumed) == content(whole)
    assert list(resumed.folder.rglob(".*.tmp")) == []


def test_a_resumed_run_keeps_its_data_set_when_another_takes_the_name(phantoms: PreparedDataset) -> None:
    whole = train(tiny())
    config = tiny(name="stopped")
    with pytest.raises(Cancelled):
        train(config, StopAfter(3))
    other = prepare_phantoms(PhantomConfig(family="dermoscopy", count=6, size=64, name="phantoms"))
    assert PreparedDataset.open("phantoms").id == other.id != phantoms.id
    resumed = train(config)
    assert content(resumed) == content(whole)
    assert resumed.manifest is not None
    assert resumed.manifest.parents == [phantoms.id]


def test_a_torn_newest_checkpoint_falls_back_to_the_one_before(phantoms: PreparedDataset) -> None:
    whole = train(tiny())
    config = tiny(name="torn")
    with pytest.raises(Cancelled):
        train(config, StopAfter(5))
    newest, before = checkpoints(Run.open("torn").folder)
    newest.write_bytes(newest.read_bytes()[:1000])
    assert before.exists()
    assert content(train(config)) == content(whole)


def test_a_checkpoint_out_of_reach_is_not_taken_for_a_damaged_one(
    phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny(name="shut")
    with pytest.raises(Cancelled):
        train(config, StopAfter(5))
    kept = checkpoints(Run.open("shut").folder)

    def shut(path: Path, **_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("medgan.common.tensors.safe_open", shut)
        with pytest.raises(BadInput, match="cannot be read"):
            train(config)
    assert checkpoints(kept[0].parent) == kept


def test_a_row_of_the_curves_without_its_step_is_none(phantoms: PreparedDataset) -> None:
    whole = train(tiny("dcgan"))
    config = tiny("dcgan", name="flipped")
    with pytest.raises(Cancelled):
        train(config, StopAfter(5))
    run = Run.open("flipped")
    for checkpoint in checkpoints(run.folder):  # which would write the curves again
        checkpoint.unlink()
    losses = run.folder / LOSSES_FILE
    losses.write_text(losses.read_text().replace('"step": 4', '"stfp": 4'))
    assert run.step() == 2
    assert run.losses()["step"].tolist() == [2]
    assert content(train(config)) == content(whole)


def test_a_record_out_of_reach_is_not_taken_for_a_damaged_one(
    phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny("dcgan", steps=2)
    record = train(config).folder / RUN_FILE
    record.write_text(record.read_text() + " \n")
    before, read_text = record.read_text(), Path.read_text

    def shut(path: Path, **options: Any) -> str:
        if path == record:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read_text(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", shut)
        with pytest.raises(BadInput, match=r"run.json: cannot be read \(Permission denied\)"):
            train(config)
    assert record.read_text() == before


@pytest.mark.parametrize("known", [True, False])
def test_a_damaged_record_keeps_the_steps_that_its_checkpoint_knows(
    phantoms: PreparedDataset, known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny("dcgan", epochs=2)
    steps = start_run(config, phantoms, devices=2).steps
    with pytest.raises(Cancelled):
        train(config, StopAfter(1))
    folder = Run.open("tiny").folder
    for path in () if known else checkpoints(folder):  # those of earlier versions do not know them
        tensors, facts = read_tensors(path)
        write_tensors(path, tensors, {name: fact for name, fact in facts.items() if name != "steps"})
    (folder / RUN_FILE).write_bytes(b"")
    assert train(config).steps == (steps if known else config.total_steps(Run.open("tiny").record.items))
    assert ("counted anew for these devices" in capsys.readouterr().err) is not known


def test_curves_too_long_for_a_checkpoint_stay_out_of_it(
    phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tiny())
    monkeypatch.setattr("medgan.training.curves.KEPT_MOST_BYTES", 10)
    config = tiny(name="long")
    with pytest.raises(Cancelled):
        train(config, StopAfter(5))
    assert "losses.jsonl" not in read_tensors(checkpoints(Run.open("long").folder)[0])[1]
    assert content(train(config)) == content(whole)


def test_a_lost_list_of_images_is_written_again_for_the_same_data_set(phantoms: PreparedDataset) -> None:
    run = train(tiny(steps=2))
    before = (run.folder / SEEN_FILE).read_bytes()
    (run.folder / SEEN_FILE).unlink()
    prepare_phantoms(PhantomConfig(family="dermoscopy", count=6, size=64, name="phantoms"))
    again = train(run.config)
    assert again.manifest == run.manifest
    assert (run.folder / SEEN_FILE).read_bytes() == before
    assert again.record.dataset_id == phantoms.id


@pytest.mark.parametrize("name", ["old-dcgan-20261123-160729-45ca"])
def test_a_run_of_an_older_version_is_resumed(phantoms: PreparedDataset, medgan_home: Path, name: str) -> None:
    """Files written before schedules, epochs and masks were known."""
    shutil.copytree(Path(__file__).parent / "old_runs" / name, medgan_home / "checkpoints" / name)
    old = Run.open(name)
    assert old.record.dataset_id == phantoms.id
    assert old.seen_files == set(read_json(old.folder / "run.json")["seen_files"])
    drawn = Sampler.load(old).draw(2, seed=0).pictures
    finished = train(old.config)
    assert finished.finished
    assert finished.losses()["step"].tolist() == [2, 4, 6, 8]
    assert not np.array_equal(Sampler.load(finished).draw(2, seed=0).pictures, drawn)
