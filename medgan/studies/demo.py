"""The demo study: from phantoms to a verdict in one go, so that everything has been seen once before real images come.

Each stage makes an ordinary artefact with a fixed id, so that an interrupted demo goes on where it stopped, and all
that it made stays to be looked at, used and deleted like anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pydantic import Field

from medgan.common.artefact import checked_name, new_id
from medgan.common.config import Config
from medgan.common.progress import Portion, Progress, Silent
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.evaluation import evaluate
from medgan.studies.quality import quality_config
from medgan.studies.running import run_study
from medgan.studies.study import Study, study_config
from medgan.studies.synthesis import GenerateConfig, generate
from medgan.training.config import TrainConfig, train_config
from medgan.training.loop import train

SIZE = 64
DRAWN_EVERY = 15
"""Training steps between two sample grids: something new to see every few seconds."""


class DemoConfig(Config):
    """How large the demo is; giving the same one again goes on with it, or returns it where it is finished."""

    demo: str
    """Id of the demo; what it makes has ids that begin with it."""
    name: str = "demo"
    """Name of what it makes, for people."""
    images: int = Field(300, ge=60, le=10_000)
    """Phantoms of skin lesions, with masks; as many synthetic ones are drawn."""
    steps: int = Field(300, ge=1, le=100_000)
    """Training steps of the GAN."""
    seeds: int = Field(3, ge=1, le=100)
    """Trainings of each arm."""
    epochs: int = Field(8, ge=1, le=1000)
    """Most passes of a segmenter over its training images."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of everything random."""

    @property
    def phantoms(self) -> PhantomConfig:
        """The data set: skin lesions, since their masks let a segmenter learn within seconds."""
        return PhantomConfig(
            family="dermoscopy", count=self.images, size=SIZE, seed=self.seed, name=f"{self.name}-phantoms"
        )

    @property
    def study(self) -> str:
        """Id of the study that the demo ends with."""
        return f"{self.demo}-study"

    @property
    def run(self) -> str:
        return f"{self.demo}-run"

    @property
    def set(self) -> str:
        return f"{self.demo}-set"


def demo_config(name: str = "demo", **options: int) -> DemoConfig:
    """A new demo; raises BadInput for values out of bounds."""
    name = checked_name(name)
    return DemoConfig.parse({"demo": new_id(name), "name": name, **options})


@dataclass(frozen=True)
class Stage:
    """A part of the demo: what it does in words, its share of the time, and the work."""

    words: str
    share: float
    work: Callable[["_Demo", Progress], object]


def run_demo(config: DemoConfig, progress: Progress | None = None) -> Study:
    """Phantoms, a GAN, a synthetic set, its scores, and a study with its verdict; what is done is not done again.

    Raises Cancelled when asked to stop: what was made is kept.
    """
    demo, whole, before = _Demo(config), progress or Silent(), 0.0
    for number, stage in enumerate(STAGES, start=1):
        words = f"{number} of {len(STAGES)}, {stage.words}"
        stage.work(demo, Portion(whole, before, before + stage.share, words))
        before += stage.share
    return Study.open(config.study)


class _Demo:
    """What the stages have made so far."""

    def __init__(self, config: DemoConfig) -> None:
        self.config = config

    @cached_property
    def dataset(self) -> PreparedDataset:
        return prepare_phantoms(self.config.phantoms)

    def draw_phantoms(self, progress: Progress) -> None:
        self.dataset = prepare_phantoms(self.config.phantoms, progress)

    def train(self, progress: Progress) -> None:
        train(self.training, progress)

    @property
    def training(self) -> TrainConfig:
        """FastGAN, which learns from few images within minutes."""
        options = {
            "content": "images_and_masks", "size": SIZE, "steps": self.config.steps, "seed": self.config.seed,
            "sample_every": DRAWN_EVERY, "log_every": 5, "ema_decay": 0.98,
        }  # fmt: skip
        found = train_config("fastgan", self.dataset.id, name=f"{self.config.name}-fastgan", options=options)
        return found.model_copy(update={"run": self.config.run})

    def draw(self, progress: Progress) -> None:
        config = GenerateConfig(
            set=self.config.set, name=f"{self.config.name}-synthetic", run=self.config.run, count=self.config.images,
            seed=self.config.seed,
        )  # fmt: skip
        generate(config, progress)

    def score(self, progress: Progress) -> None:
        config = quality_config(self.config.set, self.dataset.id, space="radiomic", part="images", resamples=50)
        evaluate(config, progress)

    def study(self, progress: Progress) -> None:
        config = study_config(
            self.dataset.id, name=f"{self.config.name}-study", task="segmentation", sets=(self.config.set,),
            doses=(0.5, 1.0), seeds=self.config.seeds, first_seed=self.config.seed, resamples=999,
            segmenter={"epochs": self.config.epochs},
        )  # fmt: skip
        run_study(config.model_copy(update={"study": self.config.study}), progress)


STAGES = (
    Stage("phantoms", 0.03, _Demo.draw_phantoms),
    Stage("training", 0.55, _Demo.train),
    Stage("drawing", 0.04, _Demo.draw),
    Stage("scoring", 0.08, _Demo.score),
    Stage("segmenters", 0.30, _Demo.study),
)
"""In the order in which they are carried out; the shares come to 1."""
