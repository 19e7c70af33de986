"""`train`: one command a GAN, with the options of that GAN and of the training loop.

Importing this takes seconds: it knows the GANs, and they know torch.
"""

from functools import partial
from typing import Any, Literal

from pydantic import Field, create_model
from pydantic_settings import CliToggleFlag

from medgan.cli.command import PROGRAM, Answer, Command, Entry, WorkCommand
from medgan.cli.options import flat, options_of, required
from medgan.cli.terminal import agreed, shown_progress
from medgan.common.artefact import name_from
from medgan.common.errors import BadInput
from medgan.common.repro import choose_device
from medgan.data.dataset import PreparedDataset
from medgan.jobs import Artefact
from medgan.models import GANS
from medgan.models.task import Gan
from medgan.training.config import LoopConfig, TrainConfig, train_config
from medgan.training.feed import fitting_data
from medgan.training.group import started_as
from medgan.training.loop import follow
from medgan.training.run import Run
from medgan.weights import download, is_present, require, terms

PLACES = ("label", "preset", "name")
"""What a training needs to know beside data set and options."""


class TrainCommand(WorkCommand):
    dataset: str = Field("none", description="Name or id of the data set; needed.")
    label: str = Field("all", description="Train on the images of this class only.")
    name: str = Field("GAN, data set and class", description="Name of the run.")
    now: CliToggleFlag[bool] = False
    """Start at once, even beside other training; else it waits for its turn."""
    resume: str = Field("none", description="Go on with this unfinished run, by its name or id, with its own options.")
    manner = WorkCommand.manner | {"now", "resume"}

    def check_manner(self, processes: int) -> None:
        """Raise BadInput where options contradict each other, or the number of torchrun's processes."""
        if self.now and self.detach:
            raise BadInput("--now is for training that you watch: leave out --detach")
        if processes > 1 and self.detach:
            raise BadInput("torchrun's processes belong to the training: leave out --detach")
        if processes > 1 and self.place() != "local":
            raise BadInput("torchrun's processes train on this machine: use --executor local")

    def go_on(self, gan_name: str, rank: int, *, at_once: bool) -> Answer:
        """Go on with an unfinished run, in as many processes as there are now."""
        run = Run.open(self.resume)
        if run.finished or run.config.gan != gan_name:
            why = "is finished" if run.finished else f"is of another GAN: train {run.config.gan}"
            raise BadInput(f"--resume: run {run.name} {why}")
        if self.given():
            raise BadInput(f"--resume: run {run.name} has its own options; leave out the others")
        if rank > 0:
            follow(run.config.loop.device)
            return Answer({}, "")
        return self.do("train", run.config, run_answer, at_once=at_once)


def entries() -> dict[str, Entry]:
    return {name: Entry(in_words(gan), partial(gan_command, name)) for name, gan in GANS.items()}


def in_words(gan: Gan) -> str:
    """A GAN and its presets in a few lines."""
    return f"{gan.title}: {gan.summary} Presets: {', '.join(gan.presets)}."


def gan_command(gan_name: str) -> type[Command]:
    """The command that trains the GAN of that name."""
    gan = GANS[gan_name]

    class Train(TrainCommand):
        def options_in(self, values: dict[str, Any]) -> dict[str, Any]:
            """The config of a run is a good start for another one; its id is taken."""
            if values.get("gan", gan_name) != gan_name:
                raise BadInput(f"{self.config_file}: is for another GAN than {gan_name}")
            options = flat(values, sections=("model", "loop"))
            return {name: value for name, value in options.items() if name not in {"run", "gan", "version"}}

        def run(self) -> Answer:
            rank, processes = started_as()
            self.check_manner(processes)
            if "resume" in self.model_fields_set:
                return self.go_on(gan_name, rank, at_once=self.now or processes > 1)
            options = self.given()
            if "steps" in self.model_fields_set and "epochs" not in self.model_fields_set:
                options["epochs"] = 0  # who types steps wants so many, whatever a file or preset says of epochs
            if rank > 0:  # torchrun's further processes help the first one
                follow(options.get("device", "auto"))
                return Answer({}, "")
            dataset = PreparedDataset.open(required(options, "dataset"))
            del options["dataset"]
            places = {place: options.pop(place) for place in PLACES if place in options}
            named = name_from(gan_name, dataset.name[:40], places.get("label"))
            places = {"name": named} | places
            # The id, since another data set may have this name when the turn of the training comes.
            config = self.checked(lambda: train_config(gan_name, dataset.id, **places, options=options))
            if config.model.pretrained:
                have_weights(config.model.pretrained)
            check(config, dataset)
            return self.do("train", config, run_answer, at_once=self.now or processes > 1)

    presets = {name: preset.options for name, preset in gan.presets.items()}
    options = options_of(LoopConfig, presets=presets) | options_of(gan.config, presets=presets)
    kinds = "; ".join(f"{name}: {preset.summary}" for name, preset in gan.presets.items())
    options["preset"] = (Literal[tuple(presets)], Field("quick", description=f"Where the options start from. {kinds}."))
    return create_model("Train", __base__=Train, **options)


def check(config: TrainConfig, dataset: PreparedDataset) -> None:
    """Raise BadInput now, rather than in the job, where data, class, size, options or device do not fit."""
    choose_device(config.loop.device)
    fitting_data(config, dataset)


def have_weights(name: str) -> None:
    """Have the weights of a pre-trained network here: ask before they are downloaded; raises BadInput without them."""
    if not is_present(name) and agreed(terms(name)):  # asked before there is a progress bar, which would hide it
        with shown_progress() as progress:
            download(name, progress)
    require(name)


def run_answer(artefact: Artefact) -> Answer:
    run = Run.open(artefact.id)
    known: dict[str, Any] = {"id": run.id, "name": run.name, "folder": str(run.folder), "gan": run.config.gan}
    known |= {"dataset": run.config.dataset, "label": run.config.label, "step": run.step()}
    text = f"Run {run.name!r} ({run.id}): {run.steps} steps, in {run.folder}"
    return Answer(known, f"{text}\nDraw images from it: {PROGRAM} generate --run {run.name}")
