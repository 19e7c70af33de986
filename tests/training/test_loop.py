"""The loop keeps its promises: same seed same run, killed or cancelled runs resume to the same bits."""

import errno
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from medgan.common.artefact import damaged_files
from medgan.common.config import read_json
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.models.fastgan import FastGANTask
from medgan.models.task import Batch, Losses
from medgan.training.beginning import start_run
from medgan.training.checkpoint import checkpoints, read_tensors, write_tensors
from medgan.training.config import TrainConfig, train_config
from medgan.training.feed import training_data
from medgan.training.loop import Trainer, train
from medgan.training.run import LOSSES_FILE, RUN_FILE, SEEN_FILE, Run, RunRecord, list_runs
from medgan.training.sampler import Sampler

TINY: dict[str, Any] = {
    "size": 64,
    "width": 8,
    "batch_size": 4,
    "steps": 6,
    "log_every": 2,
    "sample_every": 3,
    "checkpoint_every": 2,
    "samples": 4,
    "threads": 1,
}
VARIANTS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "dcgan": ("dcgan", "normal", {}),
    "dcgan that draws masks": ("dcgan", None, {"content": "masks", "network": "lesion_mask"}),
    "dcgan told the class": ("dcgan", None, {"conditional": True}),
    "fastgan": ("fastgan", "normal", {}),
    "fastgan with masks": ("fastgan", "normal", {"content": "images_and_masks"}),
    "pix2pix": ("pix2pix", None, {"discriminator_width": 8, "jitter": True, "flip": True, "scales": 2, "field": 22}),
    "cyclegan": (
        "cyclegan",
        None,
        {"discriminator_width": 8, "pool_size": 3, "domain_a": "normal", "domain_b": "tuberculosis", "field": 10},
    ),
}
"""GAN, class and options of each kind of run that there is."""


def tiny(variant: str = "fastgan", name: str = "tiny", **options: Any) -> TrainConfig:
    gan, label, own = VARIANTS[variant]
    return train_config(gan, "phantoms", label=label, name=name, options=TINY | own | options)


class StopAfter:
    """Asks to stop once the loop has asked so many times."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def update(self, done: int, total: int, message: str = "") -> None:
        pass

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


def content(run: Run) -> dict[str, str]:
    """Hashes of what a run is judged by: weights, curves without the clock, pictures."""
    hashes = {}
    for path in sorted(run.folder.rglob("*")):
        if path.suffix in {".safetensors", ".png"}:
            data = path.read_bytes()
            if path.suffix == ".safetensors":  # not its words: they hold the run's id and seconds
                data = b"".join(tensor.numpy().tobytes() for _, tensor in sorted(read_tensors(path)[0].items()))
            hashes[path.relative_to(run.folder).as_posix()] = hashlib.sha256(data).hexdigest()
    rows = [json.loads(line) for line in (run.folder / "losses.jsonl").read_text().splitlines()]
    hashes["losses"] = json.dumps([{k: v for k, v in row.items() if k != "seconds"} for row in rows], sort_keys=True)
    return hashes


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_leaves_everything_and_is_the_same_again(phantoms: PreparedDataset, variant: str) -> None:
    run = train(tiny(variant))
    assert run.finished
    assert damaged_files(run.folder) == []
    assert run.losses()["step"].tolist() == [2, 4, 6]
    assert np.isfinite(run.losses().to_numpy()).all()
    assert [step for step, _ in run.sample_grids()] == [3, 6]
    with Image.open(run.sample_grids()[-1][1]) as sheet:
        assert sheet.size == (2 * 64 + 2, 2 * 64 + 2)
    assert run.manifest is not None
    assert run.manifest.parents == [phantoms.id]
    assert run.manifest.summary["steps"] == 6
    assert content(train(tiny(variant, name="again"))) == content(run)
    assert content(train(tiny(variant, name="other", seed=1))) != content(run)


def test_training_sees_the_training_part_of_its_class_only(phantoms: PreparedDataset) -> None:
    run = train(tiny(steps=1))
    record = run.record
    items = phantoms.items
    allowed = items[(items["split"] == "train") & (items["label"] == "normal")]
    assert run.seen_files == set(allowed["sha256"])
    (run.folder / SEEN_FILE).write_text("")
    with pytest.raises(BadInput, match=f"{SEEN_FILE}: gone or damaged"):
        _ = Run.read(run.folder).seen_files
    assert record.items == len(allowed)
    assert record.data.classes == ("normal",)


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


def test_a_nan_stops_the_run_and_keeps_the_last_good_checkpoint(
    phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny()
    losses_before = FastGANTask.generator_losses
    calls = []

    def poisoned(self: FastGANTask, batch: Batch, fakes: dict[str, torch.Tensor]) -> Losses:
        calls.append(1)
        losses = losses_before(self, batch, fakes)
        return {name: value * float("nan") for name, value in losses.items()} if len(calls) == 4 else losses

    monkeypatch.setattr(FastGANTask, "generator_losses", poisoned)
    with pytest.raises(WorkFailed, match=r"weights.*by step 4; the checkpoint of step 2 is kept"):
        train(config)
    run = Run.open("tiny")
    assert not run.finished
    tensors, facts = read_tensors(checkpoints(run.folder)[0])
    assert facts["step"] == "2"
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    monkeypatch.setattr(FastGANTask, "generator_losses", losses_before)
    assert train(config).finished


def test_a_finished_run_is_not_trained_again(phantoms: PreparedDataset) -> None:
    config = tiny(steps=2)
    before = train(config)
    assert train(config).manifest == before.manifest


def test_the_same_run_id_with_other_options_is_refused(phantoms: PreparedDataset) -> None:
    config = tiny(steps=2)
    train(config)
    other = config.model_copy(update={"loop": config.loop.model_copy(update={"steps": 4})})
    with pytest.raises(BadInput, match="other options"):
        train(other)


def test_bad_input_is_one_clear_line_and_leaves_no_run(phantoms: PreparedDataset) -> None:
    with pytest.raises(BadInput, match=r"no dataset named 'missing' \(there is: phantoms\)"):
        train(train_config("dcgan", "missing"))
    with pytest.raises(BadInput, match="no class 'cat'"):
        train(train_config("dcgan", "phantoms", label="cat"))
    with pytest.raises(BadInput, match="64 pixels, 128 are asked for"):
        train(tiny(size=128))
    with pytest.raises(BadInput, match="no GAN named 'stylegan'"):
        train_config("stylegan", "phantoms")
    with pytest.raises(BadInput, match="has no option colour"):
        train_config("dcgan", "phantoms", options={"colour": 3})
    with pytest.raises(BadInput, match="have no sources, and this translation needs them"):
        train(train_config("pix2pix", "phantoms", options={"size": 64, "translation": "sources_to_images"}))
    with pytest.raises(BadInput, match="translates between two classes, data set 'phantoms' has: normal, tuberc"):
        train(train_config("cyclegan", "phantoms"))
    with pytest.raises(BadInput, match="no class 'cat'"):
        train(train_config("cyclegan", "phantoms", options={"domain_a": "cat", "domain_b": "normal"}))
    with pytest.raises(BadInput, match="learns from two classes: leave out the label"):
        train(train_config("cyclegan", "phantoms", label="normal"))
    with pytest.raises(BadInput, match=r"loop.steps: .* greater than or equal to 1"):
        tiny(steps=0)
    with pytest.raises(BadInput, match="sizes 64, 128, not 96"):
        tiny("dcgan", size=96)
    assert list_runs() == [] or all(run.shipped for run in list_runs())


def test_the_sampler_draws_the_same_pixels_however_they_are_asked_for(phantoms: PreparedDataset) -> None:
    sampler = Sampler.load(train(tiny()), device="cpu")

    def draw(count: int, first: int = 0, seed: int = 3) -> np.ndarray[Any, Any]:
        return sampler.draw(count, seed, first).pictures

    together = draw(20)
    one_by_one = np.concatenate([draw(1, index) for index in range(20)])
    in_sevens = np.concatenate([draw(min(7, 20 - at), at) for at in range(0, 20, 7)])
    assert together.shape == (20, 64, 64, 1)
    assert np.array_equal(together, one_by_one)
    assert np.array_equal(together, in_sevens)
    assert not np.array_equal(together, draw(20, seed=4))


def test_the_sampler_of_an_unfinished_run_uses_its_newest_checkpoint(phantoms: PreparedDataset) -> None:
    config = tiny()
    with pytest.raises(Cancelled):
        train(config, StopAfter(3))
    assert Sampler.load(Run.open("tiny")).draw(2, seed=0).pictures.std() > 0


def test_epochs_take_the_place_of_steps_and_count_the_larger_domain(phantoms: PreparedDataset) -> None:
    run = train(tiny("dcgan", epochs=2, batch_size=5))
    assert run.steps == run.step() == -(-2 * run.record.items // 5)
    two = train(tiny("cyclegan", name="two", epochs=1, batch_size=4))
    larger = max(len(phantoms.indices("train", label)) for label in ("normal", "tuberculosis"))
    assert two.steps == -(-larger // 4)


def test_accumulated_batches_are_one_large_batch(phantoms: PreparedDataset) -> None:
    """CycleGAN has no norm over the batch, and its pool is not full yet, so the sums must agree."""
    whole = train(tiny("cyclegan", name="whole", batch_size=4, steps=3, pool_size=50, precision="float32"))
    pieces = train(
        tiny("cyclegan", name="pieces", batch_size=2, accumulate=2, steps=3, pool_size=50, precision="float32")
    )
    expected, found = whole.losses().drop(columns="seconds"), pieces.losses().drop(columns="seconds")
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-3, atol=1e-5)


def test_the_learning_rate_follows_its_schedule(phantoms: PreparedDataset) -> None:
    config = tiny("dcgan", schedule="linear", steps=8)
    trainer = Trainer(Run.start(started(config, phantoms)), phantoms)
    rates = []
    for _ in range(8):
        trainer.take_step()
        trainer.step += 1
        rates.append(trainer.optimizers["generators"].param_groups[0]["lr"] / config.model.learning_rate)
    assert rates == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


def started(config: TrainConfig, dataset: PreparedDataset) -> RunRecord:
    data = training_data(config, dataset)
    return RunRecord(config=config, data=data, dataset_id=dataset.id, items=len(dataset.indices("train", config.label)))


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
