"""The loop keeps its promises: same seed same run, good input or one line, and no step that was not a good one."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from medgan.common.artefact import damaged_files
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.data.dataset import PreparedDataset
from medgan.models.fastgan import FastGANTask
from medgan.models.task import Batch, Losses
from medgan.training.checkpoint import checkpoints, read_tensors
from medgan.training.config import TrainConfig, train_config
from medgan.training.feed import training_data
from medgan.training.loop import Trainer, train
from medgan.training.run import SEEN_FILE, Run, RunRecord, list_runs
from medgan.training.sampler import Sampler

from .tiny_runs import VARIANTS, StopAfter, content, tiny


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
