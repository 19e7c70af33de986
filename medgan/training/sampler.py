"""Images from a trained run: the same seed gives the same pixels, however many are asked for at a time."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from medgan.common.errors import BadInput
from medgan.common.images import to_uint8
from medgan.common.repro import choose_device
from medgan.models import GANS
from medgan.models.task import GanTask
from medgan.training.checkpoint import newest_checkpoint, read_tensors, under
from medgan.training.run import GENERATOR_FILE, Run

# Networks always see batches of this size: kernels may round differently for other sizes.
BATCH = 8


class Sampler:
    """A run's averaged generator, ready to draw."""

    def __init__(self, task: GanTask, step: int) -> None:
        self.task = task.eval()
        self.step = step
        """How many steps the generator has been trained."""

    @classmethod
    def load(cls, run: Run, device: str = "auto") -> "Sampler":
        """The finished generator, else that of the newest checkpoint; raises BadInput where there is neither."""
        task = GANS[run.config.gan].task(run.config.model, run.record.data)
        if (run.folder / GENERATOR_FILE).exists():
            weights, _ = read_tensors(run.folder / GENERATOR_FILE)
            step = run.config.loop.steps
        else:
            newest = newest_checkpoint(run.folder)
            if newest is None:
                raise BadInput(f"run {run.name}: nothing of it has been saved yet, wait for its first save")
            step, weights = newest[0], under("average", newest[1])
        try:
            task.generators.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        except RuntimeError:
            raise BadInput(
                f"run {run.name}: its generator does not fit its settings; the files are of two runs"
            ) from None
        return cls(task.to(choose_device(device)), step)

    def draw(self, count: int, seed: int, first: int = 0) -> NDArray[np.uint8]:
        """Images number `first` to `first + count - 1` of a seed, (count, h, w, channels) bytes."""
        return np.concatenate(list(self.batches(count, seed, first)))

    @torch.inference_mode()
    def batches(self, count: int, seed: int, first: int = 0) -> Iterator[NDArray[np.uint8]]:
        """The same images, a few at a time."""
        for start in range(first, first + count, BATCH):
            wanted = min(BATCH, first + count - start)
            yield to_uint8(self.task.sample(BATCH, seed, first=start))[:wanted]
