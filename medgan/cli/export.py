"""`export`: a synthetic set as pictures, a table and a data card, in a ZIP file or a folder."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model
from pydantic_settings import CliPositionalArg

from medgan.cli.command import Answer, Command
from medgan.cli.options import options_of
from medgan.cli.terminal import shown_progress
from medgan.common.errors import BadInput
from medgan.common.progress import Progress

if TYPE_CHECKING:
    from medgan.studies.exports import Export, ExportOptions
    from medgan.studies.synthesis import SyntheticSet


class ExportCommand(Command):
    set: CliPositionalArg[str] = Field("none")
    """Name or id of the synthetic set."""
    output: Path = Path("none")
    """ZIP file to write, or a new folder where the name does not end in .zip; needed."""


def command() -> type[Command]:
    from medgan.studies.exports import ExportOptions
    from medgan.studies.synthesis import SyntheticSet

    class ExportSet(ExportCommand):
        def run(self) -> Answer:
            given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set - {"as_json"}}
            if "set" not in given:
                raise BadInput("SET is needed: the name or id of a synthetic set")
            synthetic = SyntheticSet.open(given["set"])
            output = checked_output(given.get("output"))
            if output is None:
                raise BadInput("--output is needed: a ZIP file or a new folder to write to")
            options = ExportOptions.parse({name: given[name] for name in given if name not in {"set", "output"}})
            with shown_progress() as progress:
                export = write_out(synthetic, output, options, progress)
            return export_answer(synthetic, output, export)

    return create_model("Export", __base__=ExportSet, **options_of(ExportOptions))


def checked_output(given: Path | None) -> Path | None:
    """Where to write, in full; raises BadInput before the work rather than after it."""
    if given is None:
        return None
    try:
        output = given.expanduser().resolve()
        is_taken = output.exists() and (is_zip(output) or not output.is_dir() or any(output.iterdir()))
        if is_taken or output == Path.cwd():
            raise BadInput(f"{given}: is there already; choose another --output")
        with tempfile.TemporaryFile(dir=next(place for place in output.parents if place.exists())):
            return output
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{given}: cannot be written there ({reason}); choose another --output") from None


def is_zip(output: Path) -> bool:
    return output.suffix.lower() == ".zip"


def write_out(
    synthetic: "SyntheticSet", output: Path, options: "ExportOptions", progress: Progress | None = None
) -> "Export":
    """Write a set into a ZIP file where the name ends so, else into a folder."""
    from medgan.studies.exports import export_folder, export_zip

    return (export_zip if is_zip(output) else export_folder)(synthetic, output, options, progress)


def export_answer(synthetic: "SyntheticSet", output: Path, export: "Export") -> Answer:
    """What was written, and which distances are not in it."""
    count = len(export.chosen)
    lines = [f"Wrote {output}: {count:,} of {len(synthetic):,} images, items.csv and data_card.md"]
    lines += [f"{found.column} is empty: {found.note}" for found in export.distances if found.distances is None]
    columns = [found.column for found in export.distances if found.distances is not None]
    data = {"set": synthetic.id, "output": str(output), "images": count, "of": len(synthetic), "distances": columns}
    return Answer(data, "\n".join(lines))
