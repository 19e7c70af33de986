"""Are weaknesses known in what medgan is built on? Exits with 1, and names them, where there are.

Asks the OSV service, by pip-audit, about what is installed. Where it cannot be reached, the pins of constraints.txt and
the oldest versions that the requirements allow are compared with the table in advisories.toml, and the answer says so.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "scripts" / "advisories.toml"
LISTS = ("constraints.txt", "requirements.txt", "requirements-cluster.txt")


@dataclass(frozen=True)
class Advisory:
    """A weakness of a package in every version before `mended`."""

    package: str
    mended: Version
    id: str
    about: str

    def concerns(self, requirement: Requirement) -> bool:
        """Whether the oldest version that a requirement asks for has it; one that asks for none may have any."""
        if canonicalize_name(requirement.name) != self.package:
            return False
        oldest = [Version(part.version) for part in requirement.specifier if part.operator in {"==", ">=", "~="}]
        return not oldest or max(oldest) < self.mended


def known() -> tuple[date, list[Advisory]]:
    """When the table was last looked through, and what is in it."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    rows = [Advisory(**row | {"mended": Version(row["mended"])}) for row in table["advisory"]]
    return table["reviewed"], rows


def requirements_in(text: str) -> list[Requirement]:
    """The lines of a requirements file that ask for a package."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def found_in(requirements: Iterable[Requirement], advisories: Iterable[Advisory]) -> list[str]:
    """A line for each requirement that a known weakness concerns."""
    rows = list(advisories)
    return [
        f"{requirement}: {row.id}, {row.about}; mended in {row.mended}"
        for requirement in requirements
        for row in rows
        if row.concerns(requirement)
    ]


def asked() -> list[str] | None:
    """What the service knows of the packages that are installed; None where it did not answer."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--progress-spinner=off"]
    answer = subprocess.run([*command, "--vulnerability-service=osv", "--format=json"], capture_output=True, text=True)
    try:
        packages = json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return [
        f"{package['name']} {package['version']}: {found['id']}; mended in {', '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", ())
    ]


def main() -> int:
    found = asked()
    source = "OSV, by pip-audit, of what is installed"
    if found is None:
        reviewed, rows = known()
        lists = [requirements_in((ROOT / name).read_text(encoding="utf-8")) for name in LISTS]
        found = [line for requirements in lists for line in found_in(requirements, rows)]
        source = f"{len(rows)} advisories in {TABLE.name}, of {reviewed}; the advisory service could not be reached"
    print(*found, f"{len(found)} known weaknesses ({source})", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
