"""Signing in with an organisation's account: who is on the list comes in, once a sign-in; nobody else does."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from medgan.app.login_oidc import VARIABLE, is_allowed

from .conftest import free_port, served
from .provider import CLIENT, SECRET, Provider, running
from .test_without_login import start, status_of_websocket

SECRETS = """[auth]
redirect_uri = "{address}/oauth2callback"
cookie_secret = "a secret of the dashboard's, for tests"
client_id = "{client}"
client_secret = "{secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider(claims={})
    with running(provider):
        yield provider


@pytest.fixture(scope="module")
def dashboard(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that ann, and everybody of one hospital, may use."""
    home, port = tmp_path_factory.mktemp("organisation"), free_port()
    write_secrets(home, f"http://127.0.0.1:{port}", provider.url)
    with served(home, port, **{VARIABLE: "Ann@clinic.org, @hospital.org", "no_proxy": "*"}) as address:
        yield address


def write_secrets(home: Path, address: str, provider: str) -> None:
    (home / ".streamlit").mkdir()
    text = SECRETS.format(address=address, client=CLIENT, secret=SECRET, provider=provider)
    (home / ".streamlit" / "secrets.toml").write_text(text)


def came_in(dashboard: str, visitor: httpx.Client) -> httpx.Response:
    """Where a visitor ends who follows the link of the sign-in page."""
    page = visitor.get(f"{dashboard}/login").text
    (link,) = re.findall(r'<a class="button" href="([^"]+)">Sign in with your organisation</a>', page)
    return visitor.get(dashboard + unescape(link))


@pytest.fixture
def visitor() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, headers={"Accept": "text/html"}, trust_env=False) as visitor:
        yield visitor


@pytest.mark.parametrize("email", ["ann@clinic.org", "bob@hospital.org"])
def test_who_is_on_the_list_comes_in(dashboard: str, provider: Provider, visitor: httpx.Client, email: str) -> None:
    provider.claims = {"email": email, "email_verified": True}
    found = came_in(dashboard, visitor)
    assert (found.status_code, found.url) == (200, f"{dashboard}/")
    session = f"medgan_session={visitor.cookies['medgan_session']}"
    assert status_of_websocket(dashboard, Cookie=session) == 101
    assert httpx.get(dashboard, headers={"Cookie": session}).is_success


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eve@elsewhere.org", "email_verified": True},
        {"email": "eve@clinic.org", "email_verified": True},
        {"email": "eve@not-hospital.org", "email_verified": True},
        {"email": "ann@clinic.org", "email_verified": False},
    ],
)
def test_who_is_not_stays_out(dashboard: str, provider: Provider, visitor: httpx.Client, claims: dict) -> None:
    provider.claims = claims
    found = came_in(dashboard, visitor)
    assert (found.status_code, found.url.path) == (403, "/login")
    assert "may not use this dashboard" in found.text
    assert "medgan_session" not in visitor.cookies
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    assert status_of_websocket(dashboard, Cookie=cookies) == 403


def test_a_sign_in_opens_one_session(dashboard: str, provider: Provider, visitor: httpx.Client) -> None:
    provider.claims = {"email": "ann@clinic.org"}
    came_in(dashboard, visitor)
    kept = {name: value for name, value in visitor.cookies.items() if name.startswith("_streamlit_user")}
    assert kept
    assert visitor.get(f"{dashboard}/logout").url.path == "/login"
    thief = httpx.get(f"{dashboard}/login", cookies=kept)
    assert "medgan_session" not in thief.cookies
    assert httpx.get(dashboard, cookies=kept).status_code == 401


def test_a_cookie_that_we_did_not_sign_is_nothing(dashboard: str) -> None:
    forged = httpx.get(f"{dashboard}/login", cookies={"_streamlit_user": '{"email":"ann@clinic.org"}'})
    assert forged.status_code == 200
    assert "medgan_session" not in forged.cookies


def test_it_refuses_to_start_without_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_secrets(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2")
    monkeypatch.delenv(VARIABLE, raising=False)
    found = start(folder=tmp_path)
    assert found.returncode == 2
    assert f"medgan: {VARIABLE}: say who may sign in" in found.stderr


def test_a_slip_in_the_secrets_opens_nothing(tmp_path: Path) -> None:
    write_secrets(tmp_path, "http://127.0.0.1:1", 'http://127.0.0.1:2"')
    found = start(folder=tmp_path)
    assert found.returncode == 2
    assert "secrets.toml: cannot be read as TOML; mend it" in found.stderr


def test_a_star_lets_everybody_in_whom_the_provider_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "*")
    assert is_allowed("eve@elsewhere.org")
    assert not is_allowed("")
    monkeypatch.setenv(VARIABLE, "")
    assert not is_allowed("ann@clinic.org")
