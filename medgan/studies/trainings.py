"""The trainings of a study: each arm with each seed, on this machine or on another one."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from medgan.common.progress import Progress
from medgan.data.dataset import PreparedDataset
from medgan.downstream.backbones import chosen_backbone
from medgan.studies.material import Int64, Material
from medgan.studies.study import StudyConfig, arms
from medgan.studies.tasks import Classification, Outcome, Segmentation, Task, trained_together

Settings = dict[str, float]


class Trainings:
    """What arms are trained on and how; pickled, it goes without its images, and opens them where it arrives.

    Raises BadInput where data or sets are gone, do not fit, or hold test images.
    """

    def __init__(
        self, config: StudyConfig, settings: Settings | None = None, accepted: dict[str, Int64] | None = None
    ) -> None:
        """`settings` are what a search chose; `accepted` is what no person had rejected when the study began."""
        self.config, self.settings = config, settings or {}
        self.dataset = PreparedDataset.open(config.dataset)
        self.arms = arms(config)
        with_masks = config.task == "segmentation"
        opened = Material.open(self.dataset, self.arms, with_masks=with_masks, seed=config.first_seed)
        self.material = opened if accepted is None else replace(opened, accepted=accepted)

    def __reduce__(self) -> tuple[type["Trainings"], tuple[StudyConfig, Settings, dict[str, Int64]]]:
        return Trainings, (self.config, self.settings, self.material.accepted)

    def with_settings(self, settings: Settings) -> "Trainings":
        """The same with settings that a search chose."""
        return Trainings(self.config, settings, self.material.accepted)

    @cached_property
    def task(self) -> Task:
        """Holds the validation and test images: many where the study is large."""
        task: Task
        if self.config.task == "segmentation":
            task = Segmentation(self.material, self.config.segmenter)
        else:
            task = Classification(self.material, self.config.classifier, self.config.positive)
        task.config = task.config.model_copy(update=self.settings)
        return task

    @property
    def score(self) -> str:
        """The name of the score that verdicts are about."""
        return Segmentation.score if self.config.task == "segmentation" else Classification.score

    @property
    def network(self) -> str:
        """The network that is trained, in words."""
        if self.config.task == "segmentation":
            return self.config.segmenter.network
        return chosen_backbone(self.config.classifier.backbone).words

    @property
    def groups(self) -> list[tuple[int, tuple[int, ...]]]:
        """Number of the arm and seeds of each group that is trained at once.

        Heads on a frozen backbone are trained side by side, and rounding depends on how many: so a group stays one
        group, wherever and in however many attempts a study is carried out.
        """
        seeds = range(self.config.first_seed, self.config.first_seed + self.config.seeds)
        together = self.config.task == "classification" and trained_together(self.config.classifier)
        some = [tuple(seeds)] if together else [(seed,) for seed in seeds]
        return [(number, group) for number in range(len(self.arms)) for group in some]

    def search(self, progress: Progress) -> tuple[list[dict[str, Any]], Settings]:
        """Settings that were tried on validation images, a row each, and the best of them."""
        rows = self.task.search(progress)
        best = self.task.config
        return rows, {"learning_rate": best.learning_rate, "dropout": best.dropout}

    def tested(self, number: int, seeds: Sequence[int], progress: Progress) -> list[Outcome]:
        """Train an arm with some seeds, and test each training once."""
        return list(self.task.outcomes(self.arms[number], seeds, progress))
