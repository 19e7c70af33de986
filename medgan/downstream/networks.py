"""Training of a head together with the layers below it."""

import copy

import torch
from torch import Tensor, nn

from medgan.common.errors import Cancelled
from medgan.common.progress import Progress
from medgan.downstream.bodies import AT_A_TIME, Feed, TrainedBody
from medgan.downstream.course import BestSoFar, Course, Targets
from medgan.downstream.draws import Draws
from medgan.downstream.heads import Head, Point, kept_channels


def train_network(
    body: TrainedBody,
    head: Head,
    point: Point,
    train: tuple[Feed, Targets],
    validation: tuple[Feed, Targets],
    course: Course,
    progress: Progress,
) -> list[float]:
    """Train body and head in place and leave them as after their best epoch; the validation loss after every epoch.

    The same seed gives the same network on the same machine. Raises Cancelled when asked to stop.
    """
    training = _Training(body, head, point, progress)
    best, losses, kept = BestSoFar(1, course.patience), list[float](), training.state()
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):
        for epoch in range(course.epochs):
            if not best.going.any():
                break
            training.train_epoch(*train, course.batch_size)
            losses.append(training.loss(*validation))
            if best.improved(torch.tensor(losses[-1:])).all():
                kept = training.state()
            progress.update(epoch + 1, course.epochs, "training the network")
    training.network.load_state_dict(kept)
    training.network.eval().cpu()
    body.layers.to(body.device)
    return losses


class _Training:
    """A body and a head, and what their training needs between epochs."""

    def __init__(self, body: TrainedBody, head: Head, point: Point, progress: Progress) -> None:
        self.body, self.head, self.progress, self.dropout = body, head, progress, point.dropout
        self.network = nn.ModuleDict({"layers": body.layers, "head": head}).to(body.device)
        self.draws = Draws(point.seed)
        groups = [
            {"params": list(layers.parameters()), "lr": point.learning_rate * factor}
            for layers, factor in ((body.layers, body.rate_factor), (head, body.head_rate_factor))
        ]
        self.optimizer = torch.optim.Adam(groups)

    def state(self) -> dict[str, Tensor]:
        """A copy of all weights and statistics."""
        return copy.deepcopy(self.network.state_dict())

    def train_epoch(self, feed: Feed, targets: Targets, batch_size: int) -> None:
        """One pass over the images, each in one of its views."""
        self.network.train()
        order, views = self.draws.order(len(targets)), self.draws.views(len(targets), feed.views)
        for rows in torch.split(order, batch_size):
            if self.progress.stop_requested():
                raise Cancelled("stopped in the middle of an epoch; no classifier is left")
            maps = self.body.layers(feed.batch(rows, views[rows], self.draws.augmentation()))
            kept = kept_channels(self.draws.dropout(len(rows), self.body.channels), self.dropout)
            loss = targets.at(rows).loss(self.head(maps, kept.to(maps.device)))
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    @torch.no_grad()
    def loss(self, feed: Feed, targets: Targets) -> float:
        """Loss on images as they are."""
        self.network.eval()
        pieces = []
        for rows in torch.split(torch.arange(len(targets)), AT_A_TIME):
            maps = self.body.layers(feed.batch(rows, torch.zeros_like(rows), None))
            pieces.append(self.head(maps).cpu())
        return float(targets.loss(torch.cat(pieces)))
