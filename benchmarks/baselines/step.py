"""What a baseline is given and gives back."""

from collections.abc import Callable

from medgan.models.task import Batch

Step = Callable[[], dict[str, float]]
"""One training step; gives the losses of both sides, `discriminator` and `generator`."""
Batches = Callable[[int], Batch]
"""The batch of a number, counted from 0."""
