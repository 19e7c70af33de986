"""Published figures beside ours, as text and as data."""

from typing import TYPE_CHECKING, Any

from medgan.cli.terminal import table

if TYPE_CHECKING:
    from medgan.studies.beside import Beside, Reports
    from medgan.studies.figures import Interval
    from medgan.studies.study import Study
    from medgan.studies.thesis import Experiment

HEADS = ("row", "score", "published", "ours", "95 % interval", "about ours")
EMPTY = "(empty)"


def beside_text(chosen: "Experiment", made: "Study | Reports | None") -> str:
    """A table of the source with our figures beside it, and what differs."""
    from medgan.studies.beside import beside, differences
    from medgan.studies.published import published

    rows, told = [], set[str]()
    for row in beside(chosen, made):
        rows.append(_cells(row, measured=made is not None, told=row.row in told))
        told |= {row.row} if row.differs else set()
    lines = [f"Table {chosen.table.replace('_', ' ')}: {chosen.title}", table(HEADS, rows, "No figures.")]
    if note := published(chosen.table).note:
        lines.append(f"The source adds: {note}")
    if made is not None:
        lines += ["What differs:", *(f"- {words}" for words in differences(chosen, made))]
    return "\n".join(lines)


def beside_data(chosen: "Experiment", made: "Study | Reports | None") -> list[dict[str, Any]]:
    """The same for `--json`."""
    from dataclasses import asdict

    from medgan.studies.beside import beside

    return [asdict(row) for row in beside(chosen, made)]


def _cells(row: "Beside", *, measured: bool, told: bool) -> tuple[str, ...]:
    """A row of the table; what is about our set is said once a row of the source."""
    words = "" if told else row.differs
    about = "; ".join(filter(None, ["" if row.our_score == row.score else row.our_score, words]))
    if row.ours is None:
        return (row.row, row.score, number(row.published), "not measured" if measured else "not run here", "", about)
    return (row.row, row.score, number(row.published), f"{row.ours.value:.4g}", reach(row.ours), about)


def number(value: float | None) -> str:
    """A published figure as it stands there."""
    return EMPTY if value is None else f"{value:g}" if value < 1000 else f"{value:.2f}"


def reach(interval: "Interval") -> str:
    """The interval's ends, or that there is none."""
    return "·" if interval.low is None or interval.high is None else f"{interval.low:.4g} to {interval.high:.4g}"
