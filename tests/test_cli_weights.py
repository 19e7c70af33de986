"""`weights`: what it asks, answers and refuses."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from medgan.cli import main
from medgan.cli.terminal import agreed

ROOT = Path(__file__).parents[1]


class Terminal(io.StringIO):
    """Somebody at the keyboard."""

    def isatty(self) -> bool:
        return True


def told(capsys: pytest.CaptureFixture[str], *words: str, exit_code: int = 0) -> tuple[str, str]:
    """What `weights` prints on standard output and on standard error."""
    capsys.readouterr()
    assert main(["weights", *words]) == exit_code
    printed = capsys.readouterr()
    return printed.out, printed.err


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(told(capsys, *words, "--json")[0])


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return {one["name"]: one["state"] for one in answer(capsys, "status")}


def complaint(capsys: pytest.CaptureFixture[str], *words: str, exit_code: int = 2) -> str:
    out, err = told(capsys, *words, exit_code=exit_code)
    assert out == ""
    return err.splitlines()[-1]


def test_help_explains_without_loading_torch(capsys: pytest.CaptureFixture[str]) -> None:
    code = "import sys; from medgan.cli.weights import entries; [e.command() for e in entries().values()]"
    code += "; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    with pytest.raises(SystemExit):
        main(["weights", "import", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--unverified" in text
    assert "without the publisher's checksum" in text


def test_status_lists_every_network(capsys: pytest.CaptureFixture[str], publisher: Any) -> None:
    out, _ = told(capsys, "status")
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [[name, "absent"] for name in states(capsys)]
    (vgg16,) = (one for one in answer(capsys, "status") if one["name"] == "vgg16")
    assert (vgg16["checksum"], vgg16["size_mib"]) == ("397923af", 528)
    assert vgg16["url"].endswith("/vgg16-397923af.pth")
    assert "ImageNet" in vgg16["licence"]


def test_nobody_to_ask_means_no_download(
    capsys: pytest.CaptureFixture[str], publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    line = complaint(capsys, "download", "tiny")
    assert "nobody can be asked here: `python -m medgan weights download tiny --yes`" in line
    assert not agreed("anything")
    assert states(capsys)["tiny"] == "absent"


@pytest.mark.parametrize("reply", ["", "\n", "n\n", "yess\n"])
def test_anything_but_yes_is_no(
    capsys: pytest.CaptureFixture[str], publisher: Any, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(reply))
    assert complaint(capsys, "download", "tiny", exit_code=130).endswith("medgan: nothing was downloaded")
    assert states(capsys)["tiny"] == "absent"


def test_yes_at_the_terminal_downloads(
    capsys: pytest.CaptureFixture[str], publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("Y\n"))
    out, err = told(capsys, "download", "tiny", "--json")
    assert f"Tiny: 0.01 MiB from {publisher.url} (free for all)\nDownload it? [y/N] " in err
    assert json.loads(out)["state"] == "verified", "the question is not on standard output"


def test_yes_in_the_command_downloads_once(capsys: pytest.CaptureFixture[str], publisher: Any) -> None:
    assert "Tiny is here now, with its publisher's checksum." in told(capsys, "download", "tiny", "--yes")[0]
    publisher.files.clear()
    assert "Tiny was here already" in told(capsys, "download", "tiny")[0]
    assert states(capsys)["tiny"] == "verified"


def test_failed_downloads_are_one_line(capsys: pytest.CaptureFixture[str], publisher: Any) -> None:
    publisher.files[publisher.tiny] = b"another file"
    assert "deleted; try again" in complaint(capsys, "download", "tiny", "--yes", exit_code=1)
    publisher.files.clear()
    assert "(404 Not Found)" in complaint(capsys, "download", "tiny", "--yes", exit_code=1)
    assert "no pre-trained network 'tony'" in complaint(capsys, "download", "tony", "--yes")


def test_import_from_a_file(capsys: pytest.CaptureFixture[str], publisher: Any, tmp_path: Path) -> None:
    file = tmp_path / "tiny.pth"
    file.write_bytes(publisher.files[publisher.tiny])
    assert answer(capsys, "import", "tiny", str(file))["state"] == "verified"
    file.write_bytes(b"another file")
    assert "add --unverified if you trust this one" in complaint(capsys, "import", "tiny", str(file))
    assert "damaged, cut short, or no file of torch's" in complaint(capsys, "import", "tiny", str(file), "--unverified")
    assert states(capsys)["tiny"] == "verified", "what was here stays"
    assert "FILE" in complaint(capsys, "import", "tiny")


def test_unverified_weights_are_said_to_be(capsys: pytest.CaptureFixture[str], shared_weights: Path) -> None:
    file = shared_weights / "mobilenet_v2_imagenet.pth"
    out, _ = told(capsys, "import", "mobilenet_v2", str(file), "--unverified")
    assert out == "MobileNetV2 is here now, unverified: the file does not have its publisher's checksum.\n"
    assert states(capsys)["mobilenet_v2"] == "unverified"
