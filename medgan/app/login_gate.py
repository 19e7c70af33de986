"""What every request passes before Streamlit sees it: pages, pictures, uploads and websockets alike."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable
from urllib.parse import quote, urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from medgan.app import login
from medgan.app.login_sessions import COOKIE, SESSIONS

HEALTH = "/_stcore/health"
"""Says no more than that the server runs; open to whoever supervises it."""
SIGN_IN = ("/login", "/logout")
ORGANISATION = ("/auth/login", "/auth/logout", "/oauth2callback")
CHECK_EVERY_S = 5.0
STANDS = "MEDGAN_GATE"
"""The variable that names the process before which a gate stands; not one of this module, which may be read anew."""
POLICY_VIOLATION = 1008
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}
NOT_HERE = (
    "medgan: without a login the dashboard answers on its own machine alone, as localhost or 127.0.0.1; "
    "see docs/security.md"
)
ANOTHER_SITE = (
    "medgan: another website asked, or a proxy that does not pass on the Host that the browser asked for; "
    "see docs/security.md"
)


class LoginGate:
    """ASGI middleware: lets nobody in who is not signed in, where people sign in; else nobody from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        os.environ[STANDS] = str(os.getpid())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        connection = HTTPConnection(scope)
        refusal = _refusal(connection)
        if scope["type"] == "websocket":
            if refusal:
                await receive()
                return await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return await self._app(scope, _Watched(connection, receive, send).receive, send)
        send = _with_headers(send)
        return await (refusal or self._app)(scope, receive, send)


def stands() -> bool:
    """Whether a gate stands before this process's server."""
    return os.environ.get(STANDS) == str(os.getpid())


def below_base(path: str) -> str:
    """A path of the dashboard's as the browser sees it: below server.baseUrlPath."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path


def _refusal(connection: HTTPConnection) -> Response | None:
    """The answer to a request that must not be let through; None for one that may."""
    way = login.way()
    if way == "none" and not _is_from_here(connection):
        return PlainTextResponse(NOT_HERE, status_code=403)
    if _is_from_another_site(connection):
        return PlainTextResponse(ANOTHER_SITE, status_code=403)
    open_paths = (HEALTH, *SIGN_IN, *(ORGANISATION if way == "organisation" else ()))
    path = connection.scope["path"]
    if way == "none" or path in map(below_base, open_paths) or SESSIONS.user_of(connection.cookies.get(COOKIE)):
        return None
    if connection.scope["type"] == "http" and "text/html" in connection.headers.get("accept", ""):
        target = quote(f"{path}?{connection.url.query}".rstrip("?"), safe="")
        return RedirectResponse(below_base(f"/login?next={target}"), status_code=303)
    return PlainTextResponse("medgan: sign in first", status_code=401)


def _is_from_here(connection: HTTPConnection) -> bool:
    """Whether a request came to this machine's own address, from this machine, and under a name of it.

    The name matters: a website may let its own name point to 127.0.0.1 and then ask the dashboard for images as if it
    were part of it (DNS rebinding). Who asks matters, too: a proxy may ask for others under any name.
    """
    local = connection.scope.get("server") or ("", None)
    if not login.is_loopback(local[0]):
        return False
    name = _asked_for(connection)
    if name in st.get_option("server.allowedHosts"):
        return True
    return login.is_loopback(name) and connection.client is not None and login.is_loopback(connection.client.host)


def _asked_for(connection: HTTPConnection) -> str | None:
    """The name in the Host header. Starlette's `url` has the server's own address where the header is malformed."""
    try:
        return urlsplit(f"//{connection.headers.get('host', '')}").hostname
    except ValueError:
        return None


def _is_from_another_site(connection: HTTPConnection) -> bool:
    """Whether a page of another origin sent the request, as far as the browser says.

    Streamlit lets websockets of every port of localhost in, and asks a server on the internet for this machine's
    address before it refuses the rest.
    """
    origin = connection.headers.get("origin")
    if origin is None or origin in st.get_option("server.corsAllowedOrigins"):
        return False
    return origin.partition("://")[2] != connection.headers.get("host")


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers


class _Watched:
    """A websocket's messages, until the session behind it ends: then the browser is sent to the sign-in page."""

    def __init__(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        self._token = connection.cookies.get(COOKIE)
        self._receive = receive
        self._send = send
        self._next: asyncio.Future[Message] | None = None

    async def receive(self) -> Message:
        """The next message; a disconnection when the session has ended."""
        while True:
            left_s = self._left_s()
            if left_s <= 0:
                return await self._close()
            self._next = self._next or asyncio.ensure_future(_awaited(self._receive()))
            done, _ = await asyncio.wait({self._next}, timeout=min(left_s, CHECK_EVERY_S))
            if done and self._left_s() > 0:
                message, self._next = self._next.result(), None
                if _is_use(message):
                    SESSIONS.touch(self._token)
                return message

    def _left_s(self) -> float:
        return SESSIONS.seconds_left(self._token) if login.way() != "none" else CHECK_EVERY_S

    async def _close(self) -> Message:
        if self._next:
            self._next.cancel()
        ending = ForwardMsg()
        ending.auth_redirect.url = below_base("/login")
        with contextlib.suppress(Exception):  # the browser may be gone
            await self._send({"type": "websocket.send", "bytes": ending.SerializeToString()})
            await self._send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}


async def _awaited(message: Awaitable[Message]) -> Message:
    return await message


def _is_use(message: Message) -> bool:
    """Whether a message comes from what a person did, and not from a page that draws itself anew."""
    if message["type"] != "websocket.receive" or not message.get("bytes"):
        return False
    try:
        sent = BackMsg.FromString(message["bytes"])
    except Exception:  # Streamlit refuses it
        return False
    return sent.WhichOneof("type") != "app_heartbeat" and not sent.rerun_script.is_auto_rerun
