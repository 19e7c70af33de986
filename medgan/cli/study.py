"""`study`: train on real and on real + synthetic images, and say whether the synthetic ones help."""

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import Field, create_model
from pydantic_settings import CliPositionalArg, CliToggleFlag

from medgan.cli.command import Answer, Command, WorkCommand
from medgan.cli.options import options_of, required
from medgan.cli.published import beside_data, beside_text
from medgan.cli.terminal import table
from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.jobs import Artefact

if TYPE_CHECKING:
    from medgan.studies.thesis import Experiment

TRAINING = (
    "backbone", "trained_layers", "network", "width", "epochs", "learning_rate", "dropout", "batch_size", "patience",
)  # fmt: skip
"""Options that go to the classifier or to the segmenter, whichever is trained."""
CHANGES = ("flip", "rotation_degrees", "zoom_share")
"""Options of the arm with classical augmentation."""
SHOWN = {
    "classification": ("accuracy", "balanced_accuracy", "auroc", "sensitivity", "specificity", "f1", "brier"),
    "segmentation": ("iou", "dice", "false_positive_pixels", "false_negative_pixels", "boundary_distance"),
}
PRESETS = (
    "thesis-3.1", "thesis-3.2", "thesis-4.1", "thesis-4.2", "thesis-4.3", "thesis-4.4", "thesis-4.5", "thesis-4.6",
    "thesis-4.7", "thesis-4.8", "thesis-4.9", "thesis-4.10", "thesis-mask-dcgan",
)  # fmt: skip
"""Written out, since the words of help are known before the studies are imported."""
PRESET_HELP = f"An experiment of the published comparison: {', '.join(PRESETS)}; or custom, one of your own."


class StudyCommand(WorkCommand):
    preset: CliPositionalArg[str] = Field("custom", description=PRESET_HELP)
    quick: CliToggleFlag[bool] = False
    """Scale a preset down: fewer epochs and seeds; meant for data sets of 64 pixels."""
    dataset: str = Field("none")
    """Name or id of the data set; needed. For presets that score sets, one or one for each set, joined by commas."""
    space: str = Field("that of the table where its weights are here")
    """Feature space, for presets that score sets."""
    name: str = Field("data set and study")
    """Name of the study."""
    backbone: Literal["auto", "vgg16", "mobilenet_v2", "squeezenet1_0", "squeezenet1_1", "small"] = "auto"
    """Network below a classifier's last unit: auto is VGG16 where its weights are here, else what is here."""
    trained_layers: int = 0
    """Classifier: how many of the backbone's last layers learn as well."""
    network: Literal["unet", "pix2pix"] = "unet"
    """Segmenter: the classic U-Net, or the generator of Pix2Pix."""
    width: int = Field(0, description="Segmenter: channels of its first map. [default by the size of the images]")
    epochs: int = 100
    """Most passes over the training images."""
    learning_rate: float = Field(0.0, description="Step size of Adam. [default 0.0002; segmenters 0.001]")
    dropout: float = 0.4
    """Share of features that is left out at random in training."""
    batch_size: int = 16
    """Images in a training step."""
    patience: int = Field(0, description="Passes without improvement before training stops. [default 0; segmenters 15]")

    flip: bool = True
    """Classical augmentation: whether half of the images are mirrored."""
    rotation_degrees: float = 36
    """Classical augmentation: images are turned by up to so many degrees; 0 turns none."""
    zoom_share: float = 0.1
    """Classical augmentation: images are enlarged or shrunk by up to this share; 0 leaves their size."""

    def options_in(self, values: dict[str, Any]) -> dict[str, Any]:
        """The config of a study is a good start for another one; its id is taken."""
        taken = {"study", "classifier", "segmenter", "places"}
        if "study" in values:  # what medgan wrote: all that the preset gave stands in it
            taken |= {"preset", "quick"}
        named = {name: value for name, value in values.items() if name not in taken}
        how = values.get("segmenter" if values.get("task") == "segmentation" else "classifier", {})
        changes = {name: value for name, value in how.get("augmentation", {}).items() if name in CHANGES}
        return named | changes | {name: value for name, value in how.items() if name in TRAINING}


def command() -> type[Command]:
    from medgan.data.dataset import PreparedDataset
    from medgan.studies.study import StudyConfig, study_config, task_of

    class Study(StudyCommand):
        def run(self) -> Answer:
            given = self.given()
            dataset = required(given, "dataset")
            del given["dataset"]
            preset, quick = given.pop("preset", "custom"), given.pop("quick", False)
            if preset != "custom":
                return repeated(self, preset, dataset, given, quick=quick)
            if quick or "space" in given:
                raise BadInput(f"--{'quick' if quick else 'space'} is for presets: {', '.join(PRESETS)}")
            how = {name: given.pop(name) for name in (*TRAINING, *CHANGES) if name in given}
            if how:
                asked = {"study": "asked", "name": "asked", "dataset": dataset, "task": given.get("task", "auto")}
                task = task_of(StudyConfig.parse(asked), PreparedDataset.open(dataset))
                given |= section_of(task, how)
            config = self.checked(lambda: study_config(dataset, **given))
            return self.do("study", config, study_answer)

    left_out = ("study", "name", "dataset", "classifier", "segmenter", "preset", "quick", "places")
    return create_model("Study", __base__=Study, **options_of(StudyConfig, leave_out=left_out))


def repeated(command: StudyCommand, preset: str, dataset: str, given: dict[str, Any], *, quick: bool) -> Answer:
    """Carry out an experiment of the published comparison, and tell its figures beside the published ones."""
    from medgan.studies.thesis import experiment, thesis_study

    chosen = experiment(preset)
    if chosen.kind == "quality":
        return scored(command, chosen, dataset, given, quick=quick)
    if "space" in given:
        raise BadInput(f"--space: {preset} trains networks; it has no feature space")
    how = {name: given.pop(name) for name in (*TRAINING, *CHANGES) if name in given}
    sets = given.pop("sets", ())
    if how:
        given |= section_of(chosen.kind, how)
    config = command.checked(lambda: thesis_study(chosen, dataset, sets, quick=quick, **given))

    def say(artefact: Artefact) -> Answer:
        from medgan.studies.study import Study

        answer, study = study_answer(artefact), Study.open(artefact.id)
        return Answer(
            answer.data | {"beside": beside_data(chosen, study)}, f"{answer.text}\n\n{beside_text(chosen, study)}"
        )

    return command.do("study", config, say)


def scored(command: StudyCommand, chosen: "Experiment", dataset: str, given: dict[str, Any], *, quick: bool) -> Answer:
    """Score the sets of a quality table one after the other."""
    from medgan.studies.beside import remember
    from medgan.studies.quality import open_report
    from medgan.studies.thesis import thesis_quality

    if command.detach:
        raise BadInput(f"--detach: {chosen.name} makes several reports, and is done here")
    wrong = sorted(set(given) - {"sets", "space", "resamples"})
    if wrong:
        raise BadInput(f"--{wrong[0].replace('_', '-')}: {chosen.name} scores sets; leave it out")
    sets, datasets = given.pop("sets", ()), dataset.split(",")
    configs = thesis_quality(chosen, datasets, sets, quick=quick, **given)
    reports: dict[str, list[Any]] = {}
    for called, config in configs.items():
        answer = command.do("evaluate", config, lambda artefact: Answer({"id": artefact.id}, ""))
        reports.setdefault(called.split(": ")[0], []).append(open_report(answer.data["id"]))
    remember(chosen, reports)
    ids = {place: [report.id for report in some] for place, some in reports.items()}
    data = {"preset": chosen.name, "reports": ids, "beside": beside_data(chosen, reports)}
    return Answer(data, beside_text(chosen, reports))


def section_of(task: str, how: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Training options as those of what the task trains; raises BadInput for one that it does not have."""
    from medgan.downstream.classifier import ClassifierConfig
    from medgan.downstream.segmenter import SegmenterConfig

    kind: type[Config] = SegmenterConfig if task == "segmentation" else ClassifierConfig
    section = "segmenter" if task == "segmentation" else "classifier"
    for name in how:
        if name not in kind.model_fields and name not in CHANGES:
            raise BadInput(f"--{name.replace('_', '-')}: this study trains a {section}, which has none; leave it out")
    values = {name: value for name, value in how.items() if name not in CHANGES}
    changes = {name: how[name] for name in CHANGES if name in how}
    return {section: values | ({"augmentation": {"enabled": False, **changes}} if changes else {})}


def study_answer(artefact: Artefact) -> Answer:
    """A finished study: verdicts first, then the table of arms."""
    from medgan.studies.study import Study

    study = Study.open(artefact.id)
    assert study.manifest is not None
    summary, rows, found = study.manifest.summary, study.rows(), study.verdicts()
    lines = [
        f"{summary['task'].capitalize()} on {summary['dataset']}: {summary['train_images']:,} real training images, "
        f"{summary['test_images']:,} test images, {summary['seeds']} seeds, network: {summary['network']}",
        "",
        *(verdict["sentence"] for verdict in found),
        "",
        arm_table(rows, SHOWN[summary["task"]]),
    ]
    if not study.grid().empty:
        lines += ["", "Settings tried on validation images", _grid_table(study.grid())]
    lines += ["", *summary["notes"], f"Study {study.id}, in {study.folder}"]
    known = {"id": study.id, "name": study.name, "folder": str(study.folder), **summary}
    data = known | {"verdicts": found, "rows": rows.to_dict("records"), "grid": study.grid().to_dict("records")}
    return Answer(data, "\n".join(lines))


def arm_table(rows: pd.DataFrame, scores: tuple[str, ...]) -> str:
    """Mean over seeds of each score, with the lowest and highest seed of the first."""
    from medgan.studies.score_words import score_words

    cells = []
    for arm, group in rows.groupby("arm", sort=False):
        first = group[scores[0]]
        cells.append(
            [
                arm,
                f"{first.min():.3f} to {first.max():.3f}",
                *(score_words(name, group[name].mean()) for name in scores),
            ]
        )
    heads = ["arm", f"{scores[0]}, seeds", *(name.replace("_", " ") for name in scores)]
    return table(heads, cells, "No arm was tested.")


def _grid_table(grid: pd.DataFrame) -> str:
    numbers = [[f"{value:.4g}" if isinstance(value, float) else value for value in row] for row in grid.to_numpy()]
    return table([str(name) for name in grid.columns], numbers, "None.")
