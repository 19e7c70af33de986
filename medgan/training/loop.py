"""The only GAN training loop: it knows no GAN and no metric by name."""

import json
import math
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import Tensor
from torch.optim import Adam, Optimizer

from medgan.common.artefact import checked_name, commit, sweep, write_atomic
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.home import runs_folder
from medgan.common.images import to_uint8
from medgan.common.pictures import encode_png, grid
from medgan.common.progress import Progress, Silent
from medgan.common.repro import choose_device, environment, seed_everything
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.models.task import GanTask, Losses, TrainingData
from medgan.training.batches import Batches
from medgan.training.checkpoint import (
    checkpoints,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    prefixed,
    save_checkpoint,
    under,
    write_tensors,
)
from medgan.training.config import TrainConfig
from medgan.training.ema import Average
from medgan.training.precision import autocast
from medgan.training.run import GENERATOR_FILE, LOSSES_FILE, RUN_FILE, Run, RunRecord, read_jsonl

SETTLING_BATCHES = 8


def train(config: TrainConfig, progress: Progress | None = None) -> Run:
    """Train a GAN to its last step; the same config again resumes it, or returns it where it is finished.

    Raises BadInput where the data do not fit, Cancelled when asked to stop (a checkpoint is kept), and
    WorkFailed when the numbers diverge (the last good checkpoint is kept).
    """
    folder = runs_folder() / checked_name(config.run)
    run = Run.read(folder) if (folder / RUN_FILE).exists() else start_run(config, PreparedDataset.open(config.dataset))
    if run.config != config:
        raise BadInput(f"run {config.run} exists with other options; give the new one another name")
    try:
        with FileLock(run.folder / ".lock", timeout=0):
            run = Run.read(run.folder)
            if run.finished:
                return run
            sweep(run.folder)
            # By id: another data set may have taken the name since the run began.
            return Trainer(run, PreparedDataset.open(run.record.dataset_id)).train(progress or Silent())
    except Timeout:
        raise BadInput(f"run {config.run} is being trained by another process") from None


def start_run(config: TrainConfig, dataset: PreparedDataset) -> Run:
    """Make the folder of a new run; raises BadInput, and makes none, where the data do not fit."""
    batches_of(config, dataset)
    chosen = dataset.indices("train", config.label)
    items = dataset.items.iloc[chosen]
    record = RunRecord(
        config=config,
        data=TrainingData(
            channels=dataset.channels,
            structures=dataset.structures,
            classes=tuple(sorted(items["label"].unique())),
        ),
        dataset_id=dataset.id,
        items=len(chosen),
        seen_files=tuple(items["sha256"]),
    )
    return Run.start(record)


def batches_of(config: TrainConfig, dataset: PreparedDataset, device: torch.device | None = None) -> Batches:
    """The batches of a run; raises BadInput where the data do not fit."""
    return Batches(
        dataset,
        dataset.indices("train", config.label),
        size=config.model.size,
        batch_size=config.model.batch_size,
        seed=config.loop.seed,
        flip=config.loop.flip,
        masks=GANS[config.gan].task.uses_masks,
        device=device,
    )


class Trainer:
    """One process's part in a run: networks, optimizers, average, and the step they have reached."""

    def __init__(self, run: Run, dataset: PreparedDataset) -> None:
        self.run = run
        self.options = run.config.loop
        self.dataset = dataset
        if self.options.threads:
            torch.set_num_threads(self.options.threads)
        self.device = choose_device(self.options.device)
        seed_everything(self.options.seed, "initial weights")
        self.task: GanTask = GANS[run.config.gan].task(run.config.model, run.record.data).to(self.device)
        self.batches = batches_of(run.config, dataset, self.device)
        self.optimizers = {
            "generators": self._adam(self.task.generators.parameters()),
            "discriminators": self._adam(self.task.discriminators.parameters()),
        }
        self.average = Average(self.task, run.config.model.ema_decay)
        self.curves = Curves(run.folder / LOSSES_FILE)
        self.step = 0

    def _adam(self, parameters: Iterable[torch.nn.Parameter]) -> Adam:
        model = self.run.config.model
        return Adam(parameters, lr=model.learning_rate, betas=(model.adam_beta1, 0.999), fused=True)

    def train(self, progress: Progress) -> Run:
        """Take every step that is left, then write what makes the run a finished one."""
        self._resume()
        options = self.options
        while self.step < options.steps:
            if progress.stop_requested():
                self._save()
                raise Cancelled(f"stopped at step {self.step} of {options.steps}; resume goes on from there")
            losses = self.take_step()
            self.step += 1
            self.curves.add(losses)
            last = self.step == options.steps
            if last or self.step % options.log_every == 0:
                progress.update(self.step, options.steps, self.curves.flush(self.step))
            if last or self.step % options.sample_every == 0:
                self._draw_samples()
            if last or self.step % options.checkpoint_every == 0:
                self._save()
        return self._finish()

    def take_step(self) -> Losses:
        """One step of the discriminators, one of the generators, on one batch and one set of fakes."""
        seed_everything(self.options.seed, "step", self.step)
        task = self.task.train()
        batch = self.batches(self.step)
        with self._autocast():
            fakes = task.generate(batch)
            detached = {name: images.detach() for name, images in fakes.items()}
            discriminator_losses = task.discriminator_losses(batch, detached)
        self._descend(self.optimizers["discriminators"], discriminator_losses, "discriminator")
        task.discriminators.requires_grad_(False)
        with self._autocast():
            generator_losses = task.generator_losses(batch, fakes)
        self._descend(self.optimizers["generators"], generator_losses, "generator")
        task.discriminators.requires_grad_(True)
        self.average.update(self.step)
        return {
            "discriminator": _total(discriminator_losses),
            "generator": _total(generator_losses),
            **{f"discriminator/{name}": value.detach() for name, value in discriminator_losses.items()},
            **{f"generator/{name}": value.detach() for name, value in generator_losses.items()},
        }

    def _autocast(self) -> torch.autocast:
        return autocast(self.options.precision, self.device)

    def _descend(self, optimizer: Optimizer, losses: Losses, side: str) -> None:
        """One optimizer step; a loss or gradient that is not finite stops the run before it spoils the weights."""
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        size = torch.nn.utils.get_total_norm(gradients)
        if not math.isfinite(size.item()):
            kept = newest_checkpoint(self.run.folder)
            where = f"the checkpoint of step {kept[0]} is kept" if kept else "no checkpoint had been made yet"
            raise WorkFailed(
                f"the {side}'s gradients became infinite or undefined at step {self.step + 1}; {where}. "
                "Try a lower learning rate or float32 precision"
            )
        optimizer.step()

    @torch.no_grad()
    def _draw_samples(self) -> None:
        """Draw the grid of this step from the run's fixed noise, with the averaged generator."""
        self._settle()
        with self.average.in_place() as task:
            images = to_uint8(task.sample(self.options.samples, self.options.seed))
        write_atomic(self.run.folder / "samples" / f"step-{self.step:08d}.png", encode_png(grid(images)))

    def _settle(self) -> None:
        seed_everything(self.options.seed, "settle", self.step)
        self.average.settle(self.batches(self.step + number) for number in range(SETTLING_BATCHES))

    def _save(self) -> None:
        """Write the checkpoint of this step.

        Random states need no place in it: every step seeds its own from the run's seed and its number.
        """
        self._settle()
        tensors = {
            **prefixed("generators", self.task.generators.state_dict()),
            **prefixed("discriminators", self.task.discriminators.state_dict()),
            **prefixed("average", self.average.state_dict()),
            **prefixed("curves", self.curves.sums),
        }
        for side, optimizer in self.optimizers.items():
            tensors |= prefixed(f"optimizer/{side}", optimizer_tensors(optimizer))
        facts = {"config": self.run.config.digest(), "seconds": repr(self.curves.seconds())}
        facts["curves_count"] = str(self.curves.count)
        save_checkpoint(self.run.folder, self.step, tensors, facts)

    def _resume(self) -> None:
        """Go back to the newest checkpoint that can be read; begin at step 0 where there is none."""
        newest = newest_checkpoint(self.run.folder)
        if newest is None:
            self.curves.rewind(0, 0.0, {}, 0)
            return
        self.step, tensors, facts = newest
        if facts.get("config") != self.run.config.digest():
            raise BadInput(f"run {self.run.id}: its checkpoint was made with other options")
        self.task.generators.load_state_dict(under("generators", tensors))
        self.task.discriminators.load_state_dict(under("discriminators", tensors))
        self.average.load_state_dict(under("average", tensors))
        for side, optimizer in self.optimizers.items():
            load_optimizer(optimizer, under(f"optimizer/{side}", tensors))
        self.curves.rewind(self.step, float(facts["seconds"]), under("curves", tensors), int(facts["curves_count"]))

    def _finish(self) -> Run:
        """Write the generator and the manifest; the newest checkpoint stays, for going further."""
        run = self.run
        write_tensors(run.folder / GENERATOR_FILE, self.average.state_dict(), {"run": run.id})
        for older in checkpoints(run.folder)[1:]:
            older.unlink()
        commit(
            run.folder,
            kind="run",
            id=run.id,
            name=run.name,
            config=run.config.model_dump(mode="json"),
            parents=[run.record.dataset_id],
            environment=environment(),
            summary={"steps": self.step, "seconds": round(self.curves.seconds(), 1), "items": run.record.items},
        )
        return Run.read(run.folder)


def _total(losses: Losses) -> Tensor:
    return torch.stack([value.detach() for value in losses.values()]).sum()


class Curves:
    """The losses as JSON lines: each line holds the means since the line before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sums: dict[str, Tensor] = {}
        self.count = 0
        self._started = time.monotonic()

    def add(self, losses: Losses) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value.clone()
        self.count += 1

    def flush(self, step: int) -> str:
        """Append the means as one line; returns them in words."""
        means = {name: round(float(total) / self.count, 6) for name, total in self.sums.items()}
        row = {"step": step, "seconds": round(self.seconds(), 2), **dict(sorted(means.items()))}
        with open(self.path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
        self.sums, self.count = {}, 0
        return f"generator {means['generator']:.3f}, discriminator {means['discriminator']:.3f}"

    def seconds(self) -> float:
        """Seconds of training so far, over all attempts."""
        return time.monotonic() - self._started

    def rewind(self, step: int, seconds: float, sums: dict[str, Tensor], count: int) -> None:
        """Forget what was logged after `step`, as a resumed run will log it again."""
        rows = [row for row in read_jsonl(self.path) if row["step"] <= step]
        write_atomic(self.path, "".join(json.dumps(row) + "\n" for row in rows))
        self.sums, self.count = dict(sums), count
        self._started = time.monotonic() - seconds
