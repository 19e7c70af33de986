"""A classifier's head, and the training of many heads at once on kept features.

The head is the published one: batch norm, global average pooling, dropout, one sigmoid unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from medgan.common.errors import Cancelled
from medgan.common.progress import Progress
from medgan.downstream.course import BestSoFar, Course, Targets
from medgan.downstream.draws import Draws
from medgan.downstream.map_moments import MapMoments

MOMENTUM, NORM_EPSILON = 0.1, 1e-5  # of torch's batch norm
BETA1, BETA2, ADAM_EPSILON = 0.9, 0.999, 1e-8  # of torch's Adam


class Head(nn.Module):
    """From maps (n, channels, h, w) to logits (n,) of class 1."""

    def __init__(self, channels: int, draws: Draws) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, NORM_EPSILON, MOMENTUM)
        self.unit: nn.Linear = nn.utils.skip_init(nn.Linear, channels, 1)  # type: ignore[no-untyped-call]
        weight, bias = draws.unit(channels)
        self.unit.load_state_dict({"weight": weight, "bias": bias})

    def forward(self, maps: Tensor, kept: Tensor | None = None) -> Tensor:
        """`kept` (n, channels) multiplies the pooled channels: see `kept_channels`."""
        pooled = self.norm(maps).mean((2, 3))
        logits: Tensor = self.unit(pooled if kept is None else pooled * kept).squeeze(1)
        return logits

    @torch.no_grad()
    def of_means(self, means: Tensor) -> Tensor:
        """The same from the maps' means (n, channels), as it is after training."""
        logits: Tensor = self.eval()(means[..., None, None])
        return logits


def kept_channels(numbers: Tensor, dropout: Tensor | float) -> Tensor:
    """What dropout multiplies channels by: 0 where the number in [0, 1) is below the rate, else 1 / (1 - rate)."""
    return (numbers >= dropout) / (1 - dropout)


@dataclass(frozen=True)
class Point:
    """What one head is trained with."""

    learning_rate: float
    dropout: float
    seed: int


def train_heads(
    points: Sequence[Point],
    starts: Sequence[Head | None],
    train: tuple[MapMoments, Targets],
    validation: tuple[MapMoments, Targets],
    course: Course,
    progress: Progress,
) -> list[tuple[Head, list[float]]]:
    """One head a point, trained side by side, each with its validation loss after every epoch.

    Each has the weights of its best epoch, and is to rounding what a training of its own would give. Heads of one seed
    see the same batches. A start is a head to go on from. Raises Cancelled when asked to stop.
    """
    (moments, targets), (unseen, wanted) = train, validation
    stack = _Stack(points, starts, moments)
    best, kept = BestSoFar(len(points), course.patience), stack.state()
    losses: list[Tensor] = []
    for epoch in range(course.epochs):
        if progress.stop_requested():
            raise Cancelled(f"stopped after {epoch} of {course.epochs} epochs")
        if not best.going.any():
            break
        stack.train_epoch(moments, targets, course.batch_size)
        losses.append(wanted.loss(stack.logits(unseen.mean[0])))
        kept = torch.where(best.improved(losses[-1])[:, None], stack.state(), kept)
        progress.update(epoch + 1, course.epochs, f"training {len(points)} heads on kept features")
    heads = stack.heads(kept)
    last = (best.epoch + course.patience if course.patience else torch.full_like(best.epoch, course.epochs)).tolist()
    histories = torch.stack(losses, dim=1).tolist()
    return [(head, history[:end]) for head, history, end in zip(heads, histories, last, strict=True)]


class _Stack:
    """Heads side by side: their parameters are rows of one tensor, and so are their batch norms' running statistics."""

    def __init__(self, points: Sequence[Point], starts: Sequence[Head | None], moments: MapMoments) -> None:
        self.channels = moments.mean.shape[2]
        seeds = sorted({point.seed for point in points})
        self.draws = [Draws(seed) for seed in seeds]
        self.draws_of = torch.tensor([seeds.index(point.seed) for point in points])
        first = [start or Head(self.channels, Draws(point.seed)) for point, start in zip(points, starts, strict=True)]
        norms, units = [head.norm for head in first], [head.unit for head in first]
        rows = [
            torch.cat([norm.weight, norm.bias, unit.weight[0], unit.bias]).detach()
            for norm, unit in zip(norms, units, strict=True)
        ]
        self.parameters = torch.stack(rows).requires_grad_()  # heads, 3 channels + 1
        self.running_mean, self.running_variance = (
            torch.stack([getattr(norm, name) for norm in norms]).clone() for name in ("running_mean", "running_var")
        )
        self.adam = _Adam(self.parameters, torch.tensor([[point.learning_rate] for point in points]))
        self.rates = torch.tensor([point.dropout for point in points])[:, None, None]

    def train_epoch(self, moments: MapMoments, targets: Targets, batch_size: int) -> None:
        """One pass over the images, each in one of its views, in an order of each seed's own."""
        count, views = len(targets), len(moments.mean)
        orders = torch.stack([draws.order(count) for draws in self.draws])
        shown = torch.stack([draws.views(count, views) for draws in self.draws])
        for rows in torch.split(orders, batch_size, dim=1):
            view = shown.gather(1, rows)
            normal = self._normalised(moments.mean[view, rows], moments.variance[view, rows], moments.places)
            numbers = torch.stack([draws.dropout(rows.shape[1], self.channels) for draws in self.draws])
            kept = kept_channels(numbers[self.draws_of], self.rates)
            self._step(normal, kept, targets.at(rows[self.draws_of]))

    def _normalised(self, means: Tensor, variances: Tensor, places: int) -> Tensor:
        """Batch norm's first half and average pooling of maps with these moments (seeds, batch, channels).

        (heads, batch, channels). The variance over batch and places is the mean variance within a map and the
        variance of the maps' means; no parameter is in this, so no gradient either.
        """
        mean = means.mean(1, keepdim=True)
        variance = variances.mean(1, keepdim=True) + (means - mean).square().mean(1, keepdim=True)
        values = means.shape[1] * places
        unbiased = variance * (values / max(values - 1, 1))
        self.running_mean.lerp_(mean[self.draws_of, 0], MOMENTUM)
        self.running_variance.lerp_(unbiased[self.draws_of, 0], MOMENTUM)
        normal: Tensor = (means - mean) * (variance + NORM_EPSILON).rsqrt()
        return normal[self.draws_of]

    def _step(self, normal: Tensor, kept: Tensor, targets: Targets) -> None:
        """One step of each head on its batch (heads, batch, channels)."""
        scale, shift, weight, bias = self._parts()
        pooled = torch.addcmul(shift[:, None], normal, scale[:, None]) * kept
        logits = torch.baddbmm(bias[..., None], pooled, weight[..., None])[..., 0]
        self.adam.step(*torch.autograd.grad(targets.loss(logits).sum(), [self.parameters]))

    @torch.no_grad()
    def logits(self, means: Tensor) -> Tensor:
        """Logits (heads, n) of maps with these means (n, channels), with the running statistics."""
        scale, shift, weight, bias = self._parts()
        scale = scale * (self.running_variance + NORM_EPSILON).rsqrt()
        constant = ((shift - self.running_mean * scale) * weight).sum(1, keepdim=True) + bias
        return (scale * weight) @ means.T + constant

    def _parts(self) -> tuple[Tensor, ...]:
        """Batch norm's scale and shift and the unit's weight (heads, channels), and its bias (heads, 1)."""
        return torch.split(self.parameters, [self.channels, self.channels, self.channels, 1], dim=1)

    def state(self) -> Tensor:
        """A copy of all that a head consists of, one row a head."""
        return torch.cat([self.parameters.detach(), self.running_mean, self.running_variance], dim=1)

    def heads(self, state: Tensor) -> list[Head]:
        """The heads that rows of states stand for."""
        return [self._head(row) for row in state]

    def _head(self, row: Tensor) -> Head:
        scale, shift, weight, bias, mean, variance = torch.split(row, [self.channels] * 3 + [1] + [self.channels] * 2)
        head = Head(self.channels, Draws(0))
        head.norm.load_state_dict(
            {"weight": scale, "bias": shift, "running_mean": mean, "running_var": variance}, False
        )
        head.unit.load_state_dict({"weight": weight[None], "bias": bias})
        return head.eval()


class _Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with a learning rate for each row, which torch's optimisers have not."""

    def __init__(self, parameters: Tensor, learning_rates: Tensor) -> None:
        self.parameters, self.learning_rates = parameters, learning_rates
        self.mean, self.square = torch.zeros_like(parameters), torch.zeros_like(parameters)
        self.steps = 0

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        self.steps += 1
        self.mean.lerp_(gradient, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        spread = (self.square / (1 - BETA2**self.steps)).sqrt_().add_(ADAM_EPSILON)
        self.parameters.sub_(self.mean / spread * (self.learning_rates / (1 - BETA1**self.steps)))
