"""Trainings behind a study that were far shorter than they are meant to be, so that its verdicts say little."""

from collections.abc import Iterator

from medgan.common.errors import BadInput
from medgan.models import GANS
from medgan.studies.ancestry import ancestry_of
from medgan.studies.study import StudyConfig
from medgan.studies.synthesis import SyntheticSet
from medgan.studies.thesis import CLASSIFIER, SEGMENTER, THESIS
from medgan.training.config import train_config
from medgan.training.run import Run

FAR_BELOW = 0.5
"""Share of the steps or passes below which a training is called short: a GAN's images still change much in the second
half of its preset's steps."""
PUBLISHED = "thesis"
"""What the names of the published comparison's presets begin with."""


def short_trainings(config: StudyConfig) -> list[str]:
    """A sentence for each GAN behind the study's sets, and for what it trains itself, that was trained far shorter than
    its preset or the published comparison has it."""
    return list(dict.fromkeys([*_of_gans(config), *_of_passes(config)]))


def trained_steps(run: Run) -> int:
    """Training steps that a run has taken; 0 for an imported one, whose steps nobody counted."""
    return int(run.manifest.summary["steps"]) if run.manifest else run.step()


def _of_gans(config: StudyConfig) -> Iterator[str]:
    for id in dict.fromkeys(id for group in config.sets for id in group.split("+")):
        try:
            ancestry = ancestry_of(SyntheticSet.open(id))
        except BadInput:  # deleted since
            continue
        for member in ancestry.sets:
            steps = int(member.synthetic.manifest.summary.get("step") or 0)
            if isinstance(member.run, Run) and steps and (meant := _meant(member.run, steps)):
                yield (
                    f"{GANS[member.run.config.gan].title} of set {member.synthetic.name} had only {steps:,} training "
                    f"{'step' if steps == 1 else 'steps'}; {meant}. One that is trained for longer may give other "
                    "verdicts."
                )


def _meant(run: Run, steps: int) -> str:
    """How long a GAN is meant to be trained; empty where so many steps are not far below that."""
    presets, found = GANS[run.config.gan].presets, []
    if run.config.preset in presets and steps < FAR_BELOW * (own := _steps_of(run, run.config.preset)):
        found.append(f"its preset {run.config.preset!r} takes {own:,}")
    theirs = min((_steps_of(run, name) for name in presets if name.startswith(PUBLISHED)), default=0)
    if not run.config.preset.startswith(PUBLISHED) and steps < FAR_BELOW * theirs:
        found.append(f"the published comparison's presets take {theirs:,} or more")
    return ", ".join(found)


def _steps_of(run: Run, preset: str) -> int:
    """Steps of a preset on as many images as the run learned from."""
    return train_config(run.config.gan, run.config.dataset, preset=preset).total_steps(run.record.items)


def _of_passes(config: StudyConfig) -> Iterator[str]:
    what, section, published = (
        ("segmenters", config.segmenter, SEGMENTER)
        if config.task == "segmentation"
        else ("classifiers", config.classifier, CLASSIFIER)
    )
    if config.preset in THESIS:
        published = {**published, **THESIS[config.preset].training}
    theirs = int(published["epochs"])
    if section.epochs < FAR_BELOW * theirs:
        times = f"{section.epochs:,} {'pass' if section.epochs == 1 else 'passes'}"
        yield f"The {what} made at most {times} over their training images; the published comparison made {theirs:,}."
