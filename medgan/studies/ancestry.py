"""Where a synthetic set comes from: its GAN, what that learned from, what the set was drawn from, back to the root."""

from collections.abc import Iterator
from dataclasses import dataclass

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies.leaks import Sighting, Traced, learned_by, sighting_of
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

GIVEN_WORDS = {"masks": "masks", "sources": "source images"}
"""What a run is given, in words; anything else is images."""


@dataclass(frozen=True)
class Ancestry:
    """A set and all that it was made from; what has been deleted since is told by its id."""

    synthetic: SyntheticSet
    run: Run | str
    """The run whose generator drew."""
    learned_from: PreparedDataset | str
    """What the run learned from; an empty id where the run was imported."""
    source: "Ancestry | PreparedDataset | str | None"
    """What was given to the generator: a synthetic set, items of a data set; None for noise and classes."""

    @property
    def part(self) -> str:
        """The part of the data set that was drawn from, also at second hand; empty for noise."""
        return str(self.synthetic.manifest.summary.get("part", ""))

    @property
    def sets(self) -> "tuple[Ancestry, ...]":
        """This set, the set that it was drawn from, and so on to the root."""
        return (self, *self.source.sets) if isinstance(self.source, Ancestry) else (self,)

    @property
    def words(self) -> str:
        """For a person: what drew it, from what, and what each GAN learned from."""
        return f"{_drawn_by(self)}; {_learned(self)}"


def ancestry_of(synthetic: SyntheticSet) -> Ancestry:
    """The ancestry of a set, as far as its members are still here."""
    run_id, *sources = synthetic.manifest.parents
    try:
        run = Run.open(run_id)
    except BadInput:
        return Ancestry(synthetic, run_id, "", _source_of(*sources))
    dataset = _dataset(run.record.dataset_id) if run.record.dataset_id else ""
    return Ancestry(synthetic, run, dataset, _source_of(*sources))


def _source_of(id: str = "") -> Ancestry | PreparedDataset | str | None:
    if not id:
        return None
    try:
        return ancestry_of(SyntheticSet.open(id))
    except BadInput:
        return _dataset(id)


def _dataset(id: str) -> PreparedDataset | str:
    """The data set of that id and no other, whatever its name; the id where it is gone."""
    try:
        found = PreparedDataset.open(id)
    except BadInput:
        return id
    return found if found.id == id else id


def _drawn_by(ancestry: Ancestry) -> str:
    words = f"drawn by {_run_words(ancestry)}"
    if ancestry.source is None:
        return words
    given = ancestry.run.config.model.parts.given[0] if isinstance(ancestry.run, Run) else ""
    kind = GIVEN_WORDS.get(given, "images")
    if ancestry.synthetic.manifest.config.get("deform"):
        kind = f"elastically deformed {kind}"
    if isinstance(ancestry.source, Ancestry):
        source = ancestry.source
        return f"{words} from {kind} of set {source.synthetic.name}, which was {_drawn_by(source)}"
    if isinstance(ancestry.source, str):
        return f"{words} from {kind} of {ancestry.source}, which is gone"
    return f"{words} from {kind} of {ancestry.source.name} ({ancestry.part})"


def _run_words(ancestry: Ancestry) -> str:
    return ancestry.run.name if isinstance(ancestry.run, Run) else f"{ancestry.run}, a run that is gone"


def _learned(ancestry: Ancestry) -> str:
    """What each GAN of the ancestry learned from, those that learned from the same in one."""
    by_lesson: dict[str, list[str]] = {}
    for member in ancestry.sets:
        runs = by_lesson.setdefault(_lesson(member), [])
        if _run_name(member) not in runs:
            runs.append(_run_name(member))
    if len(by_lesson) == 1:
        [(lesson, runs)] = by_lesson.items()
        who = {1: "it", 2: "both"}.get(len(runs), "all")
        return f"{who} learned from {lesson}"
    return ", ".join(f"{' and '.join(runs)} learned from {lesson}" for lesson, runs in by_lesson.items())


def _lesson(ancestry: Ancestry) -> str:
    if isinstance(ancestry.learned_from, PreparedDataset):
        return f"{ancestry.learned_from.name} (train)"
    if ancestry.learned_from:
        return f"{ancestry.learned_from} (train), which is not here"
    return "images that are not known"


def _run_name(ancestry: Ancestry) -> str:
    return ancestry.run.name if isinstance(ancestry.run, Run) else ancestry.run


def test_images_seen(synthetic: SyntheticSet, dataset: PreparedDataset) -> list[Sighting]:
    """Test and validation images of a data set that a set's GANs learned from, or that the set was drawn from.

    One entry a GAN or set of the ancestry that saw any. Raises BadInput where something of the ancestry is gone that
    would tell; `notes_on` says of which GANs it was never known.
    """
    found = [sighting_of(traced, dataset) for traced in _traced(ancestry_of(synthetic))]
    return list(dict.fromkeys(sighting for sighting in found if sighting is not None))


def check_no_leak(synthetic: SyntheticSet, dataset: PreparedDataset) -> tuple[str, ...]:
    """Raise BadInput where anything of a data set's test or validation images went into a set.

    Returns what cannot be told of the set, to be recorded with whatever it is used for.
    """
    seen = test_images_seen(synthetic, dataset)
    if seen:
        parts = " and ".join(sighting_words(synthetic, sighting) for sighting in seen)
        ways = {"learned": "train it on", "drawn": "draw it from"}
        advice = " and ".join(words for how, words in ways.items() if how in {sighting.how for sighting in seen})
        raise BadInput(
            f"set {synthetic.name}: {parts} of data set {dataset.name}; {advice} the training part of {dataset.name}"
        )
    return notes_on(synthetic)


def sighting_words(synthetic: SyntheticSet, sighting: Sighting) -> str:
    """What of a data set went into a set, and how: `its GAN tiny learned from 3 test images`."""
    if sighting.how == "learned":
        return f"its GAN {sighting.who} learned from {sighting.words}"
    who = "it" if sighting.who == synthetic.name else f"set {sighting.who}, which it comes from,"
    return f"{who} was drawn from {sighting.words}"


def notes_on(synthetic: SyntheticSet) -> tuple[str, ...]:
    """What cannot be told of the real images behind a set, a sentence a GAN; empty where all is known."""
    members = ancestry_of(synthetic).sets
    return tuple(dict.fromkeys(f"set {synthetic.name}: {note}" for note in map(_note_on, members) if note))


def _note_on(member: Ancestry) -> str:
    run = member.run
    if not isinstance(run, Run) or isinstance(member.learned_from, PreparedDataset):
        return ""
    if run.seen_files:
        return (
            f"data set {member.learned_from}, which its GAN {run.name} learned from, is not here; "
            "its files were compared, its patients could not be"
        )
    where = "came with the program" if run.shipped else "was imported"
    return f"its GAN {run.name} {where} and does not tell its training images; test images may be among them"


def _traced(ancestry: Ancestry) -> Iterator[Traced]:
    """The real images that went into a set, group by group; raises BadInput where a member is gone that would tell."""
    for member in ancestry.sets:
        if isinstance(member.run, str):
            raise _gone(ancestry, f"run {member.run}")
        dataset = member.learned_from if isinstance(member.learned_from, PreparedDataset) else None
        learned = learned_by(member.run, dataset)
        if learned.sha256 is None and member.learned_from and not member.run.shipped:
            raise _gone(ancestry, f"data set {member.learned_from}")
        yield learned
        if isinstance(member.source, str):
            raise _gone(ancestry, member.source)
        if isinstance(member.source, PreparedDataset):
            items = member.source.items
            files = items["sha256"][items["id"].isin(set(member.synthetic.items["drawn_from"]))]
            yield Traced(member.synthetic.name, "drawn", frozenset(files), member.source)


def _gone(ancestry: Ancestry, what: str) -> BadInput:
    return BadInput(
        f"set {ancestry.synthetic.name}: {what}, which it was made from, is gone, so nobody can tell whether test "
        "images went into it; bring that back under its id, or draw a new set"
    )
