"""Images from a trained run: the same seed gives the same pixels, however many are asked for at a time."""

from collections.abc import Iterator, Sequence

import torch

from medgan.common.errors import BadInput
from medgan.common.repro import choose_device
from medgan.models import GANS
from medgan.models.task import Batch, GanTask, Latent, count_of
from medgan.training.checkpoint import newest_checkpoint, read_tensors, under
from medgan.training.conditions import Conditions, as_drawn, of_classes
from medgan.training.drawn import Drawn
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
    def load(cls, run: Run, device: str = "auto", *, best: bool = False) -> "Sampler":
        """The finished generator, else that of the newest checkpoint; or the one that scored best during training.

        Raises BadInput where there is none.
        """
        task = GANS[run.config.gan].task(run.config.model, run.record.data)
        if best:
            if not run.bests():
                raise BadInput(f"run {run.name}: was not scored during training, so no best generator was kept")
            step, path = run.bests()[-1]
            weights, _ = read_tensors(path)
        elif (run.folder / GENERATOR_FILE).exists():
            weights, _ = read_tensors(run.folder / GENERATOR_FILE)
            step = int(run.manifest.summary["steps"]) if run.manifest else run.steps
        else:
            newest = newest_checkpoint(run.folder)
            if newest is None:
                raise BadInput(f"run {run.name}: nothing of it has been saved yet, wait for its first save")
            step, weights = newest[0], under("average", newest[1])
        try:
            task.generators.load_state_dict(weights)
        except RuntimeError:
            raise BadInput(
                f"run {run.name}: its generator does not fit its settings; the files are of two runs"
            ) from None
        return cls(task.to(choose_device(device)), step)

    def draw(self, count: int, seed: int, first: int = 0, conditions: Conditions | None = None) -> Drawn:
        """Images number `first` to `first + count - 1` of a seed."""
        return Drawn.joined(list(self.batches(count, seed, first, conditions)))

    @torch.inference_mode()
    def batches(self, count: int, seed: int, first: int = 0, conditions: Conditions | None = None) -> Iterator[Drawn]:
        """The same images, a few at a time; the masks that images were drawn from come with them.

        Raises BadInput where the GAN draws from something and nothing, or the wrong thing, is given. A GAN that only
        needs to be told a class draws each in turn.
        """
        conditions = self._checked(conditions)
        for start in range(first, first + count, BATCH):
            wanted = min(BATCH, first + count - start)
            condition = self._condition(conditions, start)
            yield _with_source(self.task.sample(BATCH, seed, condition, start), condition)[:wanted]

    def latents(self, seed: int, numbers: Sequence[int]) -> Latent:
        """The random numbers behind some images of a seed, one row an image; raises BadInput where there are none."""
        if not self.task.latent_shapes:
            raise BadInput("this model draws from no random numbers: there is nothing to move among")
        rows = [self.task.seeded_latent(seed, number, 1) for number in numbers]
        return {name: torch.cat([row[name] for row in rows]) for name in self.task.latent_shapes}

    @torch.inference_mode()
    def decode(self, latents: Latent, conditions: Conditions | None = None) -> Drawn:
        """Images from any latents, one row an image; those of a seed's own latents are that seed's own images.

        Conditions are gone through from the first row on. Raises BadInput as `batches` does.
        """
        conditions, count = self._checked(conditions), count_of(latents)
        pieces = []
        for start in range(0, count, BATCH):
            rows = torch.arange(start, start + BATCH).clamp(max=count - 1)
            some = {name: values[rows.to(values.device)] for name, values in latents.items()}
            condition = self._condition(conditions, start)
            pieces.append(_with_source(self.task.decode(some, condition), condition)[: count - start])
        return Drawn.joined(pieces)

    def _checked(self, conditions: Conditions | None) -> Conditions | None:
        """Conditions that the GAN can draw from; None where it needs none."""
        given = self.task.config.parts.given
        if conditions is None and given == ("labels",):
            return of_classes(len(self.task.data.classes))
        if given and (conditions is None or conditions.part not in given):
            raise BadInput(f"this model draws from {' or '.join(given)}: say which")
        return conditions if given else None

    def _condition(self, conditions: Conditions | None, start: int) -> Batch:
        """What the networks are given for a batch that begins with image number `start`."""
        device = next(self.task.parameters()).device
        return conditions.batch(start, BATCH, self.task.config.size, device) if conditions else {}


def _with_source(batch: Batch, condition: Batch) -> Drawn:
    """What was drawn, with the masks that it was drawn from."""
    drawn, source = Drawn.of(batch), as_drawn(condition)
    if drawn.masks is None and source is not None:
        return Drawn(drawn.images, source.masks)
    return drawn
