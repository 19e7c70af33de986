"""A score now and then during training: how far what the averaged generator draws is from the real images."""

import numpy as np
from numpy.typing import NDArray

from medgan.common.jsonl import append_jsonl, read_jsonl, write_jsonl
from medgan.common.repro import derive_seed
from medgan.common.tensors import write_tensors
from medgan.data.dataset import PreparedDataset
from medgan.metrics.comparison import standardised
from medgan.metrics.frechet import frechet_distance
from medgan.metrics.pictures import Part, Pictures
from medgan.metrics.seen import Seen, look
from medgan.models.task import GanTask, TrainingData
from medgan.training.checkpoint import newest_step
from medgan.training.conditions import Conditions
from medgan.training.config import TrainConfig
from medgan.training.drawn import Drawn
from medgan.training.ema import Average
from medgan.training.feed import grid_conditions, indices_of
from medgan.training.run import SCORES_FILE, Run
from medgan.training.sampler import Sampler

REAL_MOST = 2000
"""Real images that samples are compared with."""
PARTS: dict[tuple[str, ...], Part] = {("images",): "images", ("masks",): "masks", ("images", "masks"): "combined"}


class Scorer:
    """Fréchet distance of fresh samples, always of the same random numbers, from the real images; lower is closer.

    With so few samples the number itself says little; that the same number of images is taken every time makes the
    values of one run comparable.
    """

    def __init__(self, run: Run, dataset: PreparedDataset) -> None:
        self.run, self.options = run, run.config.loop
        self.part = PARTS[run.config.model.parts.drawn]
        data = run.record.data
        self.targets = [
            (conditions, self._real(dataset, rows)) for conditions, rows in targets(run.config, dataset, data)
        ]

    def _real(self, dataset: PreparedDataset, rows: NDArray[np.int64]) -> Seen:
        rng = np.random.default_rng(derive_seed(self.options.seed, "scored against"))
        chosen = np.sort(rng.permutation(rows)[:REAL_MOST])
        real = Pictures(dataset.images, dataset.masks).at(chosen)
        return look(real, self.part, self.options.score_space, size=self.run.config.model.size)

    def score(self, task: GanTask, average: Average, step: int) -> float:
        """Score the averaged generator of a step, write it down, and keep the generator where it is the best so far."""
        with average.in_place():
            value = float(np.mean([self._distance(task, step, *target) for target in self.targets]))
        path = self.run.folder / SCORES_FILE
        earlier = [row["value"] for row in read_jsonl(path, step=int, value=float) if row["step"] < step]
        if value < min(earlier, default=float("inf")):
            self._keep(average, step)
        append_jsonl(path, {"step": step, "space": self.options.score_space, "value": value})
        return value

    def _keep(self, average: Average, step: int) -> None:
        """Keep the generator of this step; of earlier ones the newest that a resumed run would still have."""
        facts = {"run": self.run.id, "step": str(step)}
        write_tensors(self.run.folder / f"best-{step:08d}.safetensors", average.state_dict(), facts)
        saved = newest_step(self.run.folder)
        for _, path in [best for best in self.run.bests() if best[0] <= saved][:-1]:
            path.unlink()

    def _distance(self, task: GanTask, step: int, conditions: Conditions | None, real: Seen) -> float:
        drawn = Sampler(task, step).draw(self.options.score_images, self.options.seed, conditions=conditions)
        fakes = look(_pictures(drawn), self.part, real.space, keep=False)
        real, fakes = standardised(real, fakes)
        return frechet_distance(fakes.moments, real.moments)

    def rewind(self, step: int) -> None:
        """Forget the scores of after a step, as a resumed run will score again."""
        for later in [best for at, best in self.run.bests() if at > step]:
            later.unlink()
        path = self.run.folder / SCORES_FILE
        if path.exists():
            write_jsonl(path, [row for row in read_jsonl(path, step=int, value=float) if row["step"] <= step])


def targets(
    config: TrainConfig, dataset: PreparedDataset, data: TrainingData
) -> list[tuple[Conditions | None, NDArray[np.int64]]]:
    """What samples are drawn from, with the real images they should be like: of two domains, those of the other one."""
    conditions, rows = grid_conditions(config, dataset, data), indices_of(config, dataset, data)
    return list(zip(conditions, rows if len(rows) == 1 else rows[::-1], strict=True))


def _pictures(drawn: Drawn) -> Pictures:
    return Pictures(drawn.images, drawn.masks)
