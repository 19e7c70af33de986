"""The loop keeps its promises: same seed same run, killed or cancelled runs resume to the same bits."""

import hashlib
import json
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
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.models import GANS
from medgan.models.fastgan import FastGANTask
from medgan.models.task import Batch, Losses
from medgan.training.batches import Batches
from medgan.training.checkpoint import checkpoints, read_tensors
from medgan.training.config import TrainConfig, train_config
from medgan.training.loop import Trainer, train
from medgan.training.run import Run, RunRecord, list_runs
from medgan.training.sampler import Sampler

TINY: dict[str, Any] = {
    "width": 8,
    "batch_size": 4,
    "steps": 6,
    "log_every": 2,
    "sample_every": 3,
    "checkpoint_every": 2,
    "samples": 4,
    "threads": 2,
}


def tiny(gan: str = "fastgan", name: str = "tiny", **options: Any) -> TrainConfig:
    return train_config(gan, "phantoms", label="normal", name=name, options=TINY | options)


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


@pytest.mark.parametrize("gan", GANS)
def test_a_run_leaves_everything_and_is_the_same_again(phantoms: PreparedDataset, gan: str) -> None:
    run = train(tiny(gan))
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
    assert content(train(tiny(gan, name="again"))) == content(run)
    assert content(train(tiny(gan, name="other", seed=1))) != content(run)


def test_training_sees_the_training_part_of_its_class_only(phantoms: PreparedDataset) -> None:
    record = train(tiny(steps=1)).record
    items = phantoms.items
    allowed = items[(items["split"] == "train") & (items["label"] == "normal")]
    assert sorted(record.seen_files) == sorted(allowed["sha256"])
    assert record.items == len(allowed)
    assert record.data.classes == ("normal",)


@pytest.mark.parametrize("gan", GANS)
@pytest.mark.parametrize("stop_at", [1, 3, 5])
def test_a_cancelled_run_resumes_to_the_same_bits(phantoms: PreparedDataset, gan: str, stop_at: int) -> None:
    whole = train(tiny(gan))
    config = tiny(gan, name="stopped")
    with pytest.raises(Cancelled, match=f"step {stop_at} of 6"):
        train(config, StopAfter(stop_at))
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


@pytest.mark.parametrize("killed_at", ["checkpoint-00000002", "step-00000003", ".checkpoint-00000004"])
def test_a_killed_run_resumes_to_the_same_bits(phantoms: PreparedDataset, tmp_path: Path, killed_at: str) -> None:
    """SIGKILL as soon as a certain file is there (the last one while it is being written), then the same command."""
    whole = train(tiny(steps=16))
    config = tiny(name="killed", steps=16)
    file = tmp_path / "config.json"
    file.write_text(config.to_json())
    process = subprocess.Popen([sys.executable, "-c", TRAIN_SCRIPT, str(file)], cwd=Path(__file__).parents[2])
    folder = whole.folder.parent / config.run
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


def test_a_torn_line_of_the_curves_is_skipped(phantoms: PreparedDataset) -> None:
    run = train(tiny())
    with open(run.folder / "losses.jsonl", "a") as stream:
        stream.write('{"step": 8, "sec')
    assert run.losses()["step"].tolist() == [2, 4, 6]
    assert run.step() == 6


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
    with pytest.raises(WorkFailed, match=r"generator.*step 4; the checkpoint of step 2 is kept"):
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
    with pytest.raises(BadInput, match=r"loop.steps: .* greater than or equal to 1"):
        tiny(steps=0)
    with pytest.raises(BadInput, match="sizes 64, 128, not 96"):
        tiny("dcgan", size=96)
    assert list_runs() == [] or all(run.shipped for run in list_runs())


def test_the_sampler_draws_the_same_pixels_however_they_are_asked_for(phantoms: PreparedDataset) -> None:
    sampler = Sampler.load(train(tiny()), device="cpu")
    together = sampler.draw(20, seed=3)
    one_by_one = np.concatenate([sampler.draw(1, seed=3, first=index) for index in range(20)])
    in_sevens = np.concatenate([sampler.draw(min(7, 20 - at), seed=3, first=at) for at in range(0, 20, 7)])
    assert together.shape == (20, 64, 64, 1)
    assert np.array_equal(together, one_by_one)
    assert np.array_equal(together, in_sevens)
    assert not np.array_equal(together, sampler.draw(20, seed=4))


def test_the_sampler_of_an_unfinished_run_uses_its_newest_checkpoint(phantoms: PreparedDataset) -> None:
    config = tiny()
    with pytest.raises(Cancelled):
        train(config, StopAfter(3))
    assert Sampler.load(Run.open("tiny")).draw(2, seed=0).std() > 0


def test_mirrored_batches_only_when_asked(phantoms: PreparedDataset) -> None:
    def first_batch(flip: bool) -> torch.Tensor:
        config = tiny(flip=flip, batch_size=8)
        chosen = phantoms.indices("train", "normal")
        record = RunRecord.model_validate(
            {"config": config, "data": {"channels": 1}, "dataset_id": phantoms.id, "items": len(chosen)}
        )
        return Trainer(Run.start(record), phantoms).batches(0).images

    plain, flipped = first_batch(False), first_batch(True)
    mirrored = [torch.equal(b, a.flip(-1)) for a, b in zip(plain, flipped, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(plain, flipped, strict=True)]
    assert any(mirrored)
    assert any(same)
    assert all(m or s for m, s in zip(mirrored, same, strict=True))


def test_a_larger_data_set_is_shrunk_to_the_training_size(phantoms: PreparedDataset) -> None:
    chosen = phantoms.indices("train")
    whole = Batches(phantoms, chosen, size=64, batch_size=4, seed=0)(0).images
    half = Batches(phantoms, chosen, size=32, batch_size=4, seed=0)(0).images
    assert half.shape == (4, 1, 32, 32)
    assert (
        torch.corrcoef(torch.stack([half.flatten(), torch.nn.functional.avg_pool2d(whole, 2).flatten()]))[0, 1] > 0.99
    )


def test_an_epoch_shows_every_image_once(phantoms: PreparedDataset) -> None:
    chosen = phantoms.indices("train", "normal")[:12]
    batches = Batches(phantoms, chosen, size=64, batch_size=4, seed=0)
    seen = [batches._item(position) for position in range(24)]
    assert sorted(seen[:12]) == sorted(seen[12:]) == sorted(chosen)
    assert seen[:12] != seen[12:]


def test_masks_come_with_the_batch_only_when_asked_for(phantoms: PreparedDataset) -> None:
    chosen = phantoms.indices("train")
    plain = Batches(phantoms, chosen, size=32, batch_size=4, seed=0)(0)
    with_masks = Batches(phantoms, chosen, size=32, batch_size=4, seed=0, masks=True)(0)
    assert plain.masks is None
    assert with_masks.masks is not None
    assert with_masks.masks.shape == (4, 1, 32, 32)
    assert set(with_masks.masks.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(plain.images, with_masks.images)
