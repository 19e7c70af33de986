"""`data`: prepare folders of images, draw phantoms, list and show data sets."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import create_model
from pydantic_settings import CliPositionalArg

from medgan.cli.command import Answer, Command, Entry, WorkCommand
from medgan.cli.downloads import DownloadSet
from medgan.cli.options import options_of
from medgan.cli.terminal import facts, table
from medgan.common.errors import BadInput
from medgan.jobs import Artefact

if TYPE_CHECKING:
    from medgan.data.layout import Layout


def entries() -> dict[str, Entry]:
    return {
        "prepare": Entry("Turn a folder of images into a data set.", prepare_command),
        "download": Entry("Get a known data set from its publisher, or learn how to.", lambda: DownloadSet),
        "phantom": Entry("Draw a data set of phantoms; needs no download.", phantom_command),
        "list": Entry("List the data sets.", lambda: ListDatasets),
        "show": Entry("Show a data set: its images, classes, splits, and problems found.", lambda: ShowDataset),
    }


def prepare_command() -> type[Command]:
    from medgan.data.config import PrepareConfig
    from medgan.data.layout import detect

    class Prepare(WorkCommand):
        def run(self) -> Answer:
            given = self.given()
            if "source" not in given:
                raise BadInput("SOURCE is needed: the folder that holds the images")
            config = self.checked(lambda: PrepareConfig.parse(given))
            if not config.source.exists():
                raise BadInput(f"{config.source}: no such file or folder")
            layout = detect(config.source, config.layout, config.family, config.labels_from)
            print(f"{config.source}: {layout.in_words()}", *about(layout), sep="\n", file=sys.stderr, flush=True)
            answer = self.do("prepare", config, dataset_answer)
            return replace(answer, data=answer.data | {"layout": layout.in_words()})

    return create_model("Prepare", __base__=Prepare, **options_of(PrepareConfig, positional=("source",)))


def about(layout: "Layout") -> list[str]:
    """What to know of a known set before it is prepared: terms, what to cite, the published split."""
    from medgan.data.published import in_words

    family = layout.family
    lines = [f"  Terms: {family.terms}"] if family.terms else []
    lines += [f"  Cite: {family.citation}"] if family.citation else []
    if layout.published:
        lines.append(f"  Published split: {in_words(layout.published)} ({family.published_in})")
        lines.append("  --use-published-split takes its numbers")
    return lines


def phantom_command() -> type[Command]:
    from medgan.data.phantom_sets import PhantomConfig

    class Phantom(WorkCommand):
        def run(self) -> Answer:
            config = self.checked(lambda: PhantomConfig.parse(self.given()))
            return self.do("phantom", config, dataset_answer)

    return create_model("Phantom", __base__=Phantom, **options_of(PhantomConfig, positional=("family",)))


class ListDatasets(Command):
    def run(self) -> Answer:
        from medgan.data.dataset import list_datasets

        found = [dataset.describe() for dataset in list_datasets()]
        heads = ("name", "id", "items", "size", "classes", "structures", "created")
        rows = [[_cell(facts_of.get(head)) for head in heads] for facts_of in found]
        return Answer(found, table(heads, rows, "No data sets yet. Make one with `data prepare` or `data phantom`."))


class ShowDataset(Command):
    dataset: CliPositionalArg[str]
    """Name or id of the data set."""

    def run(self) -> Answer:
        from medgan.data.dataset import PreparedDataset

        dataset = PreparedDataset.open(self.dataset)
        known = dataset.describe()
        lines = [f"{problem.file}: {problem.reason}" for problem in dataset.problems]
        text = facts([(name, _cell(value)) for name, value in known.items()])
        found = known | {"problems": [problem.as_json() for problem in dataset.problems]}
        return Answer(found, "\n".join([text, *lines]))


def dataset_answer(artefact: Artefact) -> Answer:
    """A data set that is ready, with what was found wrong in its source."""
    from medgan.data.dataset import PreparedDataset

    dataset = PreparedDataset.open(artefact.folder)
    text = f"Data set {dataset.name!r} ({dataset.id}): {len(dataset)} images of {dataset.size} pixels"
    count = len(dataset.problems)
    if count:
        found = "1 problem" if count == 1 else f"{count} problems"
        text += f"\n{found} found in the source: see `data show {dataset.name}`"
    return Answer(dataset.describe() | {"problem_count": count}, text)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
