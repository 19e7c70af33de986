"""What the training of heads and of whole networks has in common: targets, length, and which epoch was the best."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from medgan.downstream.labelled import LabelledImages


@dataclass(frozen=True)
class Targets:
    """What n images should be called, and how much each of them counts."""

    labels: Tensor
    """(n,) float32, 0 or 1."""
    shares: Tensor
    """(n,) float32, 1 on average."""

    @classmethod
    def of(cls, images: LabelledImages, balanced: bool) -> "Targets":
        return cls(torch.from_numpy(images.labels).float(), torch.from_numpy(images.shares(balanced)))

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, rows: Tensor) -> "Targets":
        """Those of some images; rows may have any shape (..., n)."""
        return Targets(self.labels[rows], self.shares[rows])

    def loss(self, logits: Tensor) -> Tensor:
        """Mean weighted binary cross-entropy (...,) in nats of logits (..., n)."""
        labels, shares = (part.to(logits.device).expand_as(logits) for part in (self.labels, self.shares))
        return binary_cross_entropy_with_logits(logits, labels, shares, reduction="none").mean(-1)


@dataclass(frozen=True)
class Course:
    """How long a training may take."""

    epochs: int
    batch_size: int
    patience: int
    """Epochs without a lower validation loss after which it ends; 0 for never."""


class BestSoFar:
    """The lowest validation loss of several trainings that run side by side."""

    def __init__(self, count: int, patience: int) -> None:
        self.patience = patience
        self.loss = torch.full((count,), torch.inf)
        self.epoch = torch.zeros(count, dtype=torch.int64)
        """Epoch of the lowest loss, (count,), counted from 1; 0 before the first."""
        self.seen = 0

    @property
    def going(self) -> Tensor:
        """(count,) whether each should go on."""
        waited = self.seen - self.epoch
        return waited < self.patience if self.patience else torch.ones_like(waited, dtype=torch.bool)

    def improved(self, losses: Tensor) -> Tensor:
        """Take note of an epoch's losses (count,): whether each is the lowest so far of a training that goes on."""
        better = self.going & (losses < self.loss)
        self.seen += 1
        self.loss = torch.where(better, losses, self.loss)
        self.epoch = torch.where(better, self.seen, self.epoch)
        return better
