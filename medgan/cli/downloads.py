"""`data download`: known data sets; which may be downloaded, and how a person gets the others."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic_settings import CliPositionalArg, CliToggleFlag

from medgan.cli.command import PROGRAM, Answer, Command
from medgan.cli.terminal import confirm, shown_progress, table

if TYPE_CHECKING:
    from medgan.data.download import Downloaded
    from medgan.data.families import DatasetFamily


class DownloadSet(Command):
    name: CliPositionalArg[str] = Field("none")
    """The known data set; without it they are listed."""
    part: str = "all"
    """The part of the set to download, where it has several."""
    output: Path = Path("none")
    """Folder to download to [default: workspace/downloads/NAME]."""
    yes: CliToggleFlag[bool] = False
    """Agree to size, source and terms without being asked."""

    def run(self) -> Answer:
        from medgan.data.download import archives_of, download, known_set, terms

        if "name" not in self.model_fields_set:
            return _listed()
        family = known_set(self.name)
        if not family.archives:
            return _steps(family)
        part = self.part if "part" in self.model_fields_set and self.part != "all" else ""
        agreed_to = terms(family, archives_of(family, part))
        if not self.yes:
            confirm(agreed_to, f"{PROGRAM} data download {self.name}")
        output = self.output.expanduser() if "output" in self.model_fields_set else None
        with shown_progress() as progress:
            found = download(self.name, progress, part, output)
        return _told(found, family)


def _listed() -> Answer:
    """All known sets."""
    from medgan.data.families import DATASETS

    rows = []
    for family in DATASETS.values():
        size = sum(archive.size_mib for archive in family.archives)
        parts = ", ".join(dict.fromkeys(archive.part for archive in family.archives))
        how = f"{size:,.0f} MiB" if family.archives else "by hand, with an account"
        rows.append((family.name, family.title, how, parts))
    text = table(("name", "data set", "download", "parts"), rows, "No sets.")
    text += f"\n\n`{PROGRAM} data download NAME` downloads a set, or says step by step how to get it."
    return Answer([_known(family) for family in DATASETS.values()], text)


def _steps(family: "DatasetFamily") -> Answer:
    """How a person gets a set that may not be downloaded without an account."""
    steps = [*family.steps, f"{PROGRAM} data prepare FOLDER"]
    steps = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    lines = [f"{family.title} needs an account, so it cannot be downloaded from here. To get it:", *steps]
    return Answer(_known(family), "\n".join([*lines, f"Terms: {family.terms}", f"Cite: {family.citation}"]))


def _told(found: "Downloaded", family: "DatasetFamily") -> Answer:
    """A set that is here, with how far its files can be trusted."""
    trust = {
        "verified": "with the checksum that is known of it",
        "recorded": "no checksum is publicly known: this one is recorded",
    }
    lines = [f"{family.title} is in {found.folder}"]
    lines += [f"  {row.folder}: {row.file}, SHA-256 {row.sha256}, {trust[row.state]}" for row in found.files]
    lines.append(f"Prepare it: {PROGRAM} data prepare {found.folder} --name {found.name}")
    files = [asdict(row) for row in found.files]
    return Answer(_known(family) | {"folder": str(found.folder), "files": files}, "\n".join(lines))


def _known(family: "DatasetFamily") -> dict[str, Any]:
    """All that is known of a set, for `--json`."""
    return {
        "name": family.name,
        "title": family.title,
        "homepage": family.homepage,
        "terms": family.terms,
        "citation": family.citation,
        "published_in": family.published_in,
        "published": {split: dict(counts) for split, counts in family.published.items()},
        "archives": [asdict(archive) for archive in family.archives],
        "steps": list(family.steps),
    }
