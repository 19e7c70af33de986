"""The averaged generator: smoother samples than those of the weights being trained (Karras et al. 2018)."""

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from medgan.models.task import Batch, GanTask


class Average:
    """Exponential moving average of a task's generators."""

    def __init__(self, task: GanTask, decay: float) -> None:
        self.task = task
        self.decay = decay
        self.generators = copy.deepcopy(task.generators).requires_grad_(False)

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the current weights; early steps count more, so that short runs are not stuck at the start.

        Buffers (running statistics) are copied as they are.
        """
        if not self.decay:
            return  # no average: the weights are copied when they are needed
        decay = min(self.decay, (1 + step) / (10 + step))
        current = [parameter.detach() for parameter in self.task.generators.parameters()]
        torch._foreach_lerp_(list(self.generators.parameters()), current, 1 - decay)
        for kept, new in zip(self.generators.buffers(), self.task.generators.buffers(), strict=True):
            kept.copy_(new)

    @contextmanager
    def in_place(self) -> Iterator[GanTask]:
        """Lend the task with the averaged generators in it."""
        trained = self.task.generators
        self.task.generators = self.generators
        try:
            yield self.task
        finally:
            self.task.generators = trained

    @torch.no_grad()
    def settle(self, batches: Iterable[Batch]) -> None:
        """Make the average ready for use: its batch-norm statistics are not those of the weights, measure them anew."""
        if not self.decay:
            self.generators.load_state_dict(self.task.generators.state_dict())
        norms = [m for m in self.generators.modules() if isinstance(m, nn.BatchNorm2d)]
        if not norms:
            return
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches that follow
        with self.in_place() as task:
            self.generators.train()
            for batch in batches:
                task.generate(batch)
            self.generators.eval()
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def state_dict(self) -> dict[str, Tensor]:
        return self.generators.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.generators.load_state_dict(state)
