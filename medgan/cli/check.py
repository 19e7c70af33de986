"""`check`: is everything that was finished still as it was written, and what is unfinished?"""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_settings import CliToggleFlag

from medgan.cli.command import Answer, Command
from medgan.cli.terminal import shown_progress, table
from medgan.common.artefact import is_whole, read_manifest, sha256_of
from medgan.common.errors import BadInput, WorkFailed
from medgan.jobs import run_here
from medgan.jobs.damage import Found, verify


class Check(Command):
    repair: CliToggleFlag[bool] = False
    """Make again what is damaged, where its job or its manifest tells how; what cannot be made again stays as it is.

    That may take as long as it took at first: a run goes on from its newest checkpoint, and begins anew without one.
    """

    def run(self) -> Answer:
        with shown_progress() as progress:
            found = verify(progress)
        repaired = [one for one in found if one.state == "damaged" and self.repair and remade(one)]
        left = [one for one in found if one.state == "damaged" and one not in repaired]
        unfinished = [one for one in found if one.state == "unfinished"]
        whole = len(found) - len(left) - len(unfinished)
        data: dict[str, Any] = {"whole": whole, "repaired": [one.id for one in repaired]}
        data |= {"damaged": [known(one) for one in left], "unfinished": [known(one) for one in unfinished]}
        return Answer(data, told(whole, repaired, left, unfinished), 1 if left else 0)


def remade(damaged: Found) -> bool:
    """Make a damaged artefact again; whether it is whole now. Why it is not is said, and others do not wait for it."""
    recipe = damaged.recipe()
    if recipe is None:
        return False
    before = recorded(damaged.folder) or hashes_of_files(damaged.folder)
    print(f"{damaged.place.words} {damaged.id}: {damaged.problem}; made again by {recipe[0]}", file=sys.stderr)
    try:
        with shown_progress() as progress:
            run_here(*recipe, progress)
        after = recorded(damaged.folder)
        others = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
        if others:
            print(
                f"{damaged.id}: made again, and {', '.join(others[:3])} came out otherwise: damaged before, or made on "
                "another machine or with another version. What was made from it was made from the earlier one",
                file=sys.stderr,
            )
        return is_whole(damaged.folder)
    except (BadInput, WorkFailed, OSError) as error:
        print(f"{damaged.id}: not made again: {error}", file=sys.stderr)
        return False


def recorded(folder: Path) -> dict[str, str]:
    """SHA-256 of each file as the manifest has it; empty where it cannot be read."""
    try:
        return {name: record.sha256 for name, record in read_manifest(folder).files.items()}
    except BadInput:
        return {}


def hashes_of_files(folder: Path) -> dict[str, str]:
    """SHA-256 of each file as it lies there; without those that cannot be read."""
    hashes = {}
    for path in folder.iterdir():
        with suppress(OSError):  # IsADirectoryError, too
            hashes[path.name] = sha256_of(path)
    return hashes


def known(found: Found) -> dict[str, str]:
    """What `--json` says of an artefact."""
    return {
        "kind": found.place.kind,
        "id": found.id,
        "folder": str(found.folder),
        "problem": found.problem,
        "advice": found.advice(),
    }


def told(whole: int, repaired: list[Found], damaged: list[Found], unfinished: list[Found]) -> str:
    rows = [("damaged", one.place.words, one.id, one.problem, one.advice()) for one in damaged]
    rows += [("repaired", one.place.words, one.id, "", "") for one in repaired]
    rows += [("unfinished", one.place.words, one.id, one.problem, one.advice()) for one in unfinished]
    listed = table(("state", "kind", "id", "problem", "what to do"), rows, "")
    summary = f"{whole} whole, {len(damaged)} damaged, {len(unfinished)} unfinished"
    return "\n".join(filter(None, (listed, summary)))
