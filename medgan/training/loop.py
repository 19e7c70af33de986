"""The only GAN training loop: it knows no GAN and no metric by name."""

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Adam

from medgan.common.artefact import sweep, write_atomic
from medgan.common.errors import BadInput, Busy, Cancelled, WorkFailed
from medgan.common.home import runs_folder
from medgan.common.memory import keep_freed_memory
from medgan.common.pictures import encode_png, grid
from medgan.common.precision import autocast
from medgan.common.progress import Progress, Silent
from medgan.common.repro import choose_device, seed_everything
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.models.task import Batch, GanTask, Losses
from medgan.training import curves, feed
from medgan.training.beginning import begin
from medgan.training.checkpoint import (
    checkpoints,
    drop_later,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    prefixed,
    save_checkpoint,
    under,
)
from medgan.training.conditions import Conditions, as_drawn, columns_of, side_by_side
from medgan.training.config import TrainConfig
from medgan.training.drawn import Drawn
from medgan.training.ema import Average
from medgan.training.group import Group, join
from medgan.training.run import LOSSES_FILE, Run, forget_damage
from medgan.training.schedule import rate_factor

if TYPE_CHECKING:
    from medgan.training.scoring import Scorer

SETTLING_BATCHES = 8


def train(config: TrainConfig, progress: Progress | None = None) -> Run:
    """Train a GAN to its last step; the same config again resumes it, or returns it where it is finished and whole.

    Under torchrun this is process 0; the others `follow`. Raises BadInput where the data do not fit, Cancelled when
    asked to stop (a checkpoint is kept), and WorkFailed when the numbers diverge (the last good checkpoint is kept).
    """
    group = join(choose_device(config.loop.device))
    folder = begin(config, group.size)
    try:
        with FileLock(folder / ".lock", timeout=0):
            forget_damage(folder)
            run = Run.read(begin(config, group.size))
            if run.config != config:
                raise BadInput(f"run {config.run} exists with other options; give the new one another name")
            group.told("" if run.finished else run.id)
            if run.finished:
                return run
            sweep(run.folder)
            # By id: another data set may have taken the name since the run began.
            finished = Trainer(run, PreparedDataset.open(run.record.dataset_id), group).train(progress or Silent())
            group.leave()
            return finished
    except Timeout:
        raise Busy(f"run {config.run} is being trained by another process") from None


def follow(device: str = "auto") -> None:
    """Be one of torchrun's further processes: take part in the training that process 0 leads, write nothing."""
    group = join(choose_device(device))
    started = group.told()
    if started:
        run = Run.read(runs_folder() / started)
        Trainer(run, PreparedDataset.open(run.record.dataset_id), group).train(Silent())
    group.leave()


class Trainer:
    """One process's part in a run: networks, optimizers, average, and the step they have reached."""

    def __init__(self, run: Run, dataset: PreparedDataset, group: Group | None = None) -> None:
        keep_freed_memory()
        self.run = run
        self.options = run.config.loop
        if self.options.threads:
            torch.set_num_threads(self.options.threads)
        self.group = group or Group(device=choose_device(self.options.device))
        device = self.group.device
        seed_everything(self.options.seed, "initial weights")
        self.task: GanTask = GANS[run.config.gan].task(run.config.model, run.record.data).to(device)
        self.batches = feed.batches_of(run.config, dataset, run.record.data, device)
        self.conditions = feed.grid_conditions(run.config, dataset, run.record.data)
        self.optimizers = {
            "generators": self._adam(self.task.generators.parameters()),
            "discriminators": self._adam(self.task.discriminators.parameters()),
        }
        self.average = Average(self.task, run.config.model.ema_decay)
        self.curves = curves.Curves(run.folder / LOSSES_FILE)
        self.scorer = self._scorer(dataset)
        self.step = 0
        if self.options.compile:
            for network in (*self.task.generators.values(), *self.task.discriminators.values()):
                network.compile()

    def _scorer(self, dataset: PreparedDataset) -> "Scorer | None":
        if not self.group.leads or self.options.score_space == "none":
            return None
        from medgan.training.scoring import Scorer  # the scores take seconds to import, and few runs ask for them

        return Scorer(self.run, dataset)

    def _adam(self, parameters: Iterable[torch.nn.Parameter]) -> Adam:
        model = self.run.config.model
        return Adam(parameters, lr=model.learning_rate, betas=(model.adam_beta1, 0.999), fused=True)

    def train(self, progress: Progress) -> Run:
        """Take every step that is left, then write what makes the run a finished one."""
        self._resume()
        options, steps, leads = self.options, self.run.steps, self.group.leads
        while self.step < steps:
            asks = self.group.size == 1 or self.step % options.log_every == 0  # asking all waits for the device
            if asks and self.group.told("stop" if leads and progress.stop_requested() else ""):
                self._save()
                raise Cancelled(f"stopped at step {self.step} of {steps}; resume goes on from there")
            losses = self.take_step()
            self.step += 1
            self.curves.add(losses)
            last = self.step == steps
            if last or self.step % options.log_every == 0:
                self._log(progress)
            if last or self.step % options.sample_every == 0:
                self._draw_samples()
            if self.scorer and (last or self.step % options.score_every == 0):
                self._settle()
                self.scorer.score(self.task, self.average, self.step)
            if last or self.step % options.checkpoint_every == 0:
                self._save()
        if leads:
            self._finish()
        self.group.wait()
        return Run.read(self.run.folder)

    def take_step(self) -> Losses:
        """One step of the discriminators, one of the generators, on the same batches and the same fakes."""
        task = self.task.train()
        self._set_learning_rates()
        pieces = range(self.options.accumulate)
        found: list[Losses] = []
        for piece in pieces:
            batch, fakes = self._fakes(piece)
            with self._autocast():
                losses = task.discriminator_losses(batch, {name: fake.detach() for name, fake in fakes.items()})
            found.append(self._backward(losses, "discriminator"))
        self._descend("discriminators")
        task.discriminators.requires_grad_(False)
        for piece in pieces:
            if len(pieces) > 1:  # drawn again: keeping all would take the memory that accumulation is to save
                batch, fakes = self._fakes(piece)
            with self._autocast():
                losses = task.generator_losses(batch, fakes)
            found.append(self._backward(losses, "generator"))
        self._descend("generators")
        task.discriminators.requires_grad_(True)
        self.average.update(self.step)
        return summed(found)

    def _fakes(self, piece: int) -> tuple[Batch, dict[str, Tensor]]:
        """A batch of this step and the fakes for it, drawn from the same random numbers whenever asked for."""
        group = self.group
        further = (piece, group.rank) if piece or group.rank else ()
        seed_everything(self.options.seed, "step", self.step, *further)
        number = (self.step * self.options.accumulate + piece) * group.size + group.rank
        batch = self.task.prepare(self.batches(number))
        with self._autocast():
            return batch, self.task.generate(batch)

    def _autocast(self) -> torch.autocast:
        return autocast(self.options.precision, self.group.device)

    def _set_learning_rates(self) -> None:
        rate = self.run.config.model.learning_rate
        for optimizer in self.optimizers.values():
            for parameters in optimizer.param_groups:
                parameters["lr"] = rate * rate_factor(self.options.schedule, self.step, self.run.steps)

    def _backward(self, losses: Losses, side: str) -> Losses:
        """Add the gradients of one piece of a step; returns its losses by name, and their sum by side."""
        pieces = self.options.accumulate
        total = torch.stack(list(losses.values())).sum()
        (total / pieces).backward()  # type: ignore[no-untyped-call]
        named = {side: total} | {f"{side}/{name}": value for name, value in losses.items()}
        return {name: value.detach() / pieces for name, value in named.items()}

    def _descend(self, side: str) -> None:
        """One optimizer step, the same in every process."""
        optimizer = self.optimizers[side]
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        self.group.average(gradients)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def _check(self) -> None:
        """Raise WorkFailed where the weights are no longer finite.

        A gradient that was infinite or undefined leaves such weights behind. They are looked at when losses are
        written and before anything is saved: looking every step would cost a pass over them and wait for the device.
        """
        weights = [weight.detach() for weight in self.task.parameters()]
        if torch.nn.utils.get_total_norm(weights).isfinite().item():
            return
        kept = newest_checkpoint(self.run.folder)
        where = f"the checkpoint of step {kept[0]} is kept" if kept else "no checkpoint had been made yet"
        raise WorkFailed(
            f"the weights became infinite or undefined by step {self.step}; {where}. "
            "Try a lower learning rate or float32 precision"
        )

    def _log(self, progress: Progress) -> None:
        self._check()
        self._share_curves()
        if self.group.leads:
            progress.update(self.step, self.run.steps, self.curves.flush(self.step))
        else:
            self.curves.clear()

    def _share_curves(self) -> None:
        """Give every process the mean of what all have added up."""
        sums = self.curves.sums
        self.group.average([sums[name] for name in sorted(sums)])

    @torch.no_grad()
    def _draw_samples(self) -> None:
        """Draw the grid of this step from the run's fixed noise, with the averaged generator.

        Where images are drawn from something, that stands before each of them.
        """
        if not self.group.leads:
            return
        self._settle()
        with self.average.in_place() as task:
            pieces = [self._drawn_from(task, conditions) for conditions in self.conditions]
        cells = np.concatenate(pieces)[: self.options.samples]
        sheet = encode_png(grid(cells, columns_of(len(cells))))
        write_atomic(self.run.folder / "samples" / f"step-{self.step:08d}.png", sheet)

    def _drawn_from(self, task: GanTask, conditions: Conditions | None) -> NDArray[np.uint8]:
        """Cells of a sample grid (n, size, size, c)."""
        count, seed, size = self.options.samples, self.options.seed, self.run.config.model.size
        if conditions is None:
            return side_by_side([Drawn.of(task.sample(count, seed))])
        condition = conditions.batch(0, count, size, self.group.device)
        given = as_drawn(condition)
        if given is not None:  # two pictures an item, and as many items of each domain
            count = -(-count // (2 * len(self.conditions)))
            condition = {name: part[:count] for name, part in condition.items()}
        drawn = Drawn.of(task.sample(count, seed, condition))
        return side_by_side([drawn] if given is None else [given[:count], drawn])

    def _settle(self) -> None:
        seed_everything(self.options.seed, "settle", self.step)
        self.average.settle(self.batches(self.step + number) for number in range(SETTLING_BATCHES))

    def _save(self) -> None:
        """Write the checkpoint of this step.

        Random states need no place in it: every step seeds its own from the run's seed and its number.
        """
        self._check()
        self._share_curves()
        if not self.group.leads:
            return
        self._settle()
        tensors = {
            **prefixed("generators", self.task.generators.state_dict()),
            **prefixed("discriminators", self.task.discriminators.state_dict()),
            **prefixed("average", self.average.state_dict()),
            **prefixed("curves", self.curves.sums),
        }
        for side, optimizer in self.optimizers.items():
            tensors |= prefixed(f"optimizer/{side}", optimizer_tensors(optimizer))
        facts = {"run": self.run.id, "steps": str(self.run.steps), "seconds": repr(self.curves.seconds())}
        facts["curves_count"] = str(self.curves.count)
        facts |= curves.kept(self.run.folder)
        save_checkpoint(self.run.folder, self.step, tensors, facts)

    def _resume(self) -> None:
        """Go back to the newest checkpoint that can be read; begin at step 0 where there is none."""
        newest = newest_checkpoint(self.run.folder)
        if newest is None:
            self._rewind({})
            return
        self.step, tensors, facts = newest
        try:
            self.task.generators.load_state_dict(under("generators", tensors))
            self.task.discriminators.load_state_dict(under("discriminators", tensors))
            self.average.load_state_dict(under("average", tensors))
        except RuntimeError:
            raise BadInput(f"run {self.run.id}: its checkpoint was made with other options") from None
        for side, optimizer in self.optimizers.items():
            load_optimizer(optimizer, under(f"optimizer/{side}", tensors))
        sums = {name: value.to(self.group.device) for name, value in under("curves", tensors).items()}
        self.curves.restore(float(facts["seconds"]), sums, int(facts["curves_count"]))
        self._rewind(facts)

    def _rewind(self, facts: Mapping[str, str]) -> None:
        """Forget what was written of later steps than this."""
        if self.group.leads:
            for step in drop_later(self.run.folder, self.step):
                print(f"the checkpoint of step {step} is damaged: going on from step {self.step}", file=sys.stderr)
            curves.put_back(self.run.folder, facts)
            self.curves.rewind(self.step)
        if self.scorer:
            self.scorer.rewind(self.step)

    def _finish(self) -> None:
        """Write the generator and the manifest; the newest checkpoint stays, for going further."""
        for older in checkpoints(self.run.folder)[1:]:
            older.unlink()
        record, seconds = self.run.record, round(self.curves.seconds(), 1)
        summary = {"steps": self.step, "seconds": seconds, "items": record.items}
        self.run.finish(self.average.state_dict(), [record.dataset_id], summary)


def summed(pieces: list[Losses]) -> Losses:
    """The losses of all pieces of a step, by name, without their graphs."""
    totals: Losses = {}
    for piece in pieces:
        for name, value in piece.items():
            totals[name] = totals[name] + value if name in totals else value
    return totals
