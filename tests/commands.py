"""Commands of the command line, carried out in the test's own process, and what they print."""

import json
from typing import Any

import pytest

from medgan.cli import main

PHANTOM = ["data", "phantom", "chest_xray", "--count", "12", "--size", "64", "--name", "tiny"]
SHORT_TRAINING = ["--dataset", "tiny", "--label", "normal", "--steps", "4", "--batch-size", "2", "--width", "8"]


def answer(capsys: pytest.CaptureFixture[str], *words: str, exit_code: int = 0) -> Any:
    """What a command answers with `--json`."""
    capsys.readouterr()
    assert main([*words, "--json"]) == exit_code
    return json.loads(capsys.readouterr().out)


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that was given bad input."""
    capsys.readouterr()
    assert main(list(words)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("medgan: ")
    return line.removeprefix("medgan: ")


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])
    assert stopped.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command tells people."""
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out
