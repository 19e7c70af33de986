"""`users`: who may sign in to the dashboard with a password."""

import getpass
import sys

from pydantic_settings import CliPositionalArg, CliToggleFlag

from medgan.cli.command import PROGRAM, Answer, Command, Entry
from medgan.cli.terminal import table
from medgan.common.errors import BadInput
from medgan.common.users import checked_user, put_user, remove_user, users


def entries() -> dict[str, Entry]:
    return {
        "add": Entry("Let somebody sign in, or give them another password.", lambda: AddUser),
        "list": Entry("List who may sign in.", lambda: ListUsers),
        "remove": Entry("Let somebody sign in no longer; ends their sessions.", lambda: RemoveUser),
    }


class AddUser(Command):
    name: CliPositionalArg[str]
    """The name to sign in with."""
    password_stdin: CliToggleFlag[bool] = False
    """Read the password as one line of standard input, instead of asking for it twice."""

    def run(self) -> Answer:
        name = checked_user(self.name)
        new = put_user(name, sys.stdin.readline().rstrip("\r\n") if self.password_stdin else _asked(name))
        said = "may sign in now" if new else "has a new password; what was signed in with the old one is signed out"
        return Answer({"name": self.name, "new": new}, f"{self.name} {said}.")


class ListUsers(Command):
    def run(self) -> Answer:
        names = sorted(users())
        return Answer(names, table(("name",), [(name,) for name in names], "Nobody."))


class RemoveUser(Command):
    name: CliPositionalArg[str]
    """The name, as `users list` shows it."""

    def run(self) -> Answer:
        remove_user(self.name)
        rest = "" if users() else " Nobody is left: nobody can sign in."
        return Answer({"removed": self.name}, f"{self.name} may no longer sign in.{rest}")


def _asked(name: str) -> str:
    """The password, typed twice without being shown; raises BadInput where the two differ or nobody can be asked."""
    if not sys.stdin.isatty():
        raise BadInput(f"nobody can be asked here: `{PROGRAM} users add {name} --password-stdin` reads the password")
    password = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != password:
        raise BadInput("the two passwords differ; nothing was changed")
    return password
