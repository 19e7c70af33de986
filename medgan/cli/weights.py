"""`weights`: pre-trained networks; see which are here, download them, import them from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic_settings import CliPositionalArg, CliToggleFlag

from medgan.cli.command import PROGRAM, Answer, Command, Entry
from medgan.cli.terminal import confirm, shown_progress, table

if TYPE_CHECKING:
    from medgan.weights import Status


def entries() -> dict[str, Entry]:
    return {
        "status": Entry("List the pre-trained networks, and which of them are here.", lambda: ShowWeights),
        "download": Entry("Download a network's weights from their publisher.", lambda: DownloadWeights),
        "import": Entry("Take a network's weights from a file, for machines without internet.", lambda: ImportWeights),
    }


class ShowWeights(Command):
    def run(self) -> Answer:
        from medgan.weights import row, status

        found = status()
        networks = [(one, row(one.name)) for one in found]
        rows = [(one.name, one.state, f"{net.size_mib:g} MiB", net.purpose, net.url) for one, net in networks]
        heads = ("name", "state", "size", "needed for", "publisher's file")
        return Answer([known(one) for one in found], table(heads, rows, "No networks."))


class DownloadWeights(Command):
    name: CliPositionalArg[str]
    """The network, as `weights status` names it."""
    yes: CliToggleFlag[bool] = False
    """Agree to size, source and licence without being asked."""

    def run(self) -> Answer:
        from medgan.weights import download, status_of, terms

        if status_of(self.name).state == "verified":
            return told(status_of(self.name), "was here already")
        if not self.yes:
            confirm(terms(self.name), f"{PROGRAM} weights download {self.name}")
        with shown_progress() as progress:
            found = download(self.name, progress)
        return told(found, "is here now")


class ImportWeights(Command):
    name: CliPositionalArg[str]
    """The network, as `weights status` names it."""
    file: CliPositionalArg[Path]
    """Its state dict as torch saves it (.pth), or safetensors; best the publisher's own file."""
    unverified: CliToggleFlag[bool] = False
    """Accept a file without the publisher's checksum; its tensors must fit all the same."""
    input: Literal["published", "imagenet", "signed", "bgr", "bgr_227"] = "published"
    """How another maker's network wants its pictures: imagenet is torchvision's way, signed runs from -1 to 1, bgr and
    bgr_227 are Caffe's. Known files need none."""

    def run(self) -> Answer:
        from medgan.weights import import_file

        input = "" if self.input == "published" else self.input
        return told(import_file(self.name, self.file, unverified=self.unverified, input=input), "is here now")


def told(status: "Status", how: str) -> Answer:
    """A network that is here, with how far it can be trusted."""
    from medgan.weights import row

    trust = {
        "verified": "with its publisher's checksum",
        "unverified": "unverified: the file does not have its publisher's checksum",
    }
    text = f"{row(status.name).title} {how}, {trust[status.state]}."
    return Answer(known(status), text)


def known(status: "Status") -> dict[str, Any]:
    """All that is known of a network's weights, for `--json`."""
    from medgan.weights import path_of, row

    network = row(status.name)
    return {
        "name": status.name,
        "title": network.title,
        "purpose": network.purpose,
        "state": status.state,
        "sha256": status.sha256,
        "file": status.file,
        "path": str(path_of(status.name)),
        "url": network.url,
        "checksum": network.checksum,
        "size_mib": network.size_mib,
        "input": status.input,
        "licence": network.licence,
    }
