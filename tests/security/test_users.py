"""`users`: what the command line takes, and what it says."""

import io
import json

import pytest

from medgan.cli import main
from medgan.common.errors import BadInput
from medgan.common.home import users_file
from medgan.common.users import LONGEST, SHORTEST, fits, put_user, users

from ..commands import complaint
from .conftest import NAME, PASSWORD


def typed(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))


def test_users_are_added_listed_and_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for password, said in ((PASSWORD, "may sign in now"), ("another horse battery", "has a new password")):
        typed(monkeypatch, password)
        assert main(["users", "add", NAME, "--password-stdin"]) == 0
        assert said in capsys.readouterr().out
        assert fits(NAME, password)
    assert not fits(NAME, PASSWORD)
    assert main(["users", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [NAME]
    assert main(["users", "remove", NAME]) == 0
    assert "nobody can sign in" in capsys.readouterr().out
    assert complaint(capsys, "users", "remove", NAME).startswith(f"user '{NAME}': there is none")


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST - 1), "x" * (LONGEST + 1), "not UTF-8: \udce9", "a\0b" * 9])
def test_passwords_that_cannot_be_used(
    password: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, password)
    assert "a password has 12 to 1024" in complaint(capsys, "users", "add", NAME, "--password-stdin")
    assert users() == {}


def test_nobody_is_asked_where_nobody_can_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD)
    assert "--password-stdin" in complaint(capsys, "users", "add", NAME)


def test_a_damaged_file_is_named_and_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_user(NAME, PASSWORD)
    users_file().write_text("{")
    typed(monkeypatch, PASSWORD)
    assert "is damaged" in complaint(capsys, "users", "add", "bob", "--password-stdin")
    assert users_file().read_text() == "{"


@pytest.mark.parametrize(
    "cost", ["0:8:1", "1:8:1", "3:8:1", "-8:8:1", "32768:0:3", "32768:8:-1", "65536:1:1", f"{2**40}:8:1", "2:8:9999999"]
)
def test_a_cost_that_cannot_be_is_damage(cost: str) -> None:
    put_user(NAME, PASSWORD)
    method, _, _, _, salt, hashed = users()[NAME].split(":")
    users_file().write_text(json.dumps({NAME: f"{method}:{cost}:{salt}:{hashed}"}))
    with pytest.raises(BadInput, match="the file of users is damaged"):
        fits(NAME, PASSWORD)
