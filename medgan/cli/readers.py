"""`readers`: sessions of reader studies, what came of them, and every answer as a CSV file."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_settings import CliPositionalArg

from medgan.cli.command import Answer, Command, Entry
from medgan.cli.terminal import table
from medgan.common.errors import BadInput

if TYPE_CHECKING:
    from medgan.metrics.estimate import Estimate
    from medgan.studies.reader_scores import ReaderScores


def entries() -> dict[str, Entry]:
    return {
        "list": Entry("List the sessions of reader studies, and who has read how far.", lambda: ListSessions),
        "show": Entry("Could readers tell? Figures of each reader, of all, by model and class.", lambda: ShowSession),
        "export": Entry("Every answer beside the truth, as a CSV file.", lambda: ExportSession),
    }


class OneSession(Command):
    session: CliPositionalArg[str]
    """Name or id of the session."""


class ListSessions(Command):
    def run(self) -> Answer:
        from medgan.studies.reader import list_sessions
        from medgan.studies.reading import readings_of

        found = [
            one.describe() | {"readers": {reading.reader: len(reading.answers()) for reading in readings_of(one)}}
            for one in list_sessions()
        ]
        rows = [(one["name"], one["id"], str(one["images"]), _progress(one["readers"])) for one in found]
        return Answer(found, table(("name", "id", "images", "answered"), rows, "No sessions yet."))


def _progress(readers: dict[str, int]) -> str:
    return ", ".join(f"{reader} {count}" for reader, count in readers.items()) or "·"


class ShowSession(OneSession):
    def run(self) -> Answer:
        from medgan.studies.reader import ReaderSession
        from medgan.studies.reader_scores import ReaderScores

        scores = ReaderScores.of(ReaderSession.open(self.session))
        agreement = scores.agreement()
        data: dict[str, Any] = {
            "session": scores.session.id,
            "readers": [asdict(one) for one in scores.readers()],
            "groups": [asdict(group) for group in scores.groups()],
            "p_value": scores.p_value() if scores.finished else None,
            "kappa": asdict(agreement) if agreement else None,
            "kappa_of_pairs": {f"{a}, {b}": asdict(value) for (a, b), value in scores.pairs().items()},
            "notes": list(scores.session.notes),
        }
        return Answer(data, _text(scores))


def _text(scores: "ReaderScores") -> str:
    rows = [
        (f"reader {one.reader}", f"{one.answered}", _told(one.right), _told(one.auroc), f"{one.p_value:.3g}")
        for one in scores.readers()
    ]
    p_value = f"{scores.p_value():.3g}" if scores.finished else ""
    for group in scores.groups():
        name = " ".join(filter(None, (group.kind, group.name)))
        p = p_value if group.kind == "all" else ""
        rows.append((name, f"{group.images}", _told(group.right), _told(group.auroc), p))
    lines = [table(("of", "images", "right", "AUROC", "p against guessing"), rows, "Nobody has answered yet.")]
    agreement = scores.agreement()
    if agreement is not None:
        name = "Cohen's" if len(scores.finished) == 2 else "Fleiss'"
        lines.append(f"Agreement of {len(scores.finished)} readers, {name} kappa: {_told(agreement)}")
    return "\n".join([*lines, *scores.session.notes])


def _told(found: "Estimate | None") -> str:
    """`0.71 (0.58 to 0.82)`."""
    if found is None:
        return "·"
    return f"{found.value:.2f}" + ("" if found.low is None else f" ({found.low:.2f} to {found.high:.2f})")


class ExportSession(OneSession):
    output: Path = Path("readers.csv")
    """CSV file to write, one row an answer."""

    def run(self) -> Answer:
        from medgan.common.artefact import write_atomic
        from medgan.studies.reader import ReaderSession
        from medgan.studies.reading import answers_table

        found = answers_table(ReaderSession.open(self.session))
        try:
            write_atomic(self.output, found.to_csv(index=False))
        except OSError as error:
            raise BadInput(f"{self.output}: cannot be written ({error.strerror})") from None
        path = str(self.output.resolve())
        return Answer({"csv": path, "answers": len(found)}, f"Wrote {len(found):,} answers to {path}")
