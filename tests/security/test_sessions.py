"""Sessions end when nobody uses them; failed sign-ins are slowed down, and no others."""

import asyncio
import threading
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from medgan.app import login_gate, login_pages
from medgan.app.login_gate import LoginGate
from medgan.app.login_sessions import (
    COOKIE,
    FREE_BY_ADDRESS,
    FREE_BY_NAME,
    IDLE_S,
    LONGEST_S,
    LONGEST_WAIT_S,
    MOST_REMEMBERED,
    MOST_WAITING,
    WAITING_BY_ADDRESS,
    Attempts,
    Queue,
    Sessions,
)
from medgan.common.users import fits, put_user, users

from .conftest import NAME, PASSWORD


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_session_lasts_as_long_as_it_is_used_and_a_week_at_most(clock: Clock) -> None:
    sessions = Sessions(clock)
    token = sessions.begin(NAME, lambda: True)
    for _ in range(int(LONGEST_S / IDLE_S)):
        clock.now_s += IDLE_S - 1
        still = sessions.user_of(token)
        sessions.touch(token)
    assert clock.now_s > 1000 + LONGEST_S - 2 * IDLE_S
    assert still == NAME
    clock.now_s += IDLE_S - 1
    assert sessions.user_of(token) == ""
    sessions.touch(token)
    assert sessions.seconds_left(token) == 0, "what has ended cannot be used again"


def test_a_session_ends_unused_at_once_when_asked_and_when_it_no_longer_holds(clock: Clock) -> None:
    sessions, holds = Sessions(clock), [True]
    idle, left, revoked = (sessions.begin(name, lambda: holds[0]) for name in ("idle", "left", "revoked"))
    sessions.end(left)
    assert [sessions.user_of(token) for token in (idle, left, revoked)] == ["idle", "", "revoked"]
    holds[0] = False
    assert sessions.user_of(revoked) == ""
    holds[0] = True
    clock.now_s += IDLE_S
    assert sessions.user_of(idle) == ""
    assert sessions.user_of(None) == sessions.user_of("") == sessions.user_of("guessed") == ""


def test_failures_make_the_next_attempt_wait_and_nobody_elses(clock: Clock) -> None:
    attempts = Attempts(clock)
    waits = [attempts.begin(NAME, "10.0.0.1") for _ in range(FREE_BY_NAME + 1)]
    assert waits == [0] * FREE_BY_NAME + [2]
    assert attempts.begin("bob", "10.0.0.1") == 0
    assert attempts.begin(NAME, "10.0.0.2") == 0, "who fails elsewhere locks nobody out here"
    longest = 0.0
    for _ in range(20):
        wait_s = attempts.begin(NAME, "10.0.0.1")
        longest = max(longest, wait_s)
        clock.now_s += wait_s
    assert longest == LONGEST_WAIT_S
    clock.now_s += LONGEST_WAIT_S
    assert attempts.begin(NAME, "10.0.0.1") == 0
    attempts.succeeded(NAME, "10.0.0.1")
    assert [attempts.begin(NAME, "10.0.0.1") for _ in range(FREE_BY_NAME)] == [0] * FREE_BY_NAME


def test_many_names_from_one_address_are_slowed_down_too(clock: Clock) -> None:
    attempts = Attempts(clock)
    waits = [attempts.begin(f"name{number}", f"2001:db8::{number:x}") for number in range(FREE_BY_ADDRESS + 1)]
    assert waits == [0] * FREE_BY_ADDRESS + [2], "the addresses of one machine count as one"


def test_what_is_remembered_of_failures_is_bounded(clock: Clock) -> None:
    attempts = Attempts(clock)
    for number in range(MOST_REMEMBERED):
        attempts.begin(NAME, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(attempts._failed) == MOST_REMEMBERED


def test_a_flood_of_sign_ins_is_turned_away_and_keeps_out_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a few from one address do not wait for the slow hash, and others get in meanwhile."""
    put_user(NAME, PASSWORD)
    go_on = threading.Event()

    def slow(name: str, _: str) -> bool:
        go_on.wait()
        return name == NAME

    monkeypatch.setattr(login_pages, "fits", slow)
    monkeypatch.setattr(login_pages, "ATTEMPTS", Attempts())
    monkeypatch.setattr(login_pages, "QUEUE", Queue())
    pages = Starlette(routes=login_pages.routes())
    more = 5

    async def sign_in(name: str, address: str) -> int:
        transport = httpx.ASGITransport(pages, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.post("/login", data={"name": name, "password": PASSWORD})).status_code

    async def flood() -> tuple[list[int], list[int], int]:
        left = {asyncio.create_task(sign_in(f"eve{number}", "10.0.0.1")) for number in range(WAITING_BY_ADDRESS + more)}
        refused: set[asyncio.Task[int]] = set()
        try:
            while len(refused) < more:
                done, left = await asyncio.wait(left, timeout=30, return_when=asyncio.FIRST_COMPLETED)
                assert done, "nobody is turned away"
                refused |= done
            other = asyncio.create_task(sign_in(NAME, "10.0.0.2"))
        finally:
            go_on.set()
        return [one.result() for one in refused], await asyncio.gather(*left), await other

    assert asyncio.run(flood()) == ([503] * more, [401] * WAITING_BY_ADDRESS, 303)


def test_a_queue_is_full_for_an_address_and_for_all() -> None:
    queue = Queue()

    async def wait(count: int) -> list[bool]:
        async with AsyncExitStack() as held:
            await held.enter_async_context(queue.turn("10.0.0.0"))
            waiting = [asyncio.create_task(held_shortly(f"10.0.{number % 10}.1")) for number in range(count)]
            await asyncio.sleep(0)
            full = [queue.is_full("10.0.0.0"), queue.is_full("10.0.0.1"), queue.is_full("10.9.9.9")]
        await asyncio.gather(*waiting)
        return full

    async def held_shortly(address: str) -> None:
        async with queue.turn(address):
            pass

    assert asyncio.run(wait(5)) == [False, False, False]
    assert asyncio.run(wait(MOST_WAITING - 1)) == [True, True, True]
    assert asyncio.run(wait(0)) == [False, False, False], "who had their turn wait no longer"


def test_passwords_are_kept_as_hashes_that_their_owner_alone_may_read() -> None:
    put_user(NAME, PASSWORD)
    stored = users()[NAME]
    assert stored.startswith("scrypt:32768:8:3:")
    assert PASSWORD not in stored
    assert fits(NAME, PASSWORD)
    assert not fits(NAME, PASSWORD + "x")
    assert not fits("nobody", PASSWORD)
    put_user("eve", "caf\u00e9 au lait, cold")
    assert fits("eve", "cafe\u0301 au lait, cold"), "as another keyboard writes it"
    put_user(NAME, PASSWORD)
    assert users()[NAME] != stored, "each has a salt of its own"


@dataclass
class Socket:
    """A browser's end of a websocket: sends what it is told to, then waits; keeps what it was sent."""

    messages: list[bytes]
    sent: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        if not self.messages:
            await asyncio.Event().wait()
        return {"type": "websocket.receive", "bytes": self.messages.pop(0)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(("of_itself", "ends"), [(True, True), (False, False)])
def test_a_page_that_nobody_uses_gives_way_to_the_sign_in_page(
    of_itself: bool, ends: bool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the page asks for by itself, every second, is no use of it."""
    put_user(NAME, PASSWORD)
    sessions = Sessions(clock)
    monkeypatch.setattr(login_gate, "SESSIONS", sessions)
    monkeypatch.setattr(login_gate, "CHECK_EVERY_S", 0.01)
    token = sessions.begin(NAME, lambda: True)
    asked = BackMsg()
    asked.rerun_script.is_auto_rerun = of_itself
    socket = Socket([asked.SerializeToString()] * 2)
    got: list[str] = []

    async def streamlit(scope: object, receive: object, send: object) -> None:
        for _ in range(3):
            clock.now_s += IDLE_S * 0.4
            got.append((await receive())["type"])  # type: ignore[operator]
            if len(got) == 2 and not ends:
                return

    headers = [(b"cookie", f"{COOKIE}={token}".encode())]
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers}
    asyncio.run(LoginGate(streamlit)(scope, socket.receive, socket.send))
    if not ends:
        assert got == ["websocket.receive"] * 2
        assert sessions.seconds_left(token) == IDLE_S
        return
    assert got == ["websocket.receive", "websocket.receive", "websocket.disconnect"]
    redirect, closed = socket.sent
    assert ForwardMsg.FromString(redirect["bytes"]).auth_redirect.url == "/login"
    assert closed == {"type": "websocket.close", "code": 1008}


def test_what_is_sent_after_the_session_ended_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    put_user(NAME, PASSWORD)
    sessions = Sessions()
    monkeypatch.setattr(login_gate, "SESSIONS", sessions)
    token = sessions.begin(NAME, lambda: True)
    got: list[str] = []

    async def sent_late() -> Message:
        sessions.end(token)
        return {"type": "websocket.receive", "bytes": BackMsg().SerializeToString()}

    async def streamlit(scope: object, receive: object, send: object) -> None:
        got.append((await receive())["type"])  # type: ignore[operator]

    headers = [(b"cookie", f"{COOKIE}={token}".encode())]
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers}
    asyncio.run(LoginGate(streamlit)(scope, sent_late, Socket([]).send))
    assert got == ["websocket.disconnect"]
