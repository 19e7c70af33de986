"""Who is signed in, and who tried in vain: kept in the server's memory, so that a restart signs everybody out."""

import hashlib
import ipaddress
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

Clock = Callable[[], float]

COOKIE = "medgan_session"
IDLE_S = 4 * 3600.0
"""A session ends when its dashboard was not used for so long; what a page draws by itself is no use of it."""
LONGEST_S = 7 * 24 * 3600.0
MOST_SESSIONS = 10_000

FREE_BY_NAME = 5
"""Attempts with one name from one address before they are slowed down."""
FREE_BY_ADDRESS = 50
"""The same for all names from an address, which a whole hospital may share."""
LONGEST_WAIT_S = 60.0
FORGET_S = 900.0
MOST_REMEMBERED = 10_000

WAITING_BY_ADDRESS = 8
MOST_WAITING = 64
"""Sign-ins whose passwords are checked or wait for it."""


@dataclass
class Session:
    user: str
    holds: Callable[[], bool]
    """Whether what let the user in still does: a user was removed, or has another password."""
    began_s: float
    used_s: float


class Sessions:
    """Sessions by the SHA-256 of their token, which the browser alone has."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Session] = OrderedDict()

    def begin(self, user: str, holds: Callable[[], bool]) -> str:
        """Open a session; returns its token, for the browser's cookie."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        for key in [key for key, session in self._open.items() if self._left(session) <= 0]:
            del self._open[key]
        while len(self._open) >= MOST_SESSIONS:
            self._open.popitem(last=False)
        self._open[_digest(token)] = Session(user, holds, now, now)
        return token

    def end(self, token: str) -> None:
        self._open.pop(_digest(token), None)

    def user_of(self, token: str | None) -> str:
        """Who is signed in with a token; "" for nobody."""
        session = self._open.get(_digest(token)) if token else None
        return session.user if session and self._left(session) > 0 else ""

    def seconds_left(self, token: str | None) -> float:
        """Until the session ends if nobody uses it; 0 where it has ended."""
        session = self._open.get(_digest(token)) if token else None
        return max(0.0, self._left(session)) if session else 0.0

    def touch(self, token: str | None) -> None:
        """Note that somebody used the dashboard."""
        if self.user_of(token):
            self._open[_digest(str(token))].used_s = self._clock()

    def _left(self, session: Session) -> float:
        if not session.holds():
            return 0.0
        return min(session.used_s + IDLE_S, session.began_s + LONGEST_S) - self._clock()


class Attempts:
    """Sign-ins that failed, by name and address: after a few, the next has to wait, longer each time, a minute at most.

    Nobody is locked out by others: a wait holds for the address that made the attempts.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()

    def begin(self, name: str, address: str) -> float:
        """Seconds to wait before an attempt; 0 where it may be made now. It then counts as failed until `succeeded`."""
        limits = {(_network(address), name): FREE_BY_NAME, (_network(address),): FREE_BY_ADDRESS}
        wait_s = max(self._wait_s(key, free) for key, free in limits.items())
        if wait_s <= 0:
            for key in limits:
                self._failed[key] = (self._count(key) + 1, self._clock())
                self._failed.move_to_end(key)
            while len(self._failed) > MOST_REMEMBERED:
                self._failed.popitem(last=False)
        return wait_s

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name from an address, and this attempt of the address's."""
        self._failed.pop((_network(address), name), None)
        if count := self._count((_network(address),)):
            self._failed[(_network(address),)] = (count - 1, self._clock())

    def _wait_s(self, key: tuple[str, ...], free: int) -> float:
        over = self._count(key) - free
        if over < 0:
            return 0.0
        return self._failed[key][1] + min(LONGEST_WAIT_S, 2.0 ** min(over + 1, 10)) - self._clock()

    def _count(self, key: tuple[str, ...]) -> int:
        count, last_s = self._failed.get(key, (0, 0.0))
        return count if self._clock() - last_s < FORGET_S else 0


class Queue:
    """Sign-ins that wait for the check of their password, which takes much memory by design: one at a time.

    A few wait from one address and more in all; who comes then is turned away, so that a flood takes no memory, and
    one from a single address keeps nobody else out.
    """

    def __init__(self) -> None:
        self._turn = anyio.Lock()
        self._waiting: Counter[str] = Counter()

    def is_full(self, address: str) -> bool:
        return self._waiting[_network(address)] >= WAITING_BY_ADDRESS or self._waiting.total() >= MOST_WAITING

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait for the turn of a sign-in from an address, and hold it."""
        network = _network(address)
        self._waiting[network] += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting[network] -= 1
            self._waiting += Counter()  # forgets those of whom none waits


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _network(address: str) -> str:
    """The address; for IPv6 its /64, of which a single machine has every address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


SESSIONS = Sessions()
ATTEMPTS = Attempts()
QUEUE = Queue()
