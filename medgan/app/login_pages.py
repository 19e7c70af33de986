"""The pages for signing in and out: plain HTML, without scripts, that needs nothing else of the dashboard."""

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit.logger import get_logger

from medgan.app import login, login_oidc
from medgan.app.login_gate import below_base
from medgan.app.login_sessions import ATTEMPTS, COOKIE, QUEUE, SESSIONS
from medgan.common.errors import BadInput
from medgan.common.users import fits, users

LOG = get_logger(__name__)
LARGEST_FORM = 8 * 1024
"""Bytes of a filled form."""
WRONG = "Name or password is wrong."
BUSY = "Too many people are signing in at this moment. Try again in a few seconds."
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in · medgan</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; --accent: light-dark(#1f5f7a, #6db5d1); --line: light-dark(#65727c, #8a98a3) }}
body {{ font: 1rem/1.5 "Source Sans", system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
  place-items: center; color: light-dark(#10171d, #e6eaed); background: light-dark(#f2f5f7, #14181c) }}
main {{ box-sizing: border-box; width: min(24rem, 100vw); padding: 2rem; border-radius: .4rem;
  background: light-dark(#fff, #1e242a) }}
h1 {{ margin: 0 0 1rem; font-size: 1.5rem }}
label {{ display: block; margin-top: 1rem; font-weight: 600 }}
input, button, .button {{ box-sizing: border-box; width: 100%; padding: .5rem .75rem; font: inherit;
  border-radius: .4rem; border: 1px solid var(--line) }}
input {{ color: inherit; background: light-dark(#fff, #14181c) }}
button, .button {{ display: block; margin-top: 1.5rem; text-align: center; text-decoration: none; cursor: pointer;
  font-weight: 600; border-color: var(--accent); background: var(--accent); color: light-dark(#fff, #10171d) }}
:focus-visible {{ outline: 3px solid var(--accent); outline-offset: 2px }}
[role=alert] {{ margin: 0; color: light-dark(#a31621, #ff9c96) }}
</style>
</head>
<body><main><h1>Sign in to medgan</h1>{alert}{body}</main></body>
</html>"""

FORM = """<form method="post" action="{action}">
<input type="hidden" name="next" value="{target}">
<label for="name">Name</label>
<input id="name" name="name" value="{name}" autocomplete="username" autocapitalize="none" required {focus_first}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required {focus_second}>
<button type="submit">Sign in</button>
</form>"""


def routes() -> list[Route]:
    """Where people sign in and out."""
    return [
        Route(below_base("/login"), _ask, methods=["GET"]),
        Route(below_base("/login"), _sign_in, methods=["POST"]),
        Route(below_base("/logout"), _sign_out, methods=["GET"]),
    ]


async def _ask(request: Request) -> Response:
    target = _local(request.query_params.get("next", ""))
    way = login.way()
    if way == "none" or SESSIONS.user_of(request.cookies.get(COOKIE)):
        return RedirectResponse(target, status_code=303)
    return _ask_organisation(request, target) if way == "organisation" else _form(target)


def _ask_organisation(request: Request, target: str) -> Response:
    """Open a session for who just came back from the organisation's sign-in; else the link that leads there."""
    address, allowed = login_oidc.account(request)
    if allowed:
        login_oidc.use(request)
        return _signed_in(request, address, target, lambda: login.may_use(address))
    if address:
        LOG.warning("medgan: a sign-in from %s was refused, as %s", _address(request), address)
    alert = f"{address} may not use this dashboard. Ask whoever runs it." if address else ""
    again = "Sign in with another account" if address else "Sign in with your organisation"
    link = below_base(f"/{login_oidc.link()}")
    return _page(f'<a class="button" href="{escape(link)}">{again}</a>', alert, 403 if address else 200)


async def _sign_in(request: Request) -> Response:
    """Check name and password, in the same time and with the same words whichever of them is wrong."""
    if login.way() != "password":
        return PlainTextResponse("medgan: sign in on the dashboard's own page", status_code=403)
    filled = await _filled(request)
    name, password, target = (filled.get(field, "") for field in ("name", "password", "next"))
    target, address = _local(target), _address(request)
    if QUEUE.is_full(address):
        return _form(target, BUSY, 503, name)
    if (wait_s := ATTEMPTS.begin(name, address)) > 0:
        alert = f"Too many attempts. Wait {wait_s + 1:.0f} seconds, then try again."
        return _form(target, alert, 429, name)
    try:
        stored = users().get(name)
        async with QUEUE.turn(address):
            right = await run_in_threadpool(fits, name, password)
    except BadInput as error:
        LOG.error("%s", error)
        return _form(target, "The list of users cannot be read. Ask whoever runs this dashboard.", 500, name)
    if not right:
        # A name that nobody has may be a password, typed into the wrong field.
        LOG.warning("medgan: a sign-in from %s was refused%s", address, f", as {name}" if stored else "")
        return _form(target, WRONG, 401, name)
    ATTEMPTS.succeeded(name, address)
    return _signed_in(request, name, target, lambda: login.has_password(name, stored))


async def _sign_out(request: Request) -> Response:
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        return PlainTextResponse("medgan: sign out in the dashboard itself", status_code=403)
    token = request.cookies.get(COOKIE, "")
    if user := SESSIONS.user_of(token):
        LOG.info("medgan: %s signed out", user)
    SESSIONS.end(token)
    after = "/auth/logout" if login.way() == "organisation" else "/login"
    answer = RedirectResponse(below_base(after), status_code=303)
    answer.delete_cookie(COOKIE, path=below_base("/"))
    return answer


def _signed_in(request: Request, user: str, target: str, holds: Callable[[], bool]) -> Response:
    answer = RedirectResponse(target, status_code=303)
    secure = request.url.scheme == "https"
    SESSIONS.end(request.cookies.get(COOKIE, ""))  # of who signs in anew, or as somebody else
    token = SESSIONS.begin(user, holds)
    LOG.info("medgan: %s signed in from %s", user, _address(request))
    answer.set_cookie(COOKIE, token, path=below_base("/"), httponly=True, samesite="lax", secure=secure)
    return answer


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _filled(request: Request) -> dict[str, str]:
    """The fields of a form; none where it is larger than a form of ours can be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _form(target: str, alert: str = "", status: int = 200, name: str = "") -> Response:
    focus = {"focus_first": "" if name else "autofocus", "focus_second": "autofocus" if name else ""}
    action = escape(below_base("/login"))
    return _page(FORM.format(action=action, target=escape(target), name=escape(name), **focus), alert, status)


def _page(body: str, alert: str, status: int) -> Response:
    told = f'<p role="alert">{escape(alert)}</p>' if alert else ""
    return HTMLResponse(PAGE.format(alert=told, body=body), status_code=status, headers=HEADERS)


def _local(target: str) -> str:
    """The page to go to after signing in; the first one for an address that leads elsewhere."""
    leads_away = not target.startswith("/") or target.startswith("//") or "\\" in target
    return below_base("/") if leads_away or not target.isprintable() else target
