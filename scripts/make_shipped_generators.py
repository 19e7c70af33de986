"""Make the small generators in medgan/pretrained: phantoms, FastGAN at 64 pixels, weights in half precision.

    MEDGAN_HOME=/tmp/shipped python scripts/make_shipped_generators.py [family ...]

About 6 minutes a family on two cores. Killed, it goes on where it was when started again.
"""

import shutil
import sys

from medgan.common.artefact import commit, read_manifest, write_atomic
from medgan.common.home import runs_folder, shipped_runs_folder
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.phantoms import PHANTOMS
from medgan.training.checkpoint import read_tensors, write_tensors
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import GENERATOR_FILE, LOSSES_FILE, RUN_FILE, Run

LABELS = {"chest_xray": "normal"}  # the other families have one class
OPTIONS = {
    "size": 64,
    "width": 12,
    "latent_size": 64,
    "batch_size": 16,
    "steps": 1200,
    "ema_decay": 0.995,
    "log_every": 20,
    "sample_every": 200,
    "samples": 36,
}


class Printed:
    """Progress as lines on the terminal."""

    def update(self, done: int, total: int, message: str = "") -> None:
        if done % 100 == 0:
            print(f"{done} of {total} {message}", flush=True)

    def stop_requested(self) -> bool:
        return False


def make(family: str) -> Run:
    """Draw the phantoms of a family and train its generator."""
    count = 1000 * len(PHANTOMS[family].classes)
    dataset = prepare_phantoms(PhantomConfig(family=family, count=count, size=64, name=f"phantom-{family}"))
    name = f"phantom-{family.replace('_', '-')}"
    config = train_config("fastgan", dataset.id, label=LABELS.get(family), name=name, options=OPTIONS)
    return train(config.model_copy(update={"run": name}), Printed())


def ship(run: Run) -> None:
    """Copy what is needed to draw from a run, its weights halved, to the package."""
    folder = shipped_runs_folder() / run.id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    weights, words = read_tensors(run.folder / GENERATOR_FILE)
    write_tensors(folder / GENERATOR_FILE, {name: tensor.half() for name, tensor in weights.items()}, words)
    # Without the list of training images, for phantoms are nobody's; and the data set by its name, as people read it.
    config = run.config.model_copy(update={"dataset": run.name.replace("phantom-chest-", "phantom-chest_")})
    write_atomic(folder / RUN_FILE, run.record.model_copy(update={"seen_files": (), "config": config}).to_json())
    shutil.copy(run.folder / LOSSES_FILE, folder)
    (folder / "samples").mkdir()
    shutil.copy(run.sample_grids()[-1][1], folder / "samples")
    finished = read_manifest(run.folder)
    commit(
        folder,
        kind="run",
        id=run.id,
        name=run.name,
        config=config.model_dump(mode="json"),
        parents=finished.parents,
        environment=finished.environment,
        summary=finished.summary,
    )


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PHANTOMS:
        print(f"{wanted}: into {runs_folder()}", flush=True)
        ship(make(wanted))
