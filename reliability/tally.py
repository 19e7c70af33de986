"""What was injected, what survived, what was lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Fault:
    """One fault and what came of it."""

    kind: str
    """`kill`, `disk`, `read-only`, `damage`, `clock`, `memory` or `together`."""
    work: str
    what: str
    """Where, when or how it was injected."""
    problems: list[str] = field(default_factory=list)
    """Every promise that was broken; empty where it survived."""
    injected: bool = True
    """Not so for what is looked at between faults: it counts only where it is lost."""

    def require(self, holds: bool, otherwise: str) -> None:
        """Write down a broken promise."""
        if not holds:
            self.problems.append(otherwise)

    def __str__(self) -> str:
        came = "; ".join(self.problems) or ("survived" if self.injected else "well (no fault struck)")
        return f"{self.kind:<10} {self.work:<9} {self.what}: {came}"


@dataclass
class Tally:
    """All faults of a run of the harness, and what could not be tried here."""

    faults: list[Fault] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """Kinds of faults that need something this machine lacks, with the reason."""
    told: bool = True
    """Whether each fault is printed as it comes."""

    @contextmanager
    def fault(self, kind: str, work: str, what: str, *, injected: bool = True) -> Iterator[Fault]:
        """Count a fault; what goes wrong in the block itself is a broken promise as well."""
        fault = Fault(kind, work, what, injected=injected)
        try:
            yield fault
        except Exception as error:  # a promise broken in a way that nobody thought of
            fault.problems.append(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        self.faults.append(fault)
        if self.told:
            print(fault, flush=True)

    def skip(self, kind: str, reason: str) -> None:
        self.skipped[kind] = reason
        if self.told:
            print(f"{kind:<10} skipped: {reason}", flush=True)

    @property
    def lost(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.problems]

    @property
    def injected(self) -> int:
        return sum(fault.injected for fault in self.faults)

    def rows(self) -> list[tuple[str, str, int, int, int]]:
        """Kind of fault, kind of work, injected, survived, lost."""
        rows = []
        for kind, work in sorted({(fault.kind, fault.work) for fault in self.faults}):
            of_both = [fault for fault in self.faults if (fault.kind, fault.work) == (kind, work)]
            injected, lost = sum(fault.injected for fault in of_both), sum(bool(fault.problems) for fault in of_both)
            rows.append((kind, work, injected, injected - lost, lost))
        return rows

    def as_json(self) -> dict[str, Any]:
        names = ("fault", "work", "injected", "survived", "lost")
        return {
            "injected": self.injected,
            "survived": self.injected - len(self.lost),
            "lost": len(self.lost),
            "table": [dict(zip(names, row, strict=True)) for row in self.rows()],
            "skipped": self.skipped,
            "faults": [asdict(fault) for fault in self.faults],
        }

    def __str__(self) -> str:
        lines = ["| fault | work | injected | survived | lost |", "| --- | --- | ---: | ---: | ---: |"]
        lines += [f"| {' | '.join(map(str, row))} |" for row in self.rows()]
        lost = len(self.lost)
        lines += [f"| **all** | | **{self.injected}** | **{self.injected - lost}** | **{lost}** |"]
        lines += [f"skipped: {kind}: {reason}" for kind, reason in self.skipped.items()]
        return "\n".join(lines)
