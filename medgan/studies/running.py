"""Carrying out a downstream study: each arm is trained and tested with each seed, once, and then judged."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property

import numpy as np
from filelock import FileLock, Timeout

from medgan.common.artefact import MANIFEST, atomic_file, checked_name, commit, sweep, write_atomic
from medgan.common.config import read_json
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import studies_folder
from medgan.common.jsonl import append_jsonl, read_jsonl
from medgan.common.progress import Portion, Progress, Silent
from medgan.common.repro import environment
from medgan.data.dataset import PreparedDataset
from medgan.downstream.backbones import chosen_backbone, is_small
from medgan.studies.arms import REAL, Arm
from medgan.studies.material import Material
from medgan.studies.study import (
    CONFIG,
    GRID,
    PER_IMAGE,
    PREDICTIONS,
    ROWS,
    TEST,
    VERDICTS,
    Study,
    StudyConfig,
    arms,
    file_of,
)
from medgan.studies.tasks import Classification, Outcome, Segmentation, Task
from medgan.studies.verdict import Verdict, verdicts

NETWORK = "network.json"
"""Which network the study began with."""


def run_study(config: StudyConfig, progress: Progress | None = None) -> Study:
    """Carry a study out; what an earlier attempt tested is not trained again.

    Raises BadInput where data or sets are gone, do not fit, or hold test images; Cancelled when asked to stop: what was
    tested is kept.
    """
    folder = studies_folder() / checked_name(config.study)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            if (folder / MANIFEST).exists():
                return Study.read(folder)
            sweep(folder)
            write_atomic(folder / CONFIG, config.to_json())
            return _Running(Study.read(folder), progress or Silent()).carry_out()
    except Timeout:
        raise BadInput(f"study {config.study} is being carried out by another process") from None


class _Running:
    """A study under way."""

    def __init__(self, study: Study, progress: Progress) -> None:
        self.study, self.config, self.progress = study, study.config, progress
        self.dataset = PreparedDataset.open(self.config.dataset)
        self.arms = arms(self.config)
        with_masks = self.config.task == "segmentation"
        self.material = Material.open(self.dataset, self.arms, with_masks=with_masks, seed=self.config.first_seed)

    @cached_property
    def task(self) -> Task:
        if self.config.task == "segmentation":
            return Segmentation(self.material, self.config.segmenter)
        return Classification(self.material, self.config.classifier, self.config.positive)

    def carry_out(self) -> Study:
        self._settle_network()
        self._write_test()
        if self.config.grid:
            self._search()
        for number, arm in enumerate(self.arms):
            self._test_arm(number, arm)
        found = self._judge()
        self._finish(found)
        return Study.read(self.study.folder)

    @cached_property
    def network(self) -> str:
        """The network that is trained, in words."""
        if self.config.task == "segmentation":
            return self.config.segmenter.network
        return chosen_backbone(self.config.classifier.backbone).words

    def _settle_network(self) -> None:
        """Raise BadInput where the study began with another network, as weights have come or gone since."""
        path = self.study.folder / NETWORK
        if not path.exists():
            write_atomic(path, json.dumps({"network": self.network}) + "\n")
        before = read_json(path).get("network")
        both_small = is_small(str(before)) and is_small(self.network)  # whatever the words of why it was taken
        if before != self.network and not both_small:
            raise BadInput(
                f"study {self.config.name} began with {before}, and would go on with {self.network}: arms of different "
                "networks cannot be compared; start it anew, or bring the weights back as they were"
            )

    def _write_test(self) -> None:
        items = self.dataset.items.iloc[self.dataset.indices("test")][["id", "label", "patient_id"]]
        with atomic_file(self.study.folder / TEST) as stream:
            items.reset_index(drop=True).to_parquet(stream)

    def _search(self) -> None:
        """Choose settings once, on validation images; an earlier attempt's choice stands."""
        path = self.study.folder / GRID
        if path.exists():
            chosen = read_json(path)["chosen"]
            self.task.config = self.task.config.model_copy(update=chosen)
            return
        rows = self.task.search(self.progress)
        best = self.task.config
        chosen = {"learning_rate": best.learning_rate, "dropout": best.dropout}
        write_atomic(path, json.dumps({"rows": rows, "chosen": chosen}, indent=2) + "\n")

    def _test_arm(self, number: int, arm: Arm) -> None:
        """Train and test an arm with every seed that is left."""
        seeds = range(self.config.first_seed, self.config.first_seed + self.config.seeds)
        done = set(self._done(number))
        left = [seed for seed in seeds if seed not in done]
        if not left:
            return
        if self.progress.stop_requested():
            raise Cancelled(f"stopped before {arm.name}; what was tested is kept")
        watched = Portion(self.progress, number / len(self.arms), (number + 1) / len(self.arms), arm.name)
        for outcome in self.task.outcomes(arm, left, watched):
            self._keep(number, arm, outcome)

    def _done(self, number: int) -> Iterator[int]:
        """Seeds of an arm that were tested, with all that was to be kept."""
        for row in read_jsonl(self.study.folder / ROWS):
            if row["number"] == number and (self.study.folder / PER_IMAGE / file_of(number, row["seed"])).exists():
                yield row["seed"]

    def _keep(self, number: int, arm: Arm, outcome: Outcome) -> None:
        for folder, values in ((PER_IMAGE, outcome.per_image), (PREDICTIONS, outcome.predictions)):
            with atomic_file(self.study.folder / folder / file_of(number, outcome.seed)) as stream:
                np.save(stream, values)
        row = {"number": number, "arm": arm.name, "seed": outcome.seed, "epochs": outcome.epochs, **outcome.scores}
        append_jsonl(self.study.folder / ROWS, row)

    def _judge(self) -> dict[str, Verdict]:
        self.progress.update(0, 0, "comparing the arms")
        if len(self.arms) < 2:
            return {}
        per_arm = {arm.name: self.study.per_image(number) for number, arm in enumerate(self.arms)}
        real = per_arm.pop(REAL)
        found = verdicts(
            per_arm, real, self.material.patients, score=self.task.score, resamples=self.config.resamples,
            seed=self.config.first_seed, against={arm.name: arm.measure for arm in self.arms if arm.measure != REAL},
        )  # fmt: skip
        told = [
            asdict(verdict.comparison) | {key: value for key, value in asdict(verdict).items() if key != "comparison"}
            for verdict in found.values()
        ]
        write_atomic(self.study.folder / VERDICTS, json.dumps({"verdicts": told}, indent=2, default=float) + "\n")
        return found

    def _finish(self, found: dict[str, Verdict]) -> None:
        labels = [verdict.label for verdict in found.values()]
        commit(
            self.study.folder,
            kind="study",
            id=self.config.study,
            name=self.config.name,
            config=self.config.model_dump(mode="json"),
            parents=[self.dataset.id, *self.material.sets],
            environment=environment(),
            summary={
                "dataset": self.dataset.name,
                "task": self.config.task,
                "score": self.task.score,
                "arms": [arm.name for arm in self.arms],
                "seeds": self.config.seeds,
                "test_images": len(self.task.test),
                "train_images": len(self.dataset.indices("train")),
                "network": self.network,
                "helps": labels.count("helps"),
                "hurts": labels.count("hurts"),
                "notes": [*self.material.notes, *self.material.left_out],
            },
        )
