"""How people sign in to the dashboard, and the refusal to listen beyond this machine where nobody has to."""

import ipaddress
import sys
from typing import Literal

import streamlit as st

from medgan.app import login_oidc
from medgan.common.errors import BadInput
from medgan.common.home import users_file
from medgan.common.users import users

Way = Literal["organisation", "password", "none"]
OPEN = (
    "the dashboard would be open to everybody who reaches {address}: add a user with "
    "`python -m medgan users add NAME`, set up [auth] in .streamlit/secrets.toml, or listen on 127.0.0.1 "
    "(see docs/security.md)"
)


def way() -> Way:
    """How people sign in: with their organisation where [auth] is set up, else with a password where there are users.

    Looked up anew each time, so that the first user who is added closes a dashboard that runs already.
    """
    if login_oidc.is_set_up():
        return "organisation"
    return "password" if users_file().exists() else "none"


def check_start() -> None:
    """End the program, with one line and exit code 2, where the dashboard must not be served like this."""
    try:
        _check(st.get_option("server.address"))
    except BadInput as error:
        print(f"medgan: {error}", file=sys.stderr, flush=True)
        raise SystemExit(2) from None


def _check(address: str | None) -> None:
    chosen = way()
    if chosen == "organisation":
        login_oidc.check()
    elif chosen == "password":
        users()
    elif not is_loopback(address):
        raise BadInput(OPEN.format(address=address or "any address of this machine"))


def may_use(account: str) -> bool:
    """Whether an organisation's account may come in as things stand now."""
    return way() == "organisation" and login_oidc.is_allowed(account)


def has_password(name: str, stored: str | None) -> bool:
    """Whether the user still has the password of that hash."""
    try:
        return way() == "password" and stored is not None and users().get(name) == stored
    except BadInput:
        return False  # the file is damaged: nobody can be known


def is_loopback(address: str | None) -> bool:
    """Whether a server's address, or the name in a request's Host header, means this machine alone."""
    if address is None:
        return False  # every address of the machine
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
