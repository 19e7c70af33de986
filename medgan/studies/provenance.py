"""What a study was made from: data set, synthetic sets and their GANs, each with the hash of its manifest."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medgan.common.artefact import MANIFEST, Manifest, sha256_of
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.studies.ancestry import ancestry_of
from medgan.studies.short_training import trained_steps
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

GONE = "gone since"


@dataclass(frozen=True)
class Parent:
    """A member of a study's ancestry."""

    kind: str
    name: str
    id: str
    words: str
    """What it is, or that it is gone."""
    sha256: str
    """Of its manifest, which holds the hashes of its files; empty where it is gone."""


def parents_of(manifest: Manifest) -> list[Parent]:
    """The data set, then each synthetic set with everything that it was drawn from; each once."""
    dataset_id, *sets = manifest.parents
    members = [_dataset(dataset_id), *(member for id in sets for member in _of_set(id))]
    return list({member.id: member for member in members}.values())


def _dataset(id: str) -> Parent:
    try:
        found = PreparedDataset.open(id)
    except BadInput:
        return Parent("data set", "", id, GONE, "")
    counts = ", ".join(f"{len(found.indices(part)):,} {part}" for part in ("train", "validation", "test"))
    return Parent("data set", found.name, found.id, f"{counts}; {found.size} pixels", _hash(found.folder))


def _of_set(id: str) -> Iterator[Parent]:
    try:
        ancestry = ancestry_of(SyntheticSet.open(id))
    except BadInput:
        yield Parent("synthetic set", "", id, GONE, "")
        return
    for member in ancestry.sets:
        synthetic = member.synthetic
        step = int(synthetic.manifest.summary.get("step") or 0)
        words = f"{len(synthetic):,} images, {member.words}{f'; drawn at training step {step:,}' if step else ''}"
        yield Parent("synthetic set", synthetic.name, synthetic.id, words, _hash(synthetic.folder))
        yield _run(member.run)


def _run(run: Run | str) -> Parent:
    if isinstance(run, str):
        return Parent("GAN", "", run, GONE, "")
    steps = trained_steps(run)
    words = f"{GANS[run.config.gan].title}, {f'{steps:,} training steps' if steps else 'training steps not known'}"
    return Parent("GAN", run.name, run.id, f"{words}, preset {run.config.preset}", _hash(run.folder))


def _hash(folder: Path) -> str:
    return sha256_of(folder / MANIFEST) if (folder / MANIFEST).exists() else ""
