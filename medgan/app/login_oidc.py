"""Signing in with an organisation's account: Streamlit's OpenID Connect, and a list of who may come in.

Streamlit's `st.login` needs a page that runs already. The gate lets nobody in that far, so that the link on the sign-in
page leads to the route to which `st.login` leads, and the cookie that comes back is read as Streamlit reads it.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from streamlit.auth_util import (
    encode_provider_token,
    get_origin_from_redirect_uri,
    is_authlib_installed,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.starlette import starlette_auth_routes as routes
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from medgan.common.errors import BadInput

VARIABLE = "MEDGAN_ALLOWED_USERS"
EVERYBODY = "*"
LEEWAY_S = 300.0
"""How far the provider's clock and ours may differ."""
_used: dict[str, float] = {}
"""Sign-ins that opened a session, and when they run out: each does once."""


def is_set_up() -> bool:
    """Whether there is [auth]; a file that cannot be read counts, so that a slip in it opens nothing."""
    return "auth" in st.secrets if st.secrets.load_if_toml_exists() else bool(_files())


def check() -> None:
    """Raise BadInput, in one line, for what is missing in [auth] or beside it."""
    if not st.secrets.load_if_toml_exists():
        raise BadInput(f"{', '.join(_files())}: cannot be read as TOML; mend it (see docs/security.md)")
    try:
        validate_auth_credentials("default")
    except StreamlitAuthError as error:
        raise BadInput(f"signing in: {' '.join(str(error).split())}") from None
    if not is_authlib_installed():
        raise BadInput("signing in with [auth] needs Authlib: pip install 'streamlit[auth]'")
    if not _allowed():
        raise BadInput(
            f"{VARIABLE}: say who may sign in: addresses (ann@hospital.org), domains (@hospital.org), or {EVERYBODY} "
            "for everybody who has an account with the provider of [auth]"
        )


def _files() -> list[str]:
    return [file for file in st.get_option("secrets.files") if Path(file).is_file()]


def link() -> str:
    """The address that leads to the organisation's sign-in, relative to the dashboard's."""
    return f"auth/login?provider={encode_provider_token('default')}"


def account(request: Request) -> tuple[str, bool]:
    """The e-mail address that just signed in, and whether it may come in; "" where none did."""
    claims = _claims(request)
    address = str(claims.get("email") or "")
    fresh = _ends_s(claims) > time.time() and _fingerprint(claims) not in _used
    if not address or not fresh or claims.get("origin") != get_origin_from_redirect_uri():
        return "", False
    return address, claims.get("email_verified") is not False and is_allowed(address)


def use(request: Request) -> None:
    """Remember that a sign-in opened a session: its cookie alone opens no other."""
    for key in [key for key, ends_s in _used.items() if ends_s < time.time()]:
        del _used[key]
    claims = _claims(request)
    _used[_fingerprint(claims)] = _ends_s(claims)


def is_allowed(address: str) -> bool:
    """Whether MEDGAN_ALLOWED_USERS names the address, its domain, or everybody."""
    name, _, domain = address.lower().rpartition("@")
    return bool(name) and not _allowed().isdisjoint({address.lower(), f"@{domain}", EVERYBODY})


def _allowed() -> set[str]:
    return {part.strip().lower() for part in os.environ.get(VARIABLE, "").split(",") if part.strip()}


def _claims(request: Request) -> dict[str, Any]:
    """What the provider said of who signed in, from Streamlit's signed cookie; nothing where there is none."""
    raw = routes._get_cookie_value_from_request(request, USER_COOKIE_NAME)
    found = json.loads(raw) if raw else {}
    return found if isinstance(found, dict) else {}


def _ends_s(claims: dict[str, Any]) -> float:
    """When a sign-in can no longer open a session."""
    ends = claims.get("exp")
    return ends + LEEWAY_S if isinstance(ends, int | float) else 0.0


def _fingerprint(claims: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(claims, sort_keys=True).encode()).hexdigest()
