"""A request without a login: refused at every door, not only on the page."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from medgan.app.login import check_start, is_loopback
from medgan.app.login_gate import LoginGate
from medgan.common.users import put_user, remove_user, users

from .conftest import NAME, PASSWORD, ROOT, free_port, served, sign_in

STREAM = "/_stcore/stream"
UPLOAD = "/_stcore/upload_file/session/file"
ELSEWHERE = ("http://evil.org", "http://127.0.0.1:1", "http://localhost:1", "http://[", "null")
"""Origins of pages of others; on this machine, those of other programs."""


def status_of_websocket(address: str, **headers: str) -> int:
    """101 where the server lets the websocket in."""
    try:
        with connect(address.replace("http", "ws") + STREAM, additional_headers=headers, subprotocols=["streamlit"]):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize(
    "path", ["/", "/data", "/static/js/index.js", "/media/0.png", "/_stcore/host-config", "//login"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_nothing_is_answered(locked: str, method: str, path: str) -> None:
    found = httpx.request(method, locked + path)
    assert (found.status_code, found.text) == (401, "" if method == "HEAD" else "medgan: sign in first")


def test_uploads_are_refused(locked: str) -> None:
    assert httpx.put(locked + UPLOAD, files={"file": b"x"}).status_code == 401
    assert httpx.delete(locked + UPLOAD).status_code == 401


def test_websockets_are_refused(locked: str) -> None:
    assert status_of_websocket(locked) == 403
    assert status_of_websocket(locked, Cookie="medgan_session=guessed") == 403


def test_a_browser_is_led_to_the_sign_in_page_and_back(locked: str) -> None:
    found = httpx.get(f"{locked}/data?view=add", headers={"Accept": "text/html"})
    assert (found.status_code, found.headers["location"]) == (303, "/login?next=%2Fdata%3Fview%3Dadd")
    assert httpx.get(locked + found.headers["location"]).text.count('value="/data?view=add"') == 1


@pytest.mark.parametrize(
    "target", ["https://evil.org", "//evil.org", "/\\evil.org", "//[evil.org", "javascript:alert(1)", '/"><script>']
)
def test_nobody_is_led_elsewhere(locked: str, target: str) -> None:
    found = httpx.get(f"{locked}/login", params={"next": target})
    assert found.status_code == 200
    page = found.text
    assert "<script" not in page
    assert ('value="/"' in page) == ("evil" in target or "javascript" in target)


def test_who_signs_in_gets_a_cookie_that_scripts_and_other_sites_cannot_use(locked: str) -> None:
    found = sign_in(locked)
    assert (found.status_code, found.headers["location"]) == (303, "/data")
    cookie = found.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = found.cookies["medgan_session"]
    assert status_of_websocket(locked, Cookie=f"medgan_session={token}") == 101
    for origin in ELSEWHERE:
        assert status_of_websocket(locked, Cookie=f"medgan_session={token}", Origin=origin) == 403
    assert status_of_websocket(locked, Cookie=f"medgan_session={token}", Origin=locked) == 101
    assert httpx.get(locked, cookies={"medgan_session": token}).is_success
    out = httpx.get(f"{locked}/logout", cookies={"medgan_session": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert out.status_code == 403
    assert httpx.get(f"{locked}/logout", cookies={"medgan_session": token}).status_code == 303
    assert httpx.get(locked, cookies={"medgan_session": token}).status_code == 401


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_alone(locked: str) -> None:
    assert "Secure" not in sign_in(locked).headers["set-cookie"]
    assert "; Secure" in sign_in(locked, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"]


def test_uploads_need_the_xsrf_token_beside_the_login(locked: str) -> None:
    """Streamlit's own protection, which a site that lures a signed-in browser meets."""
    token = sign_in(locked).cookies["medgan_session"]
    found = httpx.put(
        locked + UPLOAD,
        files={"file": b"x"},
        cookies={"medgan_session": token, "_streamlit_xsrf": "2|a|b|1"},
    )
    assert found.status_code == 403
    assert "XSRF" in found.text


def test_wrong_names_and_wrong_passwords_are_told_alike_and_slowed_down(locked: str) -> None:
    first, second = (sign_in(locked, name, "wrong horse battery") for name in (NAME, "nobody"))
    assert first.status_code == second.status_code == 401
    assert first.text.replace(NAME, "nobody") == second.text
    assert "Name or password is wrong." in first.text
    answers = [401]
    while answers[-1] == 401:  # each pause is twice the one before: one outlasts even a busy machine
        answers.append(sign_in(locked, "eve", "wrong horse battery").status_code)
    assert answers[-1] == 429
    assert len(answers) > 1 + 5
    assert sign_in(locked).status_code == 303, "others are not locked out"


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_other_sites_cannot_sign_anybody_in(locked: str, origin: str) -> None:
    assert sign_in(locked, Origin=origin).status_code == 403
    assert sign_in(locked, Origin=locked).status_code == 303


def test_a_form_larger_than_ours_is_not_read(locked: str) -> None:
    filled = {"name": NAME, "password": PASSWORD, "next": "/"}
    assert httpx.post(f"{locked}/login", data=filled).status_code == 303
    assert httpx.post(f"{locked}/login", data=filled | {"more": "x" * 10_000}).status_code == 401


def test_who_signs_in_anew_leaves_no_session_behind(locked: str) -> None:
    first = sign_in(locked).cookies["medgan_session"]
    sign_in(locked, Cookie=f"medgan_session={first}")
    assert httpx.get(locked, cookies={"medgan_session": first}).status_code == 401


def test_nothing_that_is_shown_is_kept_by_browsers_and_proxies(locked: str) -> None:
    token = sign_in(locked).cookies["medgan_session"]
    for path in ("/login", "/media/0.png"):
        found = httpx.get(locked + path, cookies={"medgan_session": token})
        assert found.headers["cache-control"] == "no-store"


def test_pages_cannot_be_framed_or_guessed(locked: str) -> None:
    headers = httpx.get(f"{locked}/login").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["x-content-type-options"] == "nosniff"


def test_without_a_login_the_dashboard_answers_under_this_machines_names_alone(unlocked: str) -> None:
    """A website that lets its own name point to 127.0.0.1 asks in vain, and so does a proxy."""
    port = unlocked.rsplit(":")[-1]
    for name in ("localhost", "LOCALHOST", "127.0.0.1"):
        assert httpx.get(unlocked, headers={"Host": f"{name}:{port}"}).is_success
    assert status_of_websocket(unlocked) == 101
    assert [status_of_websocket(unlocked, Origin=origin) for origin in ELSEWHERE] == [403] * len(ELSEWHERE)
    for name in ("evil.org", "localhost.evil.org", "a`b.evil.org", '"localhost".evil.org', "evil.org:99999", "["):
        found = httpx.get(unlocked, headers={"Host": name})
        assert found.status_code == 403, name
        assert "localhost" in found.text
    assert httpx.get(unlocked, headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 403


@pytest.mark.parametrize("path", ["/_stcore/health", "/_stcore/host-config", "/media/0.png", "/"])
def test_pages_of_other_origins_get_nothing(unlocked: str, path: str) -> None:
    for origin in ELSEWHERE:
        found = httpx.get(unlocked + path, headers={"Origin": origin})
        assert (found.status_code, "another website" in found.text) == (403, True)
        assert "access-control-allow-origin" not in found.headers
    assert httpx.get(unlocked + path, headers={"Origin": unlocked}).status_code != 403


@pytest.mark.parametrize(("origin", "reaches"), [("http://evil.org", False), ("http://127.0.0.1:1", True)])
def test_streamlit_is_not_asked_about_other_origins(origin: str, reaches: bool) -> None:
    """To judge one, it would ask a server on the internet for this machine's address."""
    reached: list[str] = []

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])

    async def nothing(*_: object) -> Message:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"127.0.0.1:1"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": STREAM, "headers": headers}
    scope |= {"server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2)}
    asyncio.run(LoginGate(streamlit)(scope, nothing, nothing))
    assert reached == [STREAM] * reaches


def drawn(address: str, path: str) -> str:
    """All that the server draws of a page."""
    begin, said = BackMsg(), ""
    begin.rerun_script.page_name = path
    with connect(address.replace("http", "ws") + STREAM, subprotocols=["streamlit"], max_size=None) as socket:
        socket.send(begin.SerializeToString())
        while True:
            message = ForwardMsg.FromString(bytes(socket.recv()))
            ended = message.WhichOneof("type") == "script_finished"
            if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return said
            said += str(message.delta)


def test_no_page_is_drawn_without_the_gate(tmp_path: Path) -> None:
    with served(tmp_path, script="dashboard.py") as bare:
        for path in ("", "guide"):
            said = drawn(bare, path)
            assert "Start it with `make app`" in said
            assert said.count("new_element") == 1


def test_users_come_and_go_while_the_dashboard_runs(medgan_home: Path) -> None:
    with served(medgan_home) as address:
        assert httpx.get(address).is_success
        put_user(NAME, PASSWORD)
        put_user("bob", PASSWORD)
        assert httpx.get(address).status_code == 401, "the first user closes it"
        tokens = [sign_in(address, name).cookies["medgan_session"] for name in (NAME, "bob")]
        assert all(httpx.get(address, cookies={"medgan_session": token}).is_success for token in tokens)
        assert sign_in(address, NAME, "wrong horse battery").status_code == 401
        assert sign_in(address, "typed into the wrong field").status_code == 401
        own = {"Cookie": f"medgan_session={sign_in(address).cookies['medgan_session']}"}
        assert httpx.get(f"{address}/logout", headers=own).status_code == 303
        put_user(NAME, "another horse battery")
        remove_user("bob")
        for token in tokens:
            assert httpx.get(address, cookies={"medgan_session": token}).status_code == 401
        remove_user(NAME)
        assert users() == {}
        assert httpx.get(address).status_code == 401, "an empty file of users lets nobody in"
    log = (medgan_home / "server.log").read_text()
    for said in ("bob signed in from 127.0.0.1", "from 127.0.0.1 was refused, as ann", "ann signed out"):
        assert said in log
    assert "typed into the wrong field" not in log


@pytest.mark.parametrize("address", ["0.0.0.0", ""])
def test_it_refuses_to_start_beyond_this_machine(address: str) -> None:
    found = start("--server.address", address)
    assert found.returncode == 2
    (line,) = (line for line in found.stderr.splitlines() if line.startswith("medgan: "))
    assert "add a user with `python -m medgan users add NAME`" in line
    assert "Traceback" not in found.stderr


def test_it_refuses_to_start_with_users_that_others_may_read(
    medgan_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_user(NAME, PASSWORD)
    path = medgan_home / "workspace" / ".users.json"
    path.chmod(0o644)
    with pytest.raises(SystemExit, match="2"):
        check_start()
    assert capsys.readouterr().err == f"medgan: {path}: others may read the file of users; `chmod 600` it\n"
    path.chmod(0o600)
    path.write_text("{")
    with pytest.raises(SystemExit, match="2"):
        check_start()
    assert "is damaged" in capsys.readouterr().err


def start(*options: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A dashboard that ends by itself, and what it said; started in a folder."""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(free_port())]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_addresses_of_this_machine_alone(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", [None, "", "0.0.0.0", "::", "192.168.0.7", "localhost.evil.org", "127.0.0.1.evil.org"]
)
def test_addresses_that_others_reach(address: str | None) -> None:
    assert not is_loopback(address)
