"""Whether verdicts agree with the truth on phantoms, where it is known: `python -m benchmarks.truth [--repetitions 5]`.

Few real images (drawn ones, which stand for them), and synthetic sets that nobody has to guess about:

* **fresh**: more phantoms under their right label or mask, as good as further real images: they help.
* **wrong**: the very same phantoms, of the other class, or each with the mask of the next one: they hurt.
* **copies**: the training images themselves, again: they do not help.

And a part of the real images, which is worse than all of them. Every study goes through the code that the dashboard and
the command line run, its check for leaks included. No GAN draws the sets, as no GAN is known to draw right or wrong
images; they are written in the name of one that was begun on the training part and has taken no step, so that the check
has an ancestry to follow. Each repetition draws other phantoms for everything.
"""

import argparse
import itertools
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from medgan.common.artefact import atomic_file, checked_name, commit, new_id
from medgan.common.home import sets_folder
from medgan.common.pictures import to_pil
from medgan.common.repro import environment
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.phantoms import draw
from medgan.data.prepare import prepare
from medgan.studies.material import Some
from medgan.studies.running import run_study
from medgan.studies.study import Study, study_config
from medgan.studies.synthesis import IMAGES, ITEMS, MASKS, SyntheticSet, item_rows
from medgan.training.config import train_config
from medgan.training.feed import training_data
from medgan.training.run import Run, RunRecord

SETS = ("fresh", "wrong", "copies")
TRUTHS = {"few": ("hurts",), "fresh": ("helps",), "wrong": ("hurts",), "copies": ("cannot be told", "hurts")}
"""What a verdict may say of each thing that is compared with all real images; `few` is a part of them."""

FIRST = 20
"""Designs were settled while looking at repetitions of lower seeds, so those do not count."""


@dataclass(frozen=True)
class Design:
    """A task on phantoms, with so few real images that more of them make a difference."""

    family: str
    classes: tuple[str, ...]
    size: int
    """Pixels a side."""
    train: int
    validation: int
    test: int
    share: float
    """Of the training images, the part that is compared with all of them."""
    dose: int
    """Synthetic images for each training image."""
    seeds: int
    training: dict[str, Any]
    """How networks are trained, an option of studies."""

    @property
    def parts(self) -> dict[str, range]:
        """Numbers of the phantoms of each part, and of those that no part holds."""
        counts = {
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
            "fresh": self.dose * self.train,
        }
        ends = list(itertools.accumulate(counts.values()))
        return {name: range(end - count, end) for (name, count), end in zip(counts.items(), ends, strict=True)}


DESIGNS = {
    "classification": Design(
        family="chest_xray",
        classes=("normal", "viral_pneumonia"),
        size=16,
        train=24,
        validation=60,
        test=200,
        share=1 / 12,
        dose=4,
        seeds=8,
        training={
            "classifier": {
                "backbone": "small",
                "learning_rate": 0.001,
                "dropout": 0.0,
                "epochs": 200,
                "patience": 50,
                "batch_size": 128,
            }
        },
    ),
    "segmentation": Design(
        family="dermoscopy",
        classes=("lesion",),
        size=32,
        train=24,
        validation=24,
        test=80,
        share=1 / 24,
        dose=2,
        seeds=5,
        training={
            "segmenter": {
                "width": 4,
                "learning_rate": 0.01,
                "dropout": 0.0,
                "epochs": 80,
                "patience": 25,
                "batch_size": 128,
            }
        },
    ),
}
"""Every batch holds all training images of its arm, so that each arm takes one step an epoch, however many it has. In
smaller batches an arm with more images takes more steps before early stopping, which counts epochs, ends it: where real
images alone are stopped too early, even copies of them may help."""


def phantoms(design: Design, seed: int, numbers: range) -> Some:
    """Phantoms of a design, their classes in turn; masks only where there is something to outline."""
    labels = [design.classes[number % len(design.classes)] for number in numbers]
    drawn = [
        draw(design.family, label, design.size, seed, number) for label, number in zip(labels, numbers, strict=True)
    ]
    masks = np.stack([phantom.masks for phantom in drawn]) if len(design.classes) == 1 else None
    return Some(np.stack([phantom.image for phantom in drawn]), masks, np.array(labels))


def prepared(design: Design, seed: int) -> PreparedDataset:
    """The data set of a design, from files in folders that say its parts."""
    with tempfile.TemporaryDirectory(prefix="medgan-truth-") as temporary:
        for part, numbers in design.parts.items():
            if part != "fresh":
                _write_files(Path(temporary) / part, phantoms(design, seed, numbers), numbers)
        options = PrepareConfig(
            source=Path(temporary), name=f"{design.family}-{seed}", size=design.size, use_source_splits=True
        )
        return prepare(options)


def _write_files(folder: Path, some: Some, numbers: range) -> None:
    """`<class>/<number>.png`, or `images/` and `masks/`."""
    for place, number in enumerate(numbers):
        pictures = {some.labels[place]: some.images[place]}
        if some.masks is not None:
            pictures = {"images": some.images[place], "masks": some.masks[place] * np.uint8(255)}
        for kind, picture in pictures.items():
            (folder / kind).mkdir(parents=True, exist_ok=True)
            to_pil(picture).save(folder / kind / f"phantom-{number:06d}.png")


def synthetic_sets(design: Design, dataset: PreparedDataset, seed: int) -> dict[str, str]:
    """Ids of the sets whose worth is known, by name."""
    run, train = _begun(dataset), dataset.indices("train")
    fresh = phantoms(design, seed, design.parts["fresh"])
    rows = np.tile(train, design.dose)
    copies = Some(
        dataset.images[rows],
        None if dataset.masks is None else dataset.masks[rows],
        dataset.items["label"].fillna("").to_numpy(dtype=str)[rows],
    )
    made = zip(SETS, (fresh, wronged(fresh, design.classes), copies), strict=True)
    return {name: _written(run, name, some, seed).id for name, some in made}


def _begun(dataset: PreparedDataset) -> Run:
    """A run on the training part that has taken no step."""
    config = train_config("dcgan", dataset.id, name="known")
    seen = dataset.items["sha256"].iloc[dataset.indices("train")]
    data = training_data(config, dataset)
    return Run.start(RunRecord(config=config, data=data, dataset_id=dataset.id, items=len(seen)), seen)


def wronged(some: Some, classes: tuple[str, ...]) -> Some:
    """The same images, each as of the next class, or with the next image's masks."""
    if some.masks is not None:
        return Some(some.images, np.roll(some.masks, 1, axis=0), some.labels)
    following = dict(zip(classes, (*classes[1:], classes[0]), strict=True))
    return Some(some.images, None, np.array([following[label] for label in some.labels]))


def _written(run: Run, name: str, some: Some, seed: int) -> SyntheticSet:
    """The images as a set that a run drew."""
    id = new_id(checked_name(name))
    folder = sets_folder() / id
    folder.mkdir(parents=True)
    for file, pixels in ((IMAGES, some.images), (MASKS, some.masks)):
        if pixels is not None:
            with atomic_file(folder / file) as stream:
                np.save(stream, pixels)
    with atomic_file(folder / ITEMS) as stream:
        item_rows(run, len(some), seed).assign(label=some.labels).to_parquet(stream)
    summary = {
        "count": len(some),
        "size": some.images.shape[1],
        "channels": some.images.shape[3],
        "structures": list(run.record.data.structures) if some.masks is not None else [],
        "gan": run.config.gan,
        "run": run.id,
        "step": 0,
        "dataset": run.config.dataset,
        "label": "",
        "source": "",
        "part": "",
        "seed": seed,
    }
    manifest = commit(
        folder,
        kind="set",
        id=id,
        name=name,
        config={"set": id, "name": name, "run": run.id, "count": len(some), "seed": seed},
        parents=[run.id],
        environment=environment(),
        summary=summary,
    )
    return SyntheticSet(folder, manifest)


def with_fewer(design: Design, dataset: PreparedDataset, seed: int) -> Study:
    """A part of the real images against all of them."""
    return _carried_out(design, dataset, seed, name="few", real_shares=(1.0, design.share))


def with_sets(design: Design, dataset: PreparedDataset, seed: int) -> Study:
    """Real images with each set whose worth is known against the real ones alone, in the order of SETS."""
    ids = synthetic_sets(design, dataset, seed)
    return _carried_out(design, dataset, seed, name="sets", sets=tuple(ids.values()), doses=(design.dose,))


def _carried_out(design: Design, dataset: PreparedDataset, seed: int, **options: Any) -> Study:
    first_seed = 100 * seed  # no two repetitions begin with the same weights
    return run_study(study_config(dataset.id, seeds=design.seeds, first_seed=first_seed, **options, **design.training))


def repetition(design: Design, seed: int) -> list[dict[str, Any]]:
    """A row for each thing compared with all real images: what was said of it, and whether that is true."""
    dataset = prepared(design, seed)
    found = with_fewer(design, dataset, seed).verdicts() + with_sets(design, dataset, seed).verdicts()
    return [_row(name, verdict) for name, verdict in zip(TRUTHS, found, strict=True)]


def _row(name: str, verdict: dict[str, Any]) -> dict[str, Any]:
    figures = {key: round(verdict[key], 4) for key in ("real", "difference", "low", "high", "corrected_p")}
    return {"compared": name, "said": verdict["label"], "agrees": verdict["label"] in TRUTHS[name], **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5, help="each on other phantoms (default 5)")
    parser.add_argument("--first", type=int, default=FIRST, help=f"seed of the first repetition (default {FIRST})")
    parser.add_argument("--task", choices=tuple(DESIGNS), action="append", help="only this one (repeatable)")
    options = parser.parse_args()
    rows = []
    for task in options.task or DESIGNS:
        for seed in range(options.first, options.first + options.repetitions):
            started = time.process_time()
            with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
                os.environ["MEDGAN_HOME"] = temporary
                found = [{"task": task, "repetition": seed, **row} for row in repetition(DESIGNS[task], seed)]
            print(
                *map(json.dumps, found),
                f"{time.process_time() - started:.0f} s of processor time",
                sep="\n",
                flush=True,
            )
            rows += found
    print(table(pd.DataFrame(rows)), json.dumps(environment(), indent=2), sep="\n\n")


def table(rows: pd.DataFrame) -> str:
    """A line for each task and thing compared, over the repetitions; in Markdown."""
    lines = [
        "| task | against all real images | what is true | verdicts that agree | real images alone | differences |",
        "|---|---|---|---|---|---|",
    ]
    for (task, name), some in rows.groupby(["task", "compared"], sort=False):
        differences = ", ".join(f"{value:+.3f}" for value in some["difference"])
        real = ", ".join(f"{value:.3f}" for value in some["real"])
        expected = TRUTHS[str(name)]
        truth = "does not help" if "cannot be told" in expected else expected[0]
        lines.append(f"| {task} | {name} | {truth} | {some['agrees'].sum()} of {len(some)} | {real} | {differences} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
