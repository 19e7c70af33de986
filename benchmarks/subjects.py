"""What the training benchmarks train on: phantoms that suit each GAN."""

from typing import Any

from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.training.beginning import start_run
from medgan.training.config import train_config
from medgan.training.run import Run

FAMILIES = {"pix2pix": "dermoscopy"}
OPTIONS: dict[str, dict[str, Any]] = {"cyclegan": {"domain_a": "normal", "domain_b": "tuberculosis"}}
LABELS = {"dcgan": "normal", "fastgan": "normal"}
COUNT = 60


def started(gan: str, preset: str, **options: Any) -> tuple[Run, PreparedDataset]:
    """A run at step 0, on 60 phantoms of 256 pixels (all presets fit in that, or shrink it)."""
    family = FAMILIES.get(gan, "chest_xray")
    dataset = prepare_phantoms(PhantomConfig.parse({"family": family, "count": COUNT, "size": 256, "name": family}))
    chosen = OPTIONS.get(gan, {}) | options
    return start_run(
        train_config(gan, dataset.id, label=LABELS.get(gan), preset=preset, options=chosen), dataset
    ), dataset
