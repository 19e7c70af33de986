"""What a training is asked to do: which GAN, on which images, how long."""

from typing import Any, Literal

from pydantic import Field, SerializeAsAny, model_validator

from medgan.common.artefact import checked_name, name_from, new_id
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.models import GANS
from medgan.models.task import GanConfig
from medgan.training.schedule import Schedule

NETWORKS_VERSION = 2
"""Counts the changes of networks that older checkpoints do not fit; TrainConfig tells how older options are read."""


ScoreSpace = Literal["none", "radiomic", "inception", "vgg16", "mobilenet_v2", "squeezenet1_0", "squeezenet1_1"]
"""The feature spaces, and none; a test holds them to the table of spaces."""


class LoopConfig(Config):
    """Options of the training loop, the same for every GAN."""

    steps: int = Field(2000, ge=1, le=10_000_000)
    """Training steps; one step shows the GAN one batch."""
    epochs: int = Field(0, ge=0, le=100_000)
    """Passes over the training images; where it is not 0, it takes the place of the number of steps."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of everything random; the same seed on the same machine gives the same run."""
    flip: bool = False
    """Mirror half of the images left to right. Off by default: left and right matter in a chest film."""
    schedule: Schedule = "constant"
    """Course of the learning rate; linear: constant for one half, then falling to zero; cosine: falling throughout."""
    accumulate: int = Field(1, ge=1, le=1024)
    """Batches whose gradients make one step: as a larger batch, at the memory of a small one."""
    compile: bool = False
    """Compile the networks first (torch.compile): takes minutes and a C++ compiler, then steps may be faster."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the networks; auto takes bfloat16 where the processor is fast at it."""
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    """Where to compute: auto takes the first GPU where there is one, else the processor."""
    threads: int = Field(0, ge=0, le=1024)
    """Processor threads; 0 leaves the choice to the program. A resumed run repeats exactly only with as many."""
    log_every: int = Field(10, ge=1)
    """Steps between two points of the loss curves."""
    sample_every: int = Field(200, ge=1)
    """Steps between two sample grids."""
    checkpoint_every: int = Field(200, ge=1)
    """Steps between two saves; at most this much is lost when a run is killed."""
    score_space: ScoreSpace = "none"
    """Feature space in which samples are scored during training (Fréchet distance); the best generator is kept."""
    score_every: int = Field(500, ge=1)
    """Steps between two scores."""
    score_images: int = Field(128, ge=16, le=10_000)
    """Images that are drawn for a score."""
    samples: int = Field(36, ge=1, le=256)
    """Images in a sample grid; each place keeps its random start, so that they can be compared."""


class TrainConfig(Config):
    """One training run: giving the same one again resumes it, or does nothing where it is finished."""

    version: int = 1
    """Which networks the options mean: those of the program when the config was made; none is told in oldest files."""
    run: str
    """Id of the run, and the name of its folder."""
    name: str
    """Name of the run, for people."""
    gan: str
    """Name in the table of GANs."""
    dataset: str
    """Name or id of the prepared data set."""
    label: str | None = None
    """Train on the images of this class only; all of them where it is not given."""
    preset: str = "quick"
    """Where the options started from; what differs stands in them."""
    model: SerializeAsAny[GanConfig]
    """Options of the GAN."""
    loop: LoopConfig = LoopConfig()
    """Options of the loop."""

    @model_validator(mode="before")
    @classmethod
    def _typed_model(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Read `model` as the config class of the named GAN."""
        gan = values.get("gan")
        if gan not in GANS:
            raise ValueError(f"no GAN named {gan!r} (there is: {', '.join(GANS)})")
        model = values.get("model", {})
        if isinstance(model, dict) and gan == "fastgan" and values.get("version", 1) < 2:
            model = {"narrow_discriminator": True} | model
        return values if isinstance(model, GanConfig) else values | {"model": GANS[gan].config.model_validate(model)}

    def total_steps(self, items: int, devices: int = 1) -> int:
        """Steps of the whole training on so many images: as given, or what the epochs come to."""
        if not self.loop.epochs:
            return self.loop.steps
        in_a_step = self.model.batch_size * self.loop.accumulate * devices
        return -(-items * self.loop.epochs // in_a_step)

    @model_validator(mode="after")
    def _size_fits(self) -> "TrainConfig":
        sizes = GANS[self.gan].sizes
        if self.model.size not in sizes:
            raise ValueError(f"{self.gan} is built for sizes {', '.join(map(str, sizes))}, not {self.model.size}")
        return self


def train_config(
    gan: str,
    dataset: str,
    *,
    label: str | None = None,
    preset: str = "quick",
    name: str | None = None,
    options: dict[str, Any] | None = None,
) -> TrainConfig:
    """A new run's config: the preset's options, overridden by `options` (flat, of GAN and loop alike).

    Raises BadInput for an unknown GAN, preset or option, or a value out of bounds.
    """
    if gan not in GANS:
        raise BadInput(f"no GAN named {gan!r} (there is: {', '.join(GANS)})")
    row = GANS[gan]
    if preset not in row.presets:
        raise BadInput(f"{gan} has no preset {preset!r} (there is: {', '.join(row.presets)})")
    flat = dict(row.presets[preset].options)
    if "steps" in (options or {}) and "epochs" not in (options or {}):
        flat.pop("epochs", None)  # who asks for steps wants so many, whatever the preset says of epochs
    flat |= options or {}
    unknown = set(flat) - set(row.config.model_fields) - set(LoopConfig.model_fields)
    if unknown:
        raise BadInput(f"{gan} has no option {', '.join(sorted(unknown))}")
    name = checked_name(name or name_from(gan, dataset[:40], label))
    return TrainConfig.parse(
        {
            "version": NETWORKS_VERSION,
            "run": new_id(name),
            "name": name,
            "gan": gan,
            "dataset": dataset,
            "label": label,
            "preset": preset,
            "model": {key: value for key, value in flat.items() if key in row.config.model_fields},
            "loop": {key: value for key, value in flat.items() if key in LoopConfig.model_fields},
        }
    )
