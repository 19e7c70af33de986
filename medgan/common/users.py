"""Who may sign in to the dashboard with a password: names and hashes, in a file that only its owner may read."""

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock

from medgan.common.artefact import atomic_path
from medgan.common.errors import BadInput
from medgan.common.home import users_file

SHORTEST = 12
"""Characters of a password, at least."""
LONGEST = 1024
SALT_BYTES = 16
MOST_WORK = 2**22
"""n times r times p of a hash: five times ours, and 512 MiB at most."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")


@dataclass(frozen=True)
class Cost:
    """What a hash costs: scrypt's n (work), r (block size) and p (passes); 128 n r bytes of memory (RFC 7914)."""

    n: int = 2**15
    r: int = 8
    p: int = 3

    def __post_init__(self) -> None:
        """Raises ValueError for what scrypt cannot be asked, or what would take minutes."""
        if min(self.n - 1, self.r, self.p) < 1 or self.n * self.r * self.p > MOST_WORK:
            raise ValueError(f"too little or too much: {self}")
        if self.n.bit_count() > 1 or self.n.bit_length() > 16 * self.r:
            raise ValueError(f"not a cost of scrypt's: {self}")

    def hash(self, password: str, salt: bytes) -> bytes:
        memory = 128 * self.r * (self.n + self.p + 2)
        typed = unicodedata.normalize("NFKC", password).encode()  # keyboards write é as one character or as two
        return hashlib.scrypt(typed, salt=salt, n=self.n, r=self.r, p=self.p, maxmem=memory, dklen=32)


COST = Cost()
"""32 MiB; one of the settings that OWASP recommends as equal in strength. Each hash stores its own."""


def users() -> dict[str, str]:
    """Names and the hashes of their passwords; none where there is no file.

    Raises BadInput where the file is damaged or others than its owner may read it.
    """
    path = users_file()
    damaged = BadInput(f"{path}: the file of users is damaged; delete it and add the users anew")
    try:
        with open(path, encoding="utf-8") as stream:
            others_may = os.fstat(stream.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            found = json.load(stream)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"{path}: the file of users cannot be read ({error.strerror})") from None
    except ValueError:
        raise damaged from None
    if others_may and os.name == "posix":
        raise BadInput(f"{path}: others may read the file of users; `chmod 600` it")
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise damaged
    return found


def checked_user(name: str) -> str:
    """The name itself where a user may have it; raises BadInput otherwise."""
    if not NAME.fullmatch(name):
        raise BadInput(f"user {name!r:.100}: use 1 to 80 letters, digits, '.', '_', '@', '+' or '-'")
    return name


def put_user(name: str, password: str) -> bool:
    """Add a user, or give one another password; whether the user is new.

    Raises BadInput for a name or a password that cannot be used.
    """
    checked_user(name)
    if not (SHORTEST <= len(password) <= LONGEST and password.isprintable()):
        raise BadInput(f"a password has {SHORTEST} to {LONGEST} printable characters; a few words make a good one")
    salt = secrets.token_bytes(SALT_BYTES)
    stored = _written(COST, salt, COST.hash(password, salt))
    with _changing() as known:
        new = name not in known
        known[name] = stored
    return new


def remove_user(name: str) -> None:
    """Take a user off the list; raises BadInput where there is none of that name."""
    with _changing() as known:
        if known.pop(name, None) is None:
            raise BadInput(f"user {name!r:.100}: there is none; `users list` shows who there is")


def fits(name: str, password: str) -> bool:
    """Whether the password is the user's; it takes as long for a name that there is not."""
    stored = users().get(name)
    cost, salt, right = _parts(stored) if stored else (COST, bytes(SALT_BYTES), b"")
    return hmac.compare_digest(cost.hash(password[:LONGEST], salt), right)


@contextmanager
def _changing() -> Iterator[dict[str, str]]:
    """Lend the users for changes, to one process at a time; written when the changes are made without an error."""
    path = users_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock")):
            known = users()
            yield known
            with atomic_path(path) as temporary:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with open(descriptor, "w", encoding="utf-8") as stream:
                    json.dump(known, stream, indent=2, sort_keys=True)
    except OSError as error:
        raise BadInput(f"{path}: the file of users cannot be written ({error.strerror})") from None


def _written(cost: Cost, salt: bytes, hashed: bytes) -> str:
    return f"scrypt:{cost.n}:{cost.r}:{cost.p}:{salt.hex()}:{hashed.hex()}"


def _parts(stored: str) -> tuple[Cost, bytes, bytes]:
    try:
        method, n, r, p, salt, hashed = stored.split(":")
        if method != "scrypt":
            raise ValueError(method)
        return Cost(int(n), int(r), int(p)), bytes.fromhex(salt), bytes.fromhex(hashed)
    except ValueError:
        raise BadInput(f"{users_file()}: the file of users is damaged; delete it and add the users anew") from None
