"""`train`: one command a GAN, with the options of that GAN and of the training loop."""

from functools import partial
from typing import Any, Literal

from pydantic import Field, create_model

from medgan.cli.command import PROGRAM, Answer, Command, Entry, WorkCommand
from medgan.cli.options import options_of, required
from medgan.common.errors import BadInput
from medgan.jobs import Artefact

PLACES = ("dataset", "label", "preset", "name")
"""What a training needs to know beside the options of GAN and loop."""


class TrainCommand(WorkCommand):
    dataset: str = Field("none", description="Name or id of the data set; needed.")
    label: str = Field("all", description="Train on the images of this class only.")
    preset: Literal["quick", "standard", "thesis"] = "quick"
    """Where the options start from."""
    name: str = Field("GAN, data set and class", description="Name of the run.")


def entries() -> dict[str, Entry]:
    from medgan.models import GANS  # takes seconds, so only where `train` is on the command line

    return {name: Entry(f"{gan.title}: {gan.summary}", partial(gan_command, name)) for name, gan in GANS.items()}


def gan_command(gan_name: str) -> type[Command]:
    """The command that trains the GAN of that name."""
    from medgan.models import GANS
    from medgan.training.config import LoopConfig, train_config

    gan = GANS[gan_name]

    class Train(TrainCommand):
        def run(self) -> Answer:
            given = self.given()
            given.pop("run", None)  # a finished run's config is a good start, its id is taken
            if given.pop("gan", gan_name) != gan_name:
                raise BadInput(f"{self.config_file}: is for another GAN than {gan_name}")
            places = {place: given.pop(place) for place in PLACES if place in given}
            dataset = required(places, "dataset")
            check_dataset(dataset, places.get("label"))
            config = self.checked(lambda: train_config(gan_name, **places, options=given))
            return self.do("train", config, run_answer)

    options = options_of(LoopConfig, presets=gan.presets) | options_of(gan.config, presets=gan.presets)
    return create_model("Train", __base__=Train, **options)


def check_dataset(dataset: str, label: str | None) -> None:
    """Raise BadInput now, rather than in the job, where the data set or the class does not exist."""
    from medgan.data.dataset import PreparedDataset

    PreparedDataset.open(dataset).indices("train", label)


def run_answer(artefact: Artefact) -> Answer:
    from medgan.training.run import Run

    run = Run.open(artefact.id)
    known: dict[str, Any] = {"id": run.id, "name": run.name, "folder": str(run.folder), "gan": run.config.gan}
    known |= {"dataset": run.config.dataset, "label": run.config.label, "step": run.step()}
    text = f"Run {run.name!r} ({run.id}): {run.config.loop.steps} steps, in {run.folder}"
    return Answer(known, f"{text}\nDraw images from it: {PROGRAM} generate --run {run.name}")
